"""A case table from the names of files, where folders and names say which class and patient an image is of."""

import os
import re
from collections import defaultdict
from pathlib import Path, PurePosixPath

import pandas as pd

from synthaug.errors import InputError

FIELDS = ("class", "patient", "lesion")
PART = re.compile(r"\{(\w+)\}|(\*)")
NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]+")
COLUMNS = ["lesion", "patient", "class", "image", "mask"]


def table(image: str, mask: str, folder: Path, *, only_class: str = "", without_mask: bool = False) -> pd.DataFrame:
    """Return a row for each lesion whose image and mask have names of these patterns.

    Parameters
    ----------
    image, mask
        Paths with {class}, {patient} and {lesion} where a name stands, such as ``set/{class}/{lesion}.png`` and
        ``set/{class}/{lesion}_mask*.png``; ``*`` is any text. A file that has the pattern of a mask is no image.
        Several masks of an image are lesions of their own.
    folder
        Where the table will lie; its paths are relative to it.
    only_class
        The class of all lesions, where there is one; then {class} needs not stand in the patterns.
    without_mask
        Whether images without a mask are slices without lesion: rows of no class and mask. They are refused otherwise.

    Returns
    -------
    DataFrame with `COLUMNS`, by class and lesion. Ids have "_" for whatever ids must not have. Without {patient}, each
    image is a patient of its own.

    Raises
    ------
    InputError
        If a pattern has other fields or lacks {class} or {lesion}, there are no such images, images lack masks, all of
        them do, or two names would give the same id.
    """
    fields = _fields(image, mask, only_class)
    masks = defaultdict(list)
    for path, found in _matching(mask):
        masks[tuple(found.get(name) for name in fields)].append(path)
    of_masks = {path for paths in masks.values() for path in paths}
    images = [(path, found) for path, found in _matching(image) if path not in of_masks]
    if not images:
        raise InputError(f"{image}: expected images, found none; check the pattern, or where you are")
    without = [path for path, found in images if not masks[tuple(found.get(name) for name in fields)]]
    if without and not (without_mask and len(without) < len(images)):
        raise InputError(
            f"{mask}: expected a mask of each image, found none of {len(without)}, such as {without[0]}; correct the "
            "pattern, move these images elsewhere, or give --without-mask empty if nothing is there"
        )
    rows = [
        (found, path, one, number if len(each) > 1 else None)
        for path, found in images
        for each in [masks[tuple(found.get(name) for name in fields)] or [""]]
        for number, one in enumerate(each, start=1)
    ]
    return _with_ids(rows, folder, only_class)


def _fields(image: str, mask: str, only_class: str) -> list[str]:
    """Return the fields that both patterns have, by which a mask is that of an image."""
    found = {pattern: [name for name, _ in PART.findall(pattern) if name] for pattern in (image, mask)}
    for pattern, names in found.items():
        if unknown := [name for name in names if name not in FIELDS]:
            raise InputError(
                f"{pattern}: expected {{class}}, {{patient}} and {{lesion}}, found {{{unknown[0]}}}; correct it"
            )
    if "class" not in found[image] and not only_class:
        raise InputError(
            f"{image}: expected {{class}} where its name stands, found none; add it, or give --class of all lesions"
        )
    if "lesion" not in found[image]:
        raise InputError(f"{image}: expected {{lesion}} where its name stands, found none; add it")
    return [name for name in FIELDS if name in found[image] and name in found[mask]]


def _matching(pattern: str) -> list[tuple[str, dict[str, str]]]:
    """Return the paths that have a pattern, in order, each with its fields."""
    seen, expression, end = set(), "", 0
    for part in PART.finditer(pattern):
        expression += re.escape(pattern[end : part.start()])
        name = part[1]
        expression += "[^/]*" if name is None else f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+?)"
        seen.add(name)
        end = part.end()
    whole = re.compile(expression + re.escape(pattern[end:]))
    fixed = PurePosixPath(pattern).parts[:-1]
    root = Path(*fixed[: next((n for n, part in enumerate(fixed) if PART.search(part)), len(fixed))])
    paths = sorted(path.as_posix() for path in root.rglob("*"))
    return [(path, match.groupdict()) for path in paths if (match := whole.fullmatch(path))]


def _with_ids(rows: list[tuple[dict[str, str], str, str, int | None]], folder: Path, only_class: str) -> pd.DataFrame:
    """Return the table of (fields, image, mask, which of several masks)."""
    named = [found["lesion"] for found, *_ in rows]
    images = {(found.get("class"), found["lesion"]) for found, *_ in rows}
    by_class = len(images) > len(set(named))  # the same names in the folders of several classes
    owned = {(found.get("class"), found["lesion"], found.get("patient")) for found, *_ in rows}
    by_patient = len(owned) > len(images)  # numbers of a patient's own images
    table, owners = [], {}
    for found, image, mask, number in rows:
        before = [found.get("class", "")] * by_class + [found.get("patient", "")] * by_patient
        of_image = _id("_".join([*before, found["lesion"]]))
        lesion = of_image if number is None else f"{of_image}-{number}"
        patient = _id(found["patient"]) if "patient" in found else of_image
        for kind, name, source in [
            ("lesion", lesion, mask or image),
            ("patient", patient, found.get("patient", image)),
        ]:
            if owners.setdefault((kind, name), source) != source:
                raise InputError(
                    f"{kind} {name}: expected an id for one {kind}, found it for {owners[kind, name]} and {source}; "
                    "rename one"
                )
        paths = [path and os.path.relpath(path, folder) for path in (image, mask)]
        table.append((lesion, patient, found.get("class", only_class) if mask else "", *paths))
    return pd.DataFrame(table, columns=COLUMNS).sort_values(["class", "lesion"], ignore_index=True)


def _id(name: str) -> str:
    return NOT_IN_IDS.sub("_", name).strip("_") or "_"
