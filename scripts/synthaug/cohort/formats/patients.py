"""Whose an image is, by a rule that the user gives.

It is never guessed: images of one patient must not lie in both training and test.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from synthaug.cohort.formats import patient_names
from synthaug.cohort.formats.found import Found, Row
from synthaug.errors import InputError

EACH_IMAGE = "image"
HOW = (
    "give PATIENTS='regular expression' that finds the patient in a file's path, such as PATIENTS='(P[0-9]+)_', or "
    "PATIENTS=image if each image is of another patient"
)


def said(rule: str) -> str:
    """Return in words by which rule, as `assigned` takes it, the patients of a table were found."""
    if rule == EACH_IMAGE:
        return "one an image, as PATIENTS=image said"
    return f"what PATIENTS='{rule}' finds in the images' paths" if rule else "as the format says"


def assigned(found: Found, rule: str, name: Callable[[Row], str]) -> list[Row]:
    """Return the rows, each with its patient.

    Parameters
    ----------
    rule
        ``image``: each image is of a patient of its own. A regular expression: what its first group, or all of it,
        finds in the image's path. "": as the format says.
    name
        Returns the path of a row's image, as seen from the folder that the user gave.

    Raises
    ------
    InputError
        If there is no rule and the format does not say it, or the rule is no expression or finds nothing in a path.
    """
    if not rule:
        if any(not row.patient for row in found.rows):
            raise without_rule([name(row) for row in found.rows], {row.cls for row in found.rows})
        return found.rows
    if rule == EACH_IMAGE:
        if known := _hint(found, name):
            found.notes.append(f"names look as if they held a patient's id: {known.said()}")
        return [replace(row, patient=name(row)) for row in found.rows]
    try:
        pattern = re.compile(rule)
    except re.error as error:
        raise InputError(f"PATIENTS: expected a regular expression, found {rule!r}: {error}; correct it") from error
    matches = [(row, pattern.search(name(row))) for row in found.rows]
    texts = [(match[1] if pattern.groups else match[0]) if match else None for _, match in matches]
    if lacking := [name(row) for (row, _), text in zip(matches, texts, strict=True) if not text]:
        raise InputError(
            f"PATIENTS: expected {rule!r} to find a patient in each path, found none in {lacking[0]} ({len(lacking)} "
            "of them); correct it"
        )
    return [replace(row, patient=text) for (row, _), text in zip(matches, texts, strict=True)]


def without_rule(names: Sequence[str], classes: Collection[str] = ()) -> InputError:
    """Return the error where a format does not say whose the images are, by their paths, and there is no rule."""
    known = patient_names.hint(list(dict.fromkeys(names)), classes)
    looks = f". Names look as if they said it: {known.said()}" if known else ""
    return InputError(f"patients: expected a rule for whose each image is, found none ({names[0]}); {HOW}{looks}")


def _hint(found: Found, name: Callable[[Row], str]) -> patient_names.Hint | None:
    return patient_names.hint(list(dict.fromkeys(map(name, found.rows))), {row.cls for row in found.rows})
