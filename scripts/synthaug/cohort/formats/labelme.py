"""labelme: a JSON file for each image."""

import base64
import binascii
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from synthaug.cohort.formats import shapes
from synthaug.cohort.formats.found import Drawn, Found, Row, is_drawn
from synthaug.cohort.formats.source import Source, json_objects, size, stem
from synthaug.errors import InputError


def recognised(source: Source) -> bool:
    """Return whether a JSON file has shapes and the path of an image."""
    return bool(_contents(source))


def read(source: Source) -> Found:
    """Return a row for each polygon, rectangle, circle or mask; points and lines have no area and are left out.

    Raises
    ------
    InputError
        If an image is not there, or a shape is damaged.
    """
    found, missing, flat = Found(), [], []
    contents = _contents(source)
    annotated = set()
    for path, content in contents.items():
        image = source.image(str(content["imagePath"]), path.parent)
        if image is None:
            missing.append(content["imagePath"])
            continue
        annotated.add(image)
        rows = []
        with found.each():
            extent = size(image)
            for number, shape in enumerate(content["shapes"], start=1):
                with found.each():
                    rows.append(_row(path, shape, image, extent, number))
        flat += [row for row in rows if not is_drawn(row)]
        found.rows += [row for row in rows if is_drawn(row)] if rows else [Row(image)]
    source.without_images(found, missing)
    found.note([row.image.name for row in flat], "shapes without an area, such as points and lines, were left out")
    source.note_unlisted(found, annotated)
    return found


def _contents(source: Source) -> dict[Path, Mapping]:
    return json_objects(source, lambda known: isinstance(known.get("shapes"), list) and bool(known.get("imagePath")))


def _row(path: Path, shape: Mapping, image: Path, extent: tuple[int, int], number: int) -> Row:
    cls, kind = str(shape.get("label") or ""), shape.get("shape_type") or "polygon"
    points = np.reshape(shape.get("points") or [], (-1, 2)).astype(float)
    if not cls:
        raise InputError(f"{path}: expected a label of each shape, found none of shape {number}; name it in labelme")
    if kind == "mask" and len(points) == 2:
        pixels = _placed(path, shape, points, extent)
        box = shapes.around(np.add(points, [[0, 0], [1, 1]]), extent)
        return Row(image, cls, Drawn(f"{stem(image)}_mask_{number}", lambda: pixels), box=box)
    if kind == "circle" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        points = shapes.ellipse(*points[0], radius, radius)
    elif kind == "rectangle" and len(points) >= 2:
        low, high = points.min(axis=0), points.max(axis=0)
        shapes.check_within(f"{path}: shape {number}", *low, *(high - low), extent)
        return Row(image, cls, box=shapes.around(points, extent))
    elif kind != "polygon" or len(points) < 3:
        return Row(image, cls)
    return Row(image, cls, polygon=shapes.polygon(points, extent), box=shapes.around(points, extent))


def _placed(path: Path, shape: Mapping, points: np.ndarray, extent: tuple[int, int]) -> np.ndarray:
    """Return a mask that is stored as a picture of its own between two points: uint8 (y, x), 0 and 255."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(base64.b64decode(shape.get("mask") or "", validate=True))) as picture:
            part = np.array(picture.convert("L")) > 0
    except (OSError, binascii.Error, TypeError) as error:
        raise InputError(f"{path}: expected the picture of a mask, found {error}; save it again in labelme") from error
    mask = np.zeros(extent[::-1], dtype=np.uint8)
    left, top = np.rint(points.min(axis=0)).astype(int)
    inside = mask[top : top + part.shape[0], left : left + part.shape[1]]
    if left < 0 or top < 0 or inside.shape != part.shape:
        raise InputError(f"{path}: expected a mask within its image, found one beyond; save it again in labelme")
    inside[part] = 255
    return mask
