"""The case table: what the user gives, checked completely before anything is computed.

All problems are collected and reported together, one per line, so that one run shows everything there is to correct.
"""

import difflib
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from synthaug.cohort import annotations, given_split
from synthaug.cohort.case_table import read_table
from synthaug.errors import InputError
from synthaug.imaging import nifti, picture_files, volumes
from synthaug.terms.case_columns import COLUMNS, COMPUTED, KINDS, MOST_GROUPS, OPTIONAL, REQUIRED

SETS = ("main", "extra")
SLUG = re.compile(r"[A-Za-z0-9_-]+")
GROUND_CORNERS = 3  # of the image's four, in what is drawn: it is the ground, not the lesion
SEPARATE = 0.2  # of the largest part's area: from here on a second part of a lesion is worth a warning

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Params:
    """What the table must offer.

    Attributes
    ----------
    classes
        The classes of the experiment. A table may lack some of them, see `folds.require`.
    given_split
        Whether the table divides the patients, see `given_split`.
    of_slices
        Whether a row may be of a slice, not of one lesion: then it may have neither class nor annotation, because
        nothing is there, and its parts may be several lesions.
    whole_images
        Whether nothing is drawn, because each row is about a whole image, or a whole slice of a volume.
    resample_masks
        Whether mask volumes on another grid than their image's may be resampled.
    without_blank
        Whether slices without lesion that have a single value are left out, with a warning; they are refused otherwise.
    """

    classes: list[str]
    given_split: bool = False
    of_slices: bool = False
    whole_images: bool = False
    resample_masks: bool = False
    without_blank: bool = False


def check(table_path: str | Path, params: Params) -> pd.DataFrame:
    """Check a case table and every image, mask and outline that it names.

    Reads each image's headers and key slices and each mask once; holds one mask at a time.

    Returns
    -------
    DataFrame with `COLUMNS` and the table's free columns of at most `MOST_GROUPS` values; one row per lesion, sorted by
    lesion. An empty row has no class, centre and diameter.

    Raises
    ------
    InputError
        With all problems of the table and its files, one per line.
    """
    cases, lines = examined(table_path, params)
    if lines:
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        raise InputError("\n  ".join([f"{table_path}: {count}", *lines]))
    return cases


def examined(table_path: str | Path, params: Params, *, whole_files: bool = True) -> tuple[pd.DataFrame, list[str]]:
    """Return what `check` returns, of those rows that are in order, and all problems, a line each.

    Parameters
    ----------
    whole_files
        Whether each file is looked through for damage, see `volumes.Source.check`; most of the time goes there.

    Raises
    ------
    InputError
        If the table itself cannot be read.
    """
    table_path = Path(table_path)
    table = read_table(table_path, annotated=not params.whole_images)
    problems = Problems(table)
    if lone := _numbered_pictures(table):
        problems.cohort(lone)
        table["slice"] = ""
    drawable = _check_cells(table, params, problems)
    _check_cohort(table, params, table_path.parent, problems)
    blank: list[int] | None = [] if params.without_blank else None
    found = dict(_measure(table.loc[drawable], table_path.parent, problems, params, blank, whole_files))
    _check_copies(table, found, problems)
    if lines := problems.lines():
        return _table_of(table, found, params), lines
    for remark, images in problems.remarks.items():
        count = "1 image" if len(images) == 1 else f"{len(images)} images, such as"
        log.warning("%s %s: %s", count, images[0], remark)
    if blank:
        rows = _listed(blank)
        log.warning("slices without lesion that have a single value are left out: %d, rows %s", len(blank), rows)
    return _table_of(table, found, params), []


def _table_of(table: pd.DataFrame, found: Mapping[int, Mapping], params: Params) -> pd.DataFrame:
    """Return the rows that were measured, sorted by lesion, with `COLUMNS` and the free columns that are kept."""
    groups = table.where(table != "").nunique()
    kept = [given_split.COLUMN] if params.given_split else []
    free = [n for n in table if n not in REQUIRED + OPTIONAL and (groups[n] <= MOST_GROUPS or n in kept)]
    measured = pd.DataFrame.from_dict(found, orient="index", columns=None if found else ["slice", *COMPUTED])
    cases = table.drop(columns=["slice"]).join(measured, how="inner")[[*COLUMNS, *free]]
    return cases.sort_values("lesion", ignore_index=True)


def lesion_on_slice(row: Mapping[str, object], folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the key slice and outline of a lesion that was checked before.

    Parameters
    ----------
    row
        The lesion's row of the case table as a mapping, with ``slice`` from cases.csv.
    folder
        Folder of the case table.

    Returns
    -------
    Image float32 (y, x), and mask bool (y, x).
    """
    return on_source(volumes.open_image(Path(folder) / row["image"]), row, folder)


def on_source(source: volumes.Source, row: Mapping[str, object], folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Do what `lesion_on_slice` does, with the row's image already opened as ``source``."""
    index = int(row["slice"])
    return source.slice(index), annotations.on_slice(row, Path(folder), source.geometry, index)


class BlankSlice(InputError):
    """A slice on which nothing is drawn, and nothing is to be seen."""


class Problems:
    """Problems by row of the table; those of the cohort as a whole come last."""

    def __init__(self, table: pd.DataFrame):
        self._lesions = table["lesion"].to_dict()
        self._found: dict[float, list[str]] = {}
        self.remarks: dict[str, list[str]] = {}  # images by what is taken otherwise than their files have it

    def row(self, row: int, text: object) -> None:
        """Add a problem of one row."""
        lesion = f", lesion {self._lesions[row]}" if self._lesions[row] else ""
        self._found.setdefault(row, []).append(f"row {row}{lesion}: {text}")

    def cohort(self, text: str) -> None:
        """Add a problem of the table as a whole."""
        self._found.setdefault(float("inf"), []).append(text)

    def lines(self) -> list[str]:
        """Return all problems in the table's order."""
        return [line for row in sorted(self._found) for line in self._found[row]]


def _numbered_pictures(table: pd.DataFrame) -> str:
    """Return what is wrong with a table of pictures whose column ``slice`` means something else; nothing if none is."""
    pictures = table["image"].str.lower().str.endswith(picture_files.SUFFIXES)
    rows = table.index[pictures & ~table["slice"].isin(["", "0"])]
    if len(rows) < 2 or not pictures.all():
        return ""
    return (
        f"slice: expected it empty, since each picture is one slice, found {table['slice'][rows[0]]!r} and others in "
        f"{len(rows)} rows; give the column another name in the header, such as number"
    )


def _check_cells(table: pd.DataFrame, params: Params, problems: Problems) -> list[int]:
    """Return the rows whose annotation can be looked for."""
    drawable = []
    for number, row in table.iterrows():
        empty = params.of_slices and not row["class"] and annotations.is_empty(row)
        for name in REQUIRED:
            if empty and name == "class":
                continue
            if not row[name]:
                problems.row(number, f"{name}: expected a value, found an empty cell; fill it")
            elif name != "image" and not SLUG.fullmatch(row[name]):
                problems.row(number, f"{name}: expected letters, digits, _ and - only, found {row[name]!r}; rename it")
        cls = row["class"]
        if cls == "all":
            problems.row(number, "class: expected one class, found 'all', which means all classes together; rename it")
        elif cls and cls not in params.classes:
            near = difflib.get_close_matches(cls.lower(), params.classes, 1)
            hint = f"did you mean {near[0]}?" if near else "correct the cell or add the class to the config"
            problems.row(number, f"class: expected one of {', '.join(params.classes)}, found {cls!r}; {hint}")
        if row["set"] not in SETS:
            problems.row(number, f"set: expected main or extra (empty: main), found {row['set']!r}; correct the cell")
        wrong = [
            *_wrong_numbers(row),
            *_wrong_volume(row),
            *([] if empty else _wrong_annotation(row, params.whole_images)),
        ]
        for text in wrong:
            problems.row(number, text)
        if row["image"] and not wrong:
            drawable.append(number)
    return drawable


def _wrong_numbers(row: pd.Series) -> Iterator[str]:
    wholes = (lambda name=name: annotations.whole(row, name) for name in ("volume", "slice"))
    for wrong in (lambda: annotations.label_of(row), *wholes):
        try:
            wrong()
        except InputError as error:
            yield str(error)


def _wrong_volume(row: pd.Series) -> Iterator[str]:
    if row["volume"] and not volumes.file_of(row["image"]).lower().endswith(nifti.SUFFIXES):
        yield (
            f"volume: expected it empty, since only a NIfTI file has several, found {row['volume']!r}; clear the cell "
            "or, if the column means something else, give it another name"
        )


def _wrong_annotation(row: pd.Series, whole_images: bool) -> Iterator[str]:
    if whole_images:
        if drawn := [name for name in (*KINDS, "label") if row[name]]:
            yield (
                f"expected nothing drawn, as the config has annotation: none, found {' and '.join(drawn)}; clear the "
                "cell, or set annotation: drawn"
            )
        return
    try:
        if annotations.kind(row) != "mask":
            annotations.outline_parts(row)
    except InputError as error:
        yield str(error)
    if row["label"] and not row["mask"]:
        yield "label: expected only with a mask, found one without; clear the cell or name the mask"


def _check_cohort(table: pd.DataFrame, params: Params, folder: Path, problems: Problems) -> None:
    """Check what no single row can show."""
    if table.empty:
        problems.cohort("lesions: expected a row for each, found the header alone; add them")
    for lesion, rows in table.groupby("lesion").groups.items():
        if lesion and len(rows) > 1:
            problems.row(rows[-1], f"lesion: expected an id of its own, found it in rows {_listed(rows)}; rename it")
    _check_spellings(table, params, problems)
    _check_patients(table, folder, problems)
    for number, text in given_split.problems(table) if params.given_split else ():
        if number is None:
            problems.cohort(text)
        else:
            problems.row(number, text)


def _check_spellings(table: pd.DataFrame, params: Params, problems: Problems) -> None:
    """Look for names that differ only by case."""
    for name in ("lesion", "patient", "class"):
        for _, cells in table[name].groupby(table[name].str.lower()):
            if len(spellings := sorted(set(cells))) > 1 and not (
                name == "class" and set(spellings) - {*params.classes}
            ):
                problems.cohort(
                    f"{name}: expected one spelling, found {' and '.join(spellings)}, which differ only by case; "
                    "use one of them, or other ids"
                )


def _check_patients(table: pd.DataFrame, folder: Path, problems: Problems) -> None:
    """Look for patients in both sets, and for images of several patients."""
    for patient, sets in table[table["set"].isin(SETS)].groupby("patient")["set"]:
        if patient and sets.nunique() > 1:
            rows = {name: _listed(sets.index[sets == name]) for name in SETS}
            problems.cohort(
                f"patient {patient}: expected one set, found main in row {rows['main']} and extra in row "
                f"{rows['extra']}; extra cases must come from other patients"
            )
    named = table[(table["image"] != "") & (table["patient"] != "")]
    for _, rows in named.groupby([os.path.realpath(folder / volumes.file_of(image)) for image in named["image"]]):
        if rows["patient"].nunique() > 1:
            image, patients = (" and ".join(sorted(set(rows[name]))) for name in ("image", "patient"))
            problems.cohort(
                f"image {image}: expected one patient, found {patients} in rows {_listed(rows.index)}; "
                "give the patient one id"
            )


def _measure(
    table: pd.DataFrame,
    folder: Path,
    problems: Problems,
    params: Params,
    blank: list[int] | None,
    whole_files: bool,
) -> Iterator[tuple[int, dict]]:
    """Yield row and measurements of each lesion whose files are in order; images and masks are opened once.

    Rows of blank slices without lesion are added to ``blank``, or to the problems if it is None.
    """
    for image, lesions in table.groupby("image", sort=False):
        try:
            source = volumes.open_image(folder / image)
            for remark in source.check() if whole_files else ():
                problems.remarks.setdefault(remark, []).append(image)
        except InputError as error:
            problems.row(lesions.index[0], f"image: {error}{_also(lesions.index)}")
            continue
        for mask, rows in lesions.groupby("mask", sort=False):
            labels = None
            if mask:
                try:
                    labels = annotations.read_labels(folder / mask, source.geometry, resample=params.resample_masks)
                except InputError as error:
                    problems.row(rows.index[0], f"mask: {error}{_also(rows.index)}")
                    continue
            for number, row in rows.iterrows():
                try:
                    index, lesion = annotations.locate(row, source.geometry, labels)
                    yield number, _describe(row, source, index, lesion, params.of_slices)
                except BlankSlice as error:
                    problems.row(number, error) if blank is None else blank.append(number)
                except InputError as error:
                    problems.row(number, error)


def _describe(row: pd.Series, source: volumes.Source, index: int, lesion: np.ndarray, of_slices: bool) -> dict:
    """Return the computed columns of one lesion; several parts are worth a warning where it is one of several."""
    image = source.slice(index)
    if image.min() == image.max():
        cure = "correct the slice or export the image again" if lesion.any() else "delete the row"
        error = InputError if lesion.any() else BlankSlice
        raise error(
            f"{row['image']}: expected an image with contrast, found only the value {image.min():g} on slice {index}; "
            f"{cure}"
        )
    if row["mask"]:
        _check_ground(row, index, lesion, of_slices)
    if not of_slices and not annotations.is_whole(row):
        _warn_of_parts(row["lesion"], index, lesion)
    z, y, x = source.geometry.spacing or (np.nan,) * 3
    aspect = source.geometry.aspect
    return {
        "slice": index,
        "rows": image.shape[0],
        "columns": image.shape[1],
        "spacing_x_mm": x,
        "spacing_y_mm": y,
        "spacing_z_mm": z,
        **(_extent_of_whole if annotations.is_whole(row) else _extent)(lesion, y, x, aspect),
        "digest": hashlib.sha256(image.tobytes() + np.packbits(lesion).tobytes()).hexdigest()[:16],
    }


def _extent(lesion: np.ndarray, spacing_y: float, spacing_x: float, aspect: float) -> dict[str, float]:
    """Return where a lesion is and how large, from its mask, bool (y, x), and the spacing in mm or NaN.

    Of pixels that are not square, of ``aspect``, the diameter is in widths of one.
    """
    if not lesion.any():
        return dict.fromkeys(["center_x_px", "center_y_px", "diameter_px", "diameter_mm"], np.nan)
    rows, columns = np.nonzero(lesion)
    unknown = np.isnan(spacing_x)
    return {
        "center_x_px": (columns.min() + columns.max()) / 2,
        "center_y_px": (rows.min() + rows.max()) / 2,
        "diameter_px": round(annotations.largest_diameter(lesion, (aspect, 1.0)), 6),
        "diameter_mm": np.nan if unknown else round(annotations.largest_diameter(lesion, (spacing_y, spacing_x)), 6),
    }


def _extent_of_whole(lesion: np.ndarray, spacing_y: float, spacing_x: float, aspect: float) -> dict[str, float]:
    """Return what `_extent` does of a whole image; its longer side stands for a lesion's largest diameter."""
    shape = lesion.shape
    return {
        "center_x_px": (shape[1] - 1) / 2,
        "center_y_px": (shape[0] - 1) / 2,
        "diameter_px": float(max(shape[0] * aspect, shape[1])),
        "diameter_mm": round(max(shape[0] * spacing_y, shape[1] * spacing_x), 6),
    }


def _check_ground(row: pd.Series, index: int, lesion: np.ndarray, of_slices: bool) -> None:
    """Refuse a mask of one lesion that draws what is around it; warn of any that is as large as the image."""
    if not all(border.any() for border in (lesion[0], lesion[-1], lesion[:, 0], lesion[:, -1])):
        return
    corners = sum(lesion[y, x] for y in (0, -1) for x in (0, -1))
    if not of_slices and corners >= GROUND_CORNERS:
        raise InputError(
            f"{row['mask']}: expected a lesion within the image, found one that reaches all four borders of slice "
            f"{index} and its corners: an inverted mask? Correct mask or label; if the whole image is meant, give a box"
        )
    log.warning("lesion %s: its mask reaches all four borders of slice %d; is it drawn right?", row["lesion"], index)


def _warn_of_parts(name: str, index: int, lesion: np.ndarray) -> None:
    """Warn if a lesion has several parts on its key slice."""
    if len(parts := parts_of(lesion)) > 1:
        log.warning(
            "lesion %s: %d separate parts on slice %d (%s px); if they are several lesions, label each of them",
            name, len(parts), index, ", ".join(str(area) for area in parts),
        )  # fmt: skip


def parts_of(lesion: np.ndarray) -> list[int]:
    """Return the areas in px of the separate parts of a lesion, bool (y, x), largest first, without specks."""
    areas = np.bincount(ndimage.label(lesion, np.ones((3, 3)))[0].ravel())[1:]
    return sorted((int(area) for area in areas if area >= SEPARATE * areas.max()), reverse=True)


def _check_copies(table: pd.DataFrame, found: dict[int, dict], problems: Problems) -> None:
    """Look for lesions that are the same in every pixel; those whose classes contradict each other come first."""
    digests = pd.Series({row: measured["digest"] for row, measured in found.items()}, dtype=str)
    copies = [rows for rows in digests.groupby(digests).groups.values() if len(rows) > 1]
    for rows in sorted(copies, key=lambda rows: (table.loc[rows, "class"].nunique() == 1, rows[0])):
        names = " and ".join(table.loc[rows, "lesion"])
        classes = " and ".join(sorted(set(table.loc[rows, "class"])))
        contradicting = f", with the contradicting classes {classes}" if " and " in classes else ""
        cure = "find out which class is right and keep that one" if contradicting else "keep one of them"
        problems.cohort(
            f"lesions: expected different ones, found the same pixels and outline as {names} "
            f"(rows {_listed(rows)}){contradicting}; {cure}"
        )


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(str(row) for row in list(rows)[:10]) + (" ..." if len(rows) > 10 else "")


def _also(rows: Sequence[int]) -> str:
    return f" (rows {_listed(rows)})" if len(rows) > 1 else ""
