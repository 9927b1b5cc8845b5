"""VGG Image Annotator (VIA) 2: a project, or annotations exported as JSON or CSV."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from synthaug.cohort.formats import shapes
from synthaug.cohort.formats.found import Found, Row, is_drawn
from synthaug.cohort.formats.source import Source, read_json, size
from synthaug.errors import InputError

HEADER = ("filename", "file_attributes", "region_shape_attributes", "region_attributes")
Regions = list[tuple[Mapping, Mapping]]  # the shape and the attributes of each


def recognised(source: Source) -> bool:
    """Return whether a file is one of VIA."""
    return any(_of_json(path) or _of_csv(path) for path in source.files(".json", ".csv"))


def read(source: Source) -> Found:
    """Return a row for each polygon, rectangle, circle or ellipse; the class is an attribute of the region.

    Raises
    ------
    InputError
        If an image is not there, or it is not clear which attribute is the class.
    """
    found, missing, flat, annotated = Found(), [], [], set()
    for path in source.files(".json", ".csv"):
        files = _of_json(path) or _of_csv(path)
        attribute = _attribute(path, files, source)
        for name, regions in files.items():
            image = source.image(name, path.parent)
            if image is None:
                missing.append(name)
                continue
            annotated.add(image)
            rows = []
            with found.each():
                classes = [_class(path, name, attributes, attribute, source) for _, attributes in regions]
                rows = _rows(found, path, image, [shape for shape, _ in regions], classes)
            flat += [row for row in rows if not is_drawn(row)]
            found.rows += [row for row in rows if is_drawn(row)] if rows else [Row(image)]
    source.without_images(found, missing)
    found.note([row.image.name for row in flat], "regions without an area, such as points and lines, were left out")
    source.note_unlisted(found, annotated)
    return found


def _of_json(path: Path) -> dict[str, Regions]:
    """Return the regions of each image in a JSON file, none if it is of another program."""
    if path.suffix.lower() != ".json":
        return {}
    try:
        content = read_json(path)
    except InputError:
        return {}
    content = content.get("_via_img_metadata", content) if isinstance(content, dict) else {}
    files = [value for value in content.values() if isinstance(value, dict) and {"filename", "regions"} <= set(value)]
    if len(files) < len(content):
        return {}
    found: dict[str, Regions] = {}
    for file in files:
        regions = file["regions"].values() if isinstance(file["regions"], dict) else file["regions"]
        pairs = [(region["shape_attributes"], region.get("region_attributes", {})) for region in regions]
        found.setdefault(file["filename"], []).extend(pairs)
    return found


def _of_csv(path: Path) -> dict[str, Regions]:
    """Return the regions of each image in a CSV file, none if it is of another program."""
    if path.suffix.lower() != ".csv":
        return {}
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        if not set(HEADER) <= set(reader.fieldnames or ()):
            return {}
        found: dict[str, Regions] = {}
        for row in reader:
            try:
                shape, attributes = (json.loads(row[name] or "{}") for name in HEADER[2:])
            except json.JSONDecodeError as error:
                raise InputError(
                    f"{path}, row {reader.line_num}: expected JSON, found {error}; export again"
                ) from error
            regions = found.setdefault(row["filename"], [])
            if shape:
                regions.append((shape, attributes))
        return found


def _attribute(path: Path, files: Mapping[str, Regions], source: Source) -> str:
    """Return the attribute that holds the class, "" if it is given for all."""
    if source.options.only_class:
        return ""
    names = sorted({name for regions in files.values() for _, attributes in regions for name in attributes})
    wanted = source.options.column
    if wanted in names or len(names) == 1:
        return wanted or names[0]
    if not any(files.values()):
        return ""
    raise InputError(
        f"{path}: expected an attribute of regions that holds the class, found {', '.join(names) or 'none'}; give "
        "COLUMN= one of them, or CLASS= one class of all"
    )


def _class(path: Path, name: str, attributes: Mapping, attribute: str, source: Source) -> str:
    value = attributes.get(attribute) if attribute else source.options.only_class
    if isinstance(value, dict):  # check boxes
        value = next((key for key, chosen in value.items() if chosen), "")
    if not value:
        raise InputError(f"{path}: expected {attribute} of each region, found none in {name}; fill it in VIA")
    return str(value)


def _rows(found: Found, path: Path, image: Path, regions: list[Mapping], classes: list[str]) -> list[Row]:
    """Return a row for each region of one image that is in order."""
    extent, rows = size(image), []
    for shape, cls in zip(regions, classes, strict=True):
        with found.each():
            rows.append(_row(path, image, shape, cls, extent))
    return rows


def _row(path: Path, image: Path, shape: Mapping, cls: str, extent: tuple[int, int]) -> Row:
    kind = shape.get("name")
    try:
        if kind == "rect":
            values = (shape["x"], shape["y"], shape["width"], shape["height"])
            shapes.check_within(f"{path}: a rectangle of {image.name}", *values, extent)
            return Row(image, cls, box=shapes.box(*values, extent))
        if kind == "polygon":
            points = np.array([shape["all_points_x"], shape["all_points_y"]], dtype=float).T
        elif kind == "circle":
            points = shapes.ellipse(shape["cx"], shape["cy"], shape["r"], shape["r"])
        elif kind == "ellipse":
            points = shapes.ellipse(shape["cx"], shape["cy"], shape["rx"], shape["ry"], shape.get("theta") or 0)
        else:
            return Row(image, cls)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: expected a {kind} of {image.name}, found {dict(shape)}; export it again") from error
    return Row(image, cls, polygon=shapes.polygon(points, extent), box=shapes.around(points, extent))
