"""What each task takes of the rows that a format gives, and what makes no sense for it."""

from dataclasses import replace

from synthaug.cohort.formats.found import Found, Row
from synthaug.errors import InputError

KINDS = {  # of annotation, the first that a row gives is taken
    "classification": ("mask", "polygon", "box"),
    "segmentation": ("mask", "polygon"),
    "detection": ("box", "mask", "polygon"),
}


def fitted(found: Found, task: str, classes: tuple[str, ...] = ()) -> Found:
    """Return what a task takes, each row with one kind of annotation.

    Parameters
    ----------
    classes
        Those that are wanted; all without any. Rows of others are left out.

    Raises
    ------
    InputError
        If the task needs what the format does not have, or no row remains.
    """
    if found.whole and task != "classification":
        raise InputError(
            f"task {task}: expected lesions that are drawn, found whole images with a class; this is for classification"
        )
    taken = Found([], found.whole, found.modality, list(found.notes))
    if unknown := [name for name in classes if name not in {row.cls for row in found.rows}]:
        raise InputError(f"CLASSES: expected classes that are there, found {unknown[0]}; correct it")
    others = [row.cls for row in found.rows if row.cls and classes and row.cls not in classes]
    taken.note(others, "rows of other classes were left out")
    empty = [row.image for row in found.rows if not row.cls] if task == "classification" else []
    if empty:
        taken.notes.append(f"{len(empty)} images without a lesion were left out: classification is of lesions")
    for row in found.rows:
        if row.cls and classes and row.cls not in classes:
            continue
        if row.cls or task != "classification":
            with taken.each():
                taken.rows.append(_with_one_kind(row, found.whole, task))
    if taken.refused:
        raise InputError(taken.refused[0] + (f" ({len(taken.refused)} lesions)" if len(taken.refused) > 1 else ""))
    if not any(row.cls for row in taken.rows):
        raise InputError("classes: expected lesions or images that have one, found none; name the right folder")
    return taken


def _with_one_kind(row: Row, whole: bool, task: str) -> Row:
    if whole or not row.cls:
        return row
    kind = next((kind for kind in KINDS[task] if getattr(row, kind)), None)
    if kind is None:
        raise InputError(
            f"task {task}: expected an outline of each lesion, found boxes alone ({row.image}); draw outlines, or give "
            "TASK=detection or TASK=classification"
        )
    others = {other: None if other == "mask" else "" for other in ("mask", "polygon", "box") if other != kind}
    return replace(row, **others, label=row.label if kind == "mask" else "")
