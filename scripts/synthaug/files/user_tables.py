"""Tables that users give: comma-separated text, with messages that say what is wrong with the file."""

import csv
from pathlib import Path

from synthaug.errors import InputError

Rows = list[tuple[int, list[str]]]


def read(path: Path, what: str, where: str) -> tuple[list[str], Rows]:
    """Return the header of a CSV file, and its other rows with their numbers (the header is row 1); cells are stripped.

    Blank rows are left out; a byte-order mark is allowed.

    Parameters
    ----------
    what
        What the file holds, such as "the case table", for messages.
    where
        Where its path stands in the config, for messages.

    Raises
    ------
    InputError
        If it is empty or no comma-separated UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected {what}, found no file; check {where} in the config") from error
    except OSError as error:
        found = "a folder" if path.is_dir() else error.strerror
        raise InputError(f"{path}: expected {what}, found {found}; check {where} in the config") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, found other bytes; save the table as CSV UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{path}: expected comma-separated values, found {error}; save the table as CSV") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    if not lines:
        raise InputError(f"{path}: expected a header and rows, found an empty file; fill it")
    (_, header), *lines = lines
    if len(header) == 1 and (separator := next((mark for mark in ";\t" if mark in header[0]), None)):
        name = {";": "semicolons", "\t": "tabs"}[separator]
        raise InputError(f"{path}: expected columns separated by commas, found {name}; save the table with commas")
    return header, lines


def check_even(path: Path, header: list[str], rows: Rows) -> None:
    """Refuse rows that have more or fewer cells than the header; an `InputError` names all of them."""
    uneven = [
        f"{path}, row {number}: expected {len(header)} cells, found {len(cells)}; quote cells that hold a comma"
        for number, cells in rows
        if len(cells) != len(header)
    ]
    if uneven:
        raise InputError("\n".join(uneven))
