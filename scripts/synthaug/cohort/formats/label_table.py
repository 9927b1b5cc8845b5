"""A CSV file of labels: a row an image, with its name and its class, or a column of 0 and 1 for each class."""

from pathlib import Path

from synthaug.cohort.formats import via
from synthaug.cohort.formats.found import Found, Row
from synthaug.cohort.formats.source import Source
from synthaug.errors import InputError
from synthaug.files import user_tables

IMAGE = ("image", "image_id", "image_name", "imagename", "filename", "file_name", "file", "img", "path", "image_path",
         "id", "name")  # fmt: skip
CLASS = ("class", "label", "diagnosis", "dx", "category", "target", "finding", "labels", "classname")
PATIENT = ("patient", "patient_id", "patientid", "subject", "subject_id")
MODALITY = ("modality", "image_modality", "imaging_modality")
OF_CASES = {"lesion", "patient", "class", "image"}


def recognised(source: Source) -> bool:
    """Return whether a CSV file has columns for the image and its class, and is neither of VIA nor a case table."""
    return len(_tables(source)) > 0


def read(source: Source) -> Found:
    """Return a row for each row of the file.

    Raises
    ------
    InputError
        If there are several such files, an image is not there, or a row has no class.
    """
    tables = _tables(source)
    if len(tables) != 1:
        raise InputError(
            f"{source.root}: expected one CSV file of labels, found {len(tables)}; name it itself, in FROM="
        )
    path = tables[0]
    header, rows = user_tables.read(path, "a table of labels", "FROM=")
    user_tables.check_even(path, header, rows)
    low = [name.lower() for name in header]
    at_image = low.index(_first(low, IMAGE))
    at_class, one_hot = _class_columns(source, header, rows)
    patient = _first(low, PATIENT)
    found, missing, unlabelled, skipped = Found(whole=True, modality=_modality(low, rows)), [], [], set()
    for number, cells in rows:
        image = source.image(cells[at_image], path.parent)
        if image is None:
            missing.append(cells[at_image])
            continue
        with found.each():
            cls = cells[at_class] if at_class >= 0 else _hot(path, number, header, cells, one_hot)
            if not cls and source.options.skip_incomplete:
                unlabelled.append(f"row {number}")
                skipped.add(image)
                continue
            if not cls:
                raise InputError(
                    f"{path}, row {number}: expected a class, found an empty cell; fill it, or give INCOMPLETE=skip"
                )
            found.rows.append(Row(image, cls, patient=cells[low.index(patient)] if patient else ""))
    source.without_images(found, missing)
    found.note(unlabelled, "rows have no class and were left out")
    listed = skipped | {row.image for row in found.rows}
    others = [name for name in source.images if name not in listed]
    found.note([source.inner(each) for each in others], "images are not in the table and were left out")
    return found


def _tables(source: Source) -> list[Path]:
    found = []
    for path in source.files(".csv"):
        try:
            header, rows = user_tables.read(path, "a table of labels", "FROM=")
        except InputError:
            continue  # of another program
        low = [name.lower() for name in header]
        others = set(low) >= OF_CASES or set(via.HEADER) <= set(low)
        at_class, one_hot = _class_columns(source, header, rows)
        if _first(low, IMAGE) and (at_class >= 0 or len(one_hot) > 1) and not others:
            found.append(path)
    return found


def _modality(names: list[str], rows: user_tables.Rows) -> str:
    """Return the modality of all rows, as the table has it; "" if it has none, or several."""
    name = _first(names, MODALITY)
    values = {cells[names.index(name)] for _, cells in rows} if name else set()
    return values.pop() if len(values) == 1 else ""


def _class_columns(source: Source, header: list[str], rows: user_tables.Rows) -> tuple[int, list[int]]:
    """Return the column of the class, or -1 and the columns that hold 0 and 1 alone."""
    if source.options.column in header:
        return header.index(source.options.column), []
    low = [name.lower() for name in header]
    if name := _first(low, CLASS):
        return low.index(name), []
    even = [cells for _, cells in rows if len(cells) == len(header)]
    return -1, [at for at in range(len(header)) if even and {cells[at] for cells in even} <= {"0", "1", "0.0", "1.0"}]


def _hot(path: Path, number: int, header: list[str], cells: list[str], columns: list[int]) -> str:
    chosen = [header[at] for at in columns if float(cells[at])]
    if len(chosen) != 1:
        raise InputError(
            f"{path}, row {number}: expected a 1 in one column of classes, found {', '.join(chosen) or 'none'}; a row "
            "has one class"
        )
    return chosen[0]


def _first(names: list[str], known: tuple[str, ...]) -> str:
    return next((name for name in known if name in names), "")
