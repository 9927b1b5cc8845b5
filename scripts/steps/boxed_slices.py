"""Slices with the boxes of their lesions, cut from the images of a case table."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.cohort import case_table, listed_slices
from synthaug.cohort import cases as case_checks
from synthaug.cohort.listed_slices import ListedSlice
from synthaug.detection import boxes, columns, drawn_boxes, organ_masks, preprocessing, slice_table
from synthaug.detection.preprocessing import Params
from synthaug.detection.slice_table import Slices
from synthaug.errors import InputError
from synthaug.terms.case_columns import COLUMNS

LEFT = 0.5  # of a box: if less of one is left after the preprocessing, its slice is left out
DECIMALS = 4  # of coordinates and scales

log = logging.getLogger(__name__)


def cut(cases: pd.DataFrame, table: Path, params: Params) -> Slices:
    """Cut all slices that the case table is about, and each patient's further slices without lesion.

    A slice is left out if the preprocessing cuts away more than half of one of its boxes: it would show a part of a
    lesion that no box marks, or pass for one without.

    Parameters
    ----------
    cases
        ``cases.csv``.
    table
        The user's case table, which knows images and annotations.

    Raises
    ------
    InputError
        If an image cannot be read, the annotations of a slice contradict each other, or a patient's picture is listed
        under two names.
    """
    rows = case_table.read_table(table)
    made = []
    for of_patient in listed_slices.by_patient(cases, table, params.empty_slices):
        _warn_of_parts(of_patient, rows)
        seen: dict[str, ListedSlice] = {}
        for stack in _stacks(of_patient):
            pixels = np.stack([each.pixels() for each in stack])
            _check_pictures(stack, pixels, seen)
            made += _cut_stack(stack, pixels, rows, params)
    if not made:
        raise InputError("slices: expected at least one, found none that keeps its boxes; choose organ: none")
    made.sort(key=lambda each: each[0]["slice"])
    facts, images, found = zip(*made, strict=True)
    free = [name for name in cases if name not in (*COLUMNS, *columns.OF_A_BOX)]
    known = [name for name in facts[0] if name not in free]
    of_boxes = pd.DataFrame([box for each in found for box in each], columns=slice_table.BOX_COLUMNS)
    return Slices(pd.DataFrame(facts)[[*known, *free]], np.stack(images), of_boxes)


def _stacks(slices: Sequence[ListedSlice]) -> Iterator[list[ListedSlice]]:
    """Yield a patient's slices that are prepared together: those of a volume, or all pictures of one size."""
    by_key: dict[tuple, list[ListedSlice]] = {}
    for each in slices:
        picture = each.source.geometry.size[0] == 1
        by_key.setdefault((*each.shape, each.aspect) if picture else (each.volume,), []).append(each)
    yield from by_key.values()


def _cut_stack(stack: list[ListedSlice], pixels: np.ndarray, rows: pd.DataFrame, params: Params) -> list[tuple]:
    """Return facts, image and boxes of each slice of a stack, float32 (n, rows, columns), that is not left out."""
    try:
        organ = _organ(stack, pixels, params.organ)
        prepared = preprocessing.prepare(pixels, organ, params, stack[0].aspect)
    except InputError as error:
        raise InputError(f"patient {stack[0].row['patient']}, {stack[0].row['image']}: {error}") from error
    made = []
    for place, listed in enumerate(stack):
        drawn = [
            (rows.loc[each.row], drawn_boxes.of(rows.loc[each.row], each.mask, listed.shape)) for each in listed.drawn
        ]
        left = [
            preprocessing.share_left(box, organ[place], prepared.crop, params.side, params.organ != "none")
            for _, box in drawn
        ]
        if left and min(left) < LEFT:
            row = drawn[int(np.argmin(left))][0]
            log.warning(
                "slice %s is left out: of the box of lesion %s (row %d) only %.0f %% is left by organ: %s and crop: %s",
                listed.name, row["lesion"], row.name, 100 * min(left), params.organ, params.crop,
            )  # fmt: skip
            continue
        moved = [(row, boxes.clip(prepared.crop.moved(box, params.side), params.side)[0]) for row, box in drawn]
        facts = listed.free | _facts(listed, prepared, place, params)
        facts |= _counts([row["class"] for row, _ in drawn if not _ignored(row)], params.classes)
        made.append((facts, prepared.images[place], _box_rows(listed, moved)))
    return made


def _organ(stack: list[ListedSlice], pixels: np.ndarray, organ: str) -> np.ndarray:
    """Return where each slice of a stack shows the organ; deepbet alone needs the slices between those, too."""
    source = stack[0].source
    if organ != "deepbet" or source.geometry.size[0] == 1:
        return organ_masks.of_stack(pixels, organ, stack[0].aspect)
    whole = np.stack([source.slice(index) for index in range(source.geometry.size[0])])
    return organ_masks.of_stack(whole, organ, stack[0].aspect)[[each.index for each in stack]]


def _facts(listed: ListedSlice, prepared: preprocessing.Prepared, place: int, params: Params) -> dict[str, object]:
    """Return what is known of a slice but its boxes."""
    crop = prepared.crop
    scale_x, scale_y = crop.scale(params.side)
    return {
        "slice": listed.name,
        "patient": listed.row["patient"],
        "set": listed.row["set"],
        "volume": listed.volume,
        "index": listed.index,
        "pixel_mm": round(listed.spacing_mm * np.sqrt(listed.aspect) / np.sqrt(scale_x * scale_y), 6),
        "rows": listed.shape[0],
        "columns": listed.shape[1],
        "left": crop.left,
        "top": crop.top,
        "scale_x": scale_x,
        "scale_y": scale_y,
        "kept_px": int(prepared.kept_px[place]),
    }


def _ignored(row: pd.Series) -> int:
    """Return whether the box of a row of the case table is to be ignored, as 0 or 1."""
    return int(float(row.get(columns.IGNORE, "") or 0))


def _counts(found: Sequence[str], classes: Sequence[str]) -> dict[str, int]:
    """Return the columns of ``slices.csv`` that count boxes, given the classes of those that count."""
    return {"boxes": len(found)} | {columns.boxes(cls): found.count(cls) for cls in classes}


def _box_rows(listed: ListedSlice, moved: Sequence[tuple[pd.Series, np.ndarray]]) -> list[list]:
    """Return the rows of ``boxes.csv`` of one slice."""
    patient, made = listed.row["patient"], []
    for number, (row, box) in enumerate(moved, 1):
        finding = row.get(columns.FINDING, "")
        lesion = f"{patient}-{finding}" if finding else row["lesion"]
        corners = box.round(DECIMALS).tolist()
        made.append([f"{listed.name}-{number}", listed.name, patient, lesion, row["class"], *corners, _ignored(row)])
    return made


def _warn_of_parts(slices: Sequence[ListedSlice], rows: pd.DataFrame) -> None:
    """Warn of masks that draw separate parts on a slice, which then share one box."""
    drawn = [
        (each.row, listed.name)
        for listed in slices
        for each in listed.drawn
        if len(case_checks.parts_of(each.mask)) > 1
    ]
    for number, name in dict(reversed(drawn)).items():
        log.warning(
            "lesion %s (row %d): on %d slices, such as %s, separate parts have one box; if they are several lesions, "
            "label each of them",
            rows.loc[number, "lesion"], number, sum(row == number for row, _ in drawn), name,
        )  # fmt: skip


def _check_pictures(slices: Sequence[ListedSlice], pixels: np.ndarray, seen: dict[str, ListedSlice]) -> None:
    """Refuse a patient's slice that is listed under two names: each would have a part of the boxes.

    ``seen`` has those of the patient by their digests, and these are added.
    """
    for each, values in zip(slices, pixels, strict=True):
        other = seen.setdefault(hashlib.sha256(values.tobytes()).hexdigest(), each)
        if other.volume != each.volume:
            raise InputError(
                f"rows {other.row.name} and {each.row.name}, patient {each.row['patient']}: expected different slices, "
                f"found the same pixels in {other.row['image']} and {each.row['image']}; list the slice once, with all "
                "its boxes"
            )
