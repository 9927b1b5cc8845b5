"""The pages of a sheet: A4, with cells of square pictures below a caption, and a file that no cohort makes large.

All cells share the bytes that a sheet has for its pictures. A picture is stored without loss if it fits into its part,
and as a JPEG otherwise, in as many pixels as fit.
"""

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from fpdf import FPDF
from PIL import Image

from synthaug.terms.short_ids import shortened

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 210, 297, 10  # mm, of A4
CELL_WIDTH, CELL_GAP, PICTURE_GAP = 93, 4, 1.5  # mm
HEAD, LINE = 14, 3.4  # mm: height of a page's title and legend, and of a line of a caption
MOST_BYTES = 8_000_000  # of all pictures of a sheet; with text and outlines it stays below 10 MB
MOST_OF_CELL = 24_000  # bytes of the pictures of a cell
MOST_PX = 220  # largest side of a picture
LEAST_PX = 16
QUALITY, SMALLER = 80, 0.8  # of a JPEG; factor of its side until it fits
FONT, GREY = "Helvetica", 96
DATE = datetime(2000, 1, 1, tzinfo=UTC)  # the same cases give the same bytes
LEAST_LETTERS = 9  # of an id that is shortened


@dataclass(frozen=True)
class Frame:
    """A square of an image, and where it is on the page.

    Attributes
    ----------
    x, y, side
        Of the frame on the page, mm.
    left, top, width
        The square that it shows, px of the image; pixel centres are integers.
    """

    x: float
    y: float
    side: float
    left: float
    top: float
    width: float

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the image, float (n, 2) as x and y in px, lie on the page, mm."""
        return (points - [self.left, self.top]) * (self.side / self.width) + [self.x, self.y]


class Sheet:
    """A PDF that is drawn cell by cell.

    Parameters
    ----------
    cells
        How many cells will be drawn; they share the bytes of the file.
    """

    def __init__(self, cells: int):
        self._most = min(MOST_OF_CELL, MOST_BYTES // max(1, cells))
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_creation_date(DATE)

    def save(self, path: Path) -> None:
        """Write the sheet."""
        path.write_bytes(bytes(self._pdf.output()))

    def page(self, title: str, legend: str) -> None:
        """Begin a page."""
        self._pdf.add_page()
        self._write(MARGIN, MARGIN, title, 11, PAGE_WIDTH - 2 * MARGIN, bold=True)
        self._write(MARGIN, MARGIN + 4.5, legend, 7, PAGE_WIDTH - 2 * MARGIN)

    def cell(self, number: int, pictures: int, caption: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[float, ...]]:
        """Write the caption of a cell and return where its pictures go: x, y and side in mm.

        Parameters
        ----------
        number
            Of the cell on its page, from 0; there are `cells_on_page` of them.
        pictures
            How many pictures stand side by side.
        caption
            Lines with ``{}`` for ids, and these ids, which are shortened if a line is too long; the first one is bold.
        """
        side, height = _sizes(pictures, len(caption))
        x = MARGIN + number % 2 * (CELL_WIDTH + CELL_GAP)
        y = MARGIN + HEAD + number // 2 * height
        for place, (pattern, ids) in enumerate(caption):
            first = place == 0
            size = 8 if first else 7
            text = self._fitted(pattern, ids, size, first)
            self._write(x, y + LINE * place, text, size, CELL_WIDTH, bold=first)
        top = y + LINE * len(caption) - 1
        return [(x + place * (side + PICTURE_GAP), top, side) for place in range(pictures)]

    def picture(self, frame: Frame, image: np.ndarray, share: float) -> None:
        """Show the part of ``image``, uint8 (rows, columns), that lies in the frame; what lies beyond it is black.

        Parameters
        ----------
        share
            Of the bytes of a cell, for this picture.
        """
        x0, y0 = (max(0, int(np.floor(start))) for start in (frame.left, frame.top))
        end_x, end_y = (int(np.ceil(start + frame.width)) + 1 for start in (frame.left, frame.top))
        part = image[y0:end_y, x0:end_x]
        (left, top), (right, bottom) = frame.place(
            np.array([[x0 - 0.5, y0 - 0.5], [x0 + part.shape[1] - 0.5, y0 + part.shape[0] - 0.5]])
        )
        self._pdf.set_fill_color(0)
        self._pdf.rect(frame.x, frame.y, frame.side, frame.side, style="F")
        with self._pdf.rect_clip(frame.x, frame.y, frame.side, frame.side):
            self._pdf.image(stored(part, int(share * self._most)), left, top, right - left, bottom - top)

    def lines(self, frame: Frame, lines: Sequence[np.ndarray], colour: tuple[int, int, int]) -> None:
        """Draw polylines, each float (n, 2) as x and y in px of the image, within the frame."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(0.25)
        with self._pdf.rect_clip(frame.x, frame.y, frame.side, frame.side):
            for line in lines:
                self._pdf.polyline(frame.place(line).round(3).tolist())

    def label(self, frame: Frame, x: float, y: float, text: str) -> None:
        """Write on a picture, white with a dark edge; its middle lies at the fractions ``x`` and ``y`` of it."""
        self._pdf.set_font(FONT, size=6)
        left = frame.x + x * frame.side - self._pdf.get_string_width(text) / 2
        base = frame.y + y * frame.side + 0.75
        for dx, dy, grey in ((-0.15, 0, 0), (0.15, 0, 0), (0, -0.15, 0), (0, 0.15, 0), (0, 0, 255)):
            self._pdf.set_text_color(grey)
            self._pdf.text(left + dx, base + dy, text)
        self._pdf.set_text_color(0)

    def bar(self, frame: Frame, share: float, text: str) -> None:
        """Draw a scale bar that is ``share`` of the frame long."""
        x, y, length = frame.x + 0.05 * frame.side, frame.y + 0.95 * frame.side, share * frame.side
        for width, grey in ((0.7, 0), (0.4, 255)):
            self._pdf.set_line_width(width)
            self._pdf.set_draw_color(grey)
            self._pdf.line(x, y, x + length, y)
        self._pdf.set_font(FONT, size=6)
        half = self._pdf.get_string_width(text) / 2 / frame.side
        self.label(frame, 0.05 + half, 0.9, text)

    def _write(self, x: float, y: float, text: str, size: float, width: float, *, bold: bool = False) -> None:
        self._pdf.set_font(FONT, "B" if bold else "", size)
        while len(text) > LEAST_LETTERS and self._pdf.get_string_width(text) > width:
            text = shortened(text, len(text) - 1)
        self._pdf.text(x, y, text)

    def _fitted(self, pattern: str, ids: Sequence[str], size: float, bold: bool) -> str:
        """Return ``pattern`` with its ids, as long as fit into a cell's width."""
        self._pdf.set_font(FONT, "B" if bold else "", size)
        for letters in range(max(map(len, ids), default=LEAST_LETTERS), LEAST_LETTERS, -1):
            text = pattern.format(*(shortened(name, letters) for name in ids))
            if self._pdf.get_string_width(text) <= CELL_WIDTH:
                return text
        return pattern.format(*(shortened(name, LEAST_LETTERS) for name in ids))


def cells_on_page(pictures: int, lines: int) -> int:
    """Return how many cells of so many pictures and lines of caption a page has."""
    return 2 * int((PAGE_HEIGHT - 2 * MARGIN - HEAD + 4) // _sizes(pictures, lines)[1])


def _sizes(pictures: int, lines: int) -> tuple[float, float]:
    """Return the side of a picture and the height of a cell, mm."""
    side = (CELL_WIDTH - (pictures - 1) * PICTURE_GAP) / pictures
    return side, LINE * lines + side + 3.5


def stored(image: np.ndarray, most: int) -> Image.Image | io.BytesIO:
    """Return an image, uint8 (rows, columns), in a form that takes at most ``most`` bytes in a PDF.

    It is no larger than `MOST_PX`, without any loss if that fits, and else a JPEG, as large as fits.
    """
    picture = _reduced(Image.fromarray(np.ascontiguousarray(image)), MOST_PX)
    if len(zlib.compress(picture.tobytes())) + picture.height <= most:
        return picture
    for side in _sides(max(picture.size)):
        file = io.BytesIO()
        _reduced(picture, side).save(file, "JPEG", quality=QUALITY, optimize=True)
        if file.tell() <= most:
            break
    file.seek(0)
    return file


def _sides(first: int) -> Iterator[int]:
    side = first
    while side > LEAST_PX:
        yield side
        side = int(side * SMALLER)
    yield LEAST_PX


def _reduced(picture: Image.Image, most: int) -> Image.Image:
    """Return a picture whose larger side is ``most`` px or less, each of its pixels a mean."""
    if max(picture.size) <= most:
        return picture
    size = [max(1, round(length * most / max(picture.size))) for length in picture.size]
    return picture.resize(size, Image.Resampling.BOX)


def evenly(count: int, most: int) -> np.ndarray:
    """Return at most ``most`` of the numbers 0 ... ``count`` - 1, spread evenly, int64."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).round().astype(int)
