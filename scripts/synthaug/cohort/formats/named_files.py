"""Images and masks of any names and folders, by patterns of their paths in which fields stand for what a name says."""

import re
from collections import defaultdict
from pathlib import Path

from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError

FIELDS = ("class", "patient", "image")
PART = re.compile(r"\{(\w+)\}|(\*)")


def recognised(source: Source) -> bool:
    """Return whether patterns are given."""
    return bool(source.options.image)


def read(source: Source) -> Found:
    """Return a row for each mask; images without one have a row of no class.

    The patterns, ``image`` and ``mask`` of the options, are of paths below the folder, such as ``{class}/{image}.png``
    and ``{class}/{image}_mask*.png``; ``*`` is any text. A file that has the pattern of a mask is no image.

    Raises
    ------
    InputError
        If a pattern has other fields or lacks {class} or {image}, or there are no such images or masks.
    """
    options = source.options
    if not options.image or not options.mask:
        raise InputError(
            "FORMAT=names: expected IMAGE= and MASK=, patterns such as '{class}/{image}.png' and "
            "'{class}/{image}_mask*.png', found none; give both"
        )
    shared = _shared(options.image, options.mask, options.only_class)
    masks = defaultdict(list)
    for path, fields in _matching(source, options.mask):
        masks[tuple(fields.get(name) for name in shared)].append(path)
    of_masks = {path for paths in masks.values() for path in paths}
    images = [(path, fields) for path, fields in _matching(source, options.image) if path not in of_masks]
    if not images:
        raise InputError(f"{options.image}: expected images in {source.root}, found none; check the pattern")
    found, without = Found(), []
    for path, fields in images:
        of_image = masks[tuple(fields.get(name) for name in shared)]
        patient = fields.get("patient", "")
        found.rows += [Row(path, fields.get("class", options.only_class), mask, patient=patient) for mask in of_image]
        if not of_image:
            found.rows.append(Row(path, patient=patient))
            without.append(source.inner(path))
    if len(without) == len(images):
        raise InputError(
            f"{options.mask}: expected a mask of some images, found none of {len(without)}, such as {without[0]}; "
            "correct the pattern"
        )
    found.note(without, "images have no mask: nothing is on them")
    return found


def _shared(image: str, mask: str, only_class: str) -> list[str]:
    """Return the fields that both patterns have, by which a mask is that of an image."""
    found = {pattern: [name for name, _ in PART.findall(pattern) if name] for pattern in (image, mask)}
    for pattern, names in found.items():
        if unknown := [name for name in names if name not in FIELDS]:
            raise InputError(
                f"{pattern}: expected {{class}}, {{patient}} and {{image}}, found {{{unknown[0]}}}; correct it"
            )
    if "class" not in found[image] and not only_class:
        raise InputError(f"{image}: expected {{class}} where its name stands, found none; add it, or give CLASS=")
    if "image" not in found[image]:
        raise InputError(f"{image}: expected {{image}} where its name stands, found none; add it")
    return [name for name in FIELDS if name in found[image] and name in found[mask]]


def _matching(source: Source, pattern: str) -> list[tuple[Path, dict[str, str]]]:
    """Return the paths that have a pattern, in order, each with its fields."""
    seen, expression, end = set(), "", 0
    for part in PART.finditer(pattern):
        expression += re.escape(pattern[end : part.start()])
        name = part[1]
        expression += "[^/]*" if name is None else f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+?)"
        seen.add(name)
        end = part.end()
    whole = re.compile(expression + re.escape(pattern[end:]))
    found = [(path, whole.fullmatch(source.inner(path))) for path in source.paths]
    return [(path, match.groupdict()) for path, match in found if match]
