"""What a format gives: rows that name files or hold pictures still to be written, and what it could not find."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from synthaug.errors import InputError

MOST = 20  # problems that are shown


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
    refused
        What is wrong with single files or annotations, a line each: all of it is to be known at once.
    """

    rows: list[Row] = field(default_factory=list)
    whole: bool = False
    modality: str = ""
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def each(self) -> Iterator[None]:
        """Go on after what is wrong with one of several things: an `InputError` within becomes lines of `refused`."""
        try:
            yield
        except InputError as error:
            lines = [line.strip() for line in str(error).splitlines()]
            self.refused += [line for line in lines if line not in self.refused]

    def require(self, where: Path) -> None:
        """Raise an `InputError` with everything that is wrong in ``where``, a line each, if there is any."""
        if len(self.refused) == 1:
            raise InputError(self.refused[0])
        if self.refused:
            raise InputError("\n  ".join([f"{where}: {len(self.refused)} problems", *listed(self.refused)]))

    def note(self, items: Sequence[object], text: str) -> None:
        """Add a note on ``items``, if there are any: how many, ``text``, and the first one."""
        if items:
            self.notes.append(f"{len(items)} {text}, such as {items[0]}")


def listed(problems: Sequence[str]) -> list[str]:
    """Return the first `MOST` problems, and how many there are beside them."""
    more = len(problems) - MOST
    return [*problems[:MOST], *([f"and {more} more"] if more > 0 else [])]
