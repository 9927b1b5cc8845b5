"""The user's case table as text; `cases` checks what its cells say."""

import re
from pathlib import Path

import pandas as pd

from synthaug.errors import InputError
from synthaug.files import user_tables
from synthaug.imaging import nifti, picture_files
from synthaug.terms.case_columns import COMPUTED, CORNERS, KINDS, OPTIONAL, REQUIRED

WHOLE = r"[0-9]{1,9}(?:\.0*)?"  # a whole number, as spreadsheets write it
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")  # in no file's name, and would break up a message


def read_table(path: str | Path, *, annotated: bool = False) -> pd.DataFrame:
    """Read a case table as text, without checking its cells.

    A table without the columns ``mask``, ``polygon`` and ``box`` may have ``x0,y0,x1,y1`` instead: they become ``box``.
    Such tables often name no lesions; each row is then a lesion of its own, called ``row`` and its number. A ``volume``
    of a NIfTI file that is a whole number becomes a part of the image's name, as `volumes.open_image` takes it.

    Parameters
    ----------
    annotated
        Whether it must have a column for what is drawn: one of masks, polygons or boxes.

    Returns
    -------
    DataFrame whose index ``row`` is the row in the file (the header is row 1). The optional columns are all there,
    empty where the table lacks them; an empty ``set`` is "main". Free columns keep their names.

    Raises
    ------
    InputError
        If it is no comma-separated UTF-8 text, a column is missing or occurs twice, a row has more or fewer cells than
        the header, or a column's name or a cell that is not of a free column holds control characters.
    """
    path = Path(path)
    header, lines = user_tables.read(path, "the case table", "cases:")
    _check_header(path, header, lines, annotated)
    user_tables.check_even(path, header, lines)
    broken = [
        f"{path}, row {number}: {name}: expected one line without control characters, found {cell!r}; correct the cell"
        for number, cells in lines
        for name, cell in zip(header, cells, strict=True)
        if name in REQUIRED + OPTIONAL and CONTROL.search(cell)
    ]
    if broken:
        raise InputError("\n".join(broken))
    index = pd.Index([number for number, _ in lines], name="row")
    table = pd.DataFrame([cells for _, cells in lines], columns=header, index=index, dtype=str)
    if _has_corners(header):
        table = _with_boxes(table)
    for name in OPTIONAL:
        if name not in table:
            table[name] = ""
    table["set"] = table["set"].replace("", "main")
    numbered = table["volume"].str.fullmatch(WHOLE) & table["image"].str.lower().str.endswith(nifti.SUFFIXES)
    table["image"] += ("#" + table["volume"].str.split(".").str[0]).where(numbered, "")
    return table


def _has_corners(header: list[str]) -> bool:
    return set(CORNERS) <= set(header) and not set(KINDS) & set(header)


def _with_boxes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with one column ``box`` for the corners, and with ids of its lesions."""
    corners = table[list(CORNERS)]
    box = corners.agg(",".join, axis="columns").where((corners != "").any(axis="columns"), "")
    table = table.drop(columns=list(CORNERS)).assign(box=box)
    return table if "lesion" in table else table.assign(lesion=[f"row{number}" for number in table.index])


def _cure(missing: list[str], header: list[str], lines: list[tuple[int, list[str]]]) -> str:
    """Say what to do about missing columns: numbers of pictures, which have no slices, are the ids that are missing."""
    if missing == ["lesion"] and {"slice", "image"} <= set(header):
        cells = [dict(zip(header, row, strict=False)) for _, row in lines]
        numbers = [row.get("slice", "") for row in cells]
        pictures = all(row.get("image", "").lower().endswith(picture_files.SUFFIXES) for row in cells)
        if pictures and all(numbers) and len(set(numbers)) == len(numbers):
            return "rename slice to lesion, as these images are pictures and slice is for volumes"
    return "add them"


def _check_header(path: Path, header: list[str], lines: list[tuple[int, list[str]]], annotated: bool) -> None:
    if broken := [name for name in header if CONTROL.search(name)]:
        raise InputError(
            f"{path}, row 1: expected column names without line breaks or control characters, found "
            f"{', '.join(map(repr, broken))}; rename them"
        )
    problems = []
    corners = _has_corners(header)
    missing = [name for name in REQUIRED if name not in header and not (corners and name == "lesion")]
    if missing:
        problems.append(
            f"expected the columns {', '.join(REQUIRED)}; missing: {', '.join(missing)}; "
            f"{_cure(missing, header, lines)}"
        )
    if annotated and not set(KINDS) & set(header) and not corners:
        problems.append(
            "expected a column mask, polygon or box, found none; add one, or give "
            "cases: annotation: none in the config, if images are classified as a whole"
        )
    if twice := sorted({name for name in header if header.count(name) > 1}):
        problems.append(f"expected every column once, found several named {', '.join(map(repr, twice))}; rename them")
    if "" in header:
        problems.append("expected a name for every column, found an empty one; name or delete the column")
    if taken := [name for name in header if name in COMPUTED]:
        problems.append(
            f"expected other names for {', '.join(taken)}, found columns that are computed from the images; rename them"
        )
    if problems:
        raise InputError("\n".join(f"{path}, row 1: {text} (found: {', '.join(header)})" for text in problems))
