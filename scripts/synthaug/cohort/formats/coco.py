"""COCO JSON: boxes, polygons, and masks as run lengths."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from synthaug.cohort.formats import coco_rle, shapes
from synthaug.cohort.formats.found import Drawn, Found, Row, is_drawn
from synthaug.cohort.formats.source import Source, json_objects, size, stem
from synthaug.errors import InputError

PATIENT = ("patient_id", "patient")
WRONG = 0.1  # of the boxes: if so many reach beyond their images, they may not be what the format says


def recognised(source: Source) -> bool:
    """Return whether a JSON file has the three lists of COCO."""
    return bool(_contents(source))


def read(source: Source) -> Found:
    """Return a row for each annotation; images without any have one of no class.

    A mask of run lengths or of several polygons becomes a picture. Groups (``iscrowd``) and annotations without an area
    within their image are left out.

    Raises
    ------
    InputError
        If an image is not there or of another size than stated, or a mask or a category is damaged.
    """
    found, missing, crowds, flat, annotated = Found(), [], [], [], set()
    for path, content in _contents(source).items():
        names = {each["id"]: str(each["name"]) for each in content.get("categories", [])}
        by_image: dict[object, list[Mapping]] = {}
        for each in content["annotations"]:
            by_image.setdefault(each["image_id"], []).append(each)
        for record in content["images"]:
            image = source.image(str(record["file_name"]), path.parent)
            if image is None:
                missing.append(record["file_name"])
                continue
            annotated.add(image)
            patient = next((str(record[key]) for key in PATIENT if record.get(key) not in (None, "")), "")
            of_image = by_image.get(record["id"], [])
            crowds += [each["id"] for each in of_image if each.get("iscrowd")]
            single = [each for each in of_image if not each.get("iscrowd")]
            rows = []
            with found.each():
                extent = _extent(path, record, image)
                rows = _rows(found, path, names, single, Row(image, patient=patient), extent)
            flat += [row for row in rows if not is_drawn(row)]
            found.rows += [row for row in rows if is_drawn(row)]
            if not of_image:
                found.rows.append(Row(image, patient=patient))
        _check_boxes(found, path, content)
    source.without_images(found, missing)
    found.note(crowds, "annotations of groups (iscrowd) were left out")
    found.note([row.image.name for row in flat], "annotations without an area in their image were left out")
    source.note_unlisted(found, annotated)
    return found


def _contents(source: Source) -> dict[Path, Mapping]:
    lists = ("images", "annotations")
    return json_objects(source, lambda known: all(isinstance(known.get(key), list) for key in lists))


def _extent(path: Path, record: Mapping, image: Path) -> tuple[int, int]:
    there = size(image)
    stated = tuple(record.get(key, value) for key, value in zip(("width", "height"), there, strict=True))
    if stated != there:
        raise InputError(
            f"{image}: expected {stated[0]} x {stated[1]} px as {path.name} says, found {there[0]} x {there[1]}; give "
            "the images that were annotated"
        )
    return there


def _check_boxes(found: Found, path: Path, content: Mapping) -> None:
    """Note if boxes are corners, not a corner and a size: as sizes, they reach beyond their images."""
    extents = {each["id"]: (each.get("width"), each.get("height")) for each in content["images"]}
    pairs = [(each["bbox"], extents.get(each["image_id"])) for each in content["annotations"] if each.get("bbox")]
    pairs = [(each, extent) for each, extent in pairs if len(each) == 4 and extent and all(extent)]
    if not pairs:
        return
    boxes, sizes = (np.array(values, dtype=float) for values in zip(*pairs, strict=True))
    beyond = (boxes[:, :2] + boxes[:, 2:] > sizes + 1).any(axis=1)
    if beyond.mean() >= WRONG and (boxes[:, 2:] > boxes[:, :2]).all() and (boxes[:, 2:] <= sizes + 1).all():
        found.refused.append(
            f"{path}: expected bbox as x, y, width, height, found them beyond their images in {int(beyond.sum())} of "
            f"{len(boxes)}, and within as x0, y0, x1, y1; give width and height"
        )


def _rows(
    found: Found,
    path: Path,
    names: Mapping[object, str],
    annotations: Sequence[Mapping],
    image: Row,
    extent: tuple[int, int],
) -> list[Row]:
    """Return a row for each annotation of one image that is in order."""
    rows = []
    for each in annotations:
        with found.each():
            rows.append(_row(path, each, image.image, _category(path, names, each), extent, image.patient))
    return rows


def _category(path: Path, names: Mapping[object, str], annotation: Mapping) -> str:
    number = annotation.get("category_id")
    if number not in names:
        raise InputError(f"{path}: expected a category of annotation {annotation['id']}, found {number!r}; correct it")
    return names[number]


def _row(path: Path, annotation: Mapping, image: Path, cls: str, extent: tuple[int, int], patient: str) -> Row:
    box = shapes.box(*annotation["bbox"], extent) if len(annotation.get("bbox") or ()) == 4 else ""
    outline = annotation.get("segmentation") or []
    name = f"{stem(image)}_{path.stem}_{annotation['id']}"
    where = f"{path}: annotation {annotation['id']} of {image.name}"
    if len(annotation.get("bbox") or ()) == 4:
        shapes.check_within(where, *annotation["bbox"], extent)
    if isinstance(outline, dict):
        counts, (height, width) = outline["counts"], outline["size"]
        try:
            pixels = coco_rle.mask(counts, height, width)
        except ValueError as error:
            raise InputError(f"{path}: annotation {annotation['id']}: expected {error}; export it again") from error
        if (width, height) != extent:
            raise InputError(
                f"{path}: annotation {annotation['id']}: expected a mask as large as its image, found {width} x "
                f"{height} px; export it again"
            )
        if not pixels.any():
            return Row(image, cls, box=box, patient=patient)
        rows, columns = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
        corners = np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]])
        return Row(image, cls, Drawn(name, lambda: pixels), box=box or shapes.around(corners, extent), patient=patient)
    polygons = [np.reshape(points, (-1, 2)).astype(float) for points in outline if len(points) >= 6]
    if not polygons:
        return Row(image, cls, box=box, patient=patient)
    box = box or shapes.around(np.concatenate(polygons), extent)
    if len(polygons) == 1:
        return Row(image, cls, polygon=shapes.polygon(polygons[0], extent), box=box, patient=patient)
    return Row(image, cls, Drawn(name, lambda: shapes.union(polygons, extent)), box=box, patient=patient)
