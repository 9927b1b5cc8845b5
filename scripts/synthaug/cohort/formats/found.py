"""What a format gives: rows that name files or hold pictures still to be written, and what it could not find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Drawn:
    """A picture that is not there as a file: its name, without a suffix, and a function that returns its pixels.

    The pixels are uint8 or uint16 (y, x); of a mask, 0 and 255.
    """

    name: str
    pixels: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Row:
    """A lesion, a box, or an image on which nothing is.

    Attributes
    ----------
    image
        A picture, a volume, or a folder with one DICOM series.
    cls
        The class as the format has it; "" if nothing is there.
    mask, label, polygon, box
        What is drawn, as the case table has it; a row may give several of them, of which the task takes one.
    patient
        Where the format says whose the image is; "" otherwise.
    """

    image: Path | Drawn
    cls: str = ""
    mask: Path | Drawn | None = None
    label: str = ""
    polygon: str = ""
    box: str = ""
    patient: str = ""


def is_drawn(row: Row) -> bool:
    """Return whether something is drawn in a row."""
    return bool(row.mask or row.polygon or row.box)


@dataclass
class Found:
    """What lies in a folder.

    Attributes
    ----------
    rows
        In the order of the table.
    whole
        Whether the rows are about whole images: nothing is drawn.
    modality
        Such as CT or MR, where the format says it; "" otherwise.
    notes
        What was left out and why, what is not known, a sentence each.
    """

    rows: list[Row] = field(default_factory=list)
    whole: bool = False
    modality: str = ""
    notes: list[str] = field(default_factory=list)

    def note(self, items: Sequence[object], text: str) -> None:
        """Add a note on ``items``, if there are any: how many, ``text``, and the first one."""
        if items:
            self.notes.append(f"{len(items)} {text}, such as {items[0]}")
