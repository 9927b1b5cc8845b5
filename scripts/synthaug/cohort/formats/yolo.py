"""YOLO: a text file for each image, with a class by its number and a box or polygon in fractions of the image."""

import re
from pathlib import Path

import numpy as np
import yaml

from synthaug.cohort.formats import shapes
from synthaug.cohort.formats.found import Found, Row, is_drawn
from synthaug.cohort.formats.source import Source, size, stem
from synthaug.errors import InputError

LINE = re.compile(r"\s*\d+(\s+-?[\d.]+(e-?\d+)?){4,}\s*", re.IGNORECASE)
NAMES = ("classes.txt", "obj.names", "_darknet.labels", "data.names")
BOX = 4  # numbers: centre, width and height


def recognised(source: Source) -> bool:
    """Return whether text files beside images, or in ``labels`` beside ``images``, hold such lines."""
    return source.file is None and any(_lines(path) for path in _labels(source).values())


def read(source: Source) -> Found:
    """Return a row for each line; images whose file is empty or not there have one of no class.

    Names of classes are those given, or of data.yaml or classes.txt; without any, a class is called ``class0`` and so
    on.

    Raises
    ------
    InputError
        If a line is no such one, or its class has no name where others have.
    """
    labels, names = _labels(source), _names(source)
    found, without, flat = Found(), [], []
    for image in source.images:
        path = labels.get(image)
        if path is None:
            without.append(source.inner(image))
        rows = []
        for number, line in _text(path) if path else []:
            with found.each():
                rows.append(_row(path, number, line, image, names))
        flat += [row for row in rows if not is_drawn(row)]
        found.rows += [row for row in rows if is_drawn(row)] if rows else [Row(image)]
    found.note(without, "images have no text file: nothing is on them")
    found.note([row.image.name for row in flat], "boxes without an area in their image were left out")
    if not names:
        found.notes.append("classes have no names here (data.yaml, classes.txt): give NAMES='first,second'")
    return found


def _labels(source: Source) -> dict[Path, Path]:
    """Return the text file of each image that has one."""
    texts = {path for path in source.files(".txt") if path.name not in NAMES}
    found = {}
    for image in source.images:
        beside = image.with_name(f"{stem(image)}.txt")
        parts = list(image.relative_to(source.root).parts)
        for place in reversed([at for at, part in enumerate(parts[:-1]) if part.lower() == "images"]):
            other = source.root.joinpath(*parts[:place], "labels", *parts[place + 1 : -1], beside.name)
            beside = other if other in texts else beside
        if beside in texts:
            found[image] = beside
    return found


def _text(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a file that are not blank, with their numbers."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _lines(path: Path) -> bool:
    """Return whether a file holds such lines and nothing else."""
    lines = _text(path)
    return bool(lines) and all(LINE.fullmatch(line) for _, line in lines)


def _names(source: Source) -> dict[int, str]:
    if source.options.names:
        return dict(enumerate(source.options.names))
    for path in source.paths:
        if path.name in NAMES:
            return dict(enumerate(line.strip() for _, line in _text(path)))
        if path.suffix.lower() in (".yaml", ".yml"):
            try:
                content = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue  # of another program
            names = content.get("names") if isinstance(content, dict) else None
            if isinstance(names, list):
                return {number: str(name) for number, name in enumerate(names)}
            if isinstance(names, dict):
                return {int(number): str(name) for number, name in names.items()}
    return {}


def _row(path: Path, number: int, line: str, image: Path, names: dict[int, str]) -> Row:
    values = line.split()
    if not LINE.fullmatch(line) or (len(values) - 1 > BOX and len(values) % 2 == 0):
        raise InputError(
            f"{path}, row {number}: expected a class and a box or polygon in fractions, found {line.strip()[:60]!r}; "
            "export it again"
        )
    cls = names.get(int(values[0]), "") if names else f"class{values[0]}"
    if not cls:
        raise InputError(f"{path}, row {number}: expected one of {len(names)} classes, found {values[0]}; name it")
    extent = size(image)
    fractions = np.array(values[1:], dtype=float)
    if (fractions > 1.01).any():
        raise InputError(f"{path}, row {number}: expected fractions, found {fractions.max():g}; export it again")
    points = fractions.reshape(-1, 2) * extent
    if len(fractions) == BOX:
        (x, y), (width, height) = points
        shapes.check_within(f"{path}, row {number}", x - width / 2, y - height / 2, width, height, extent)
        return Row(image, cls, box=shapes.box(x - width / 2, y - height / 2, width, height, extent))
    return Row(image, cls, polygon=shapes.polygon(points, extent), box=shapes.around(points, extent))
