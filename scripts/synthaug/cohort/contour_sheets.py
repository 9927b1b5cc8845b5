"""Contour sheets: every lesion with its outline and as the network sees it, for someone who knows the anatomy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import ImageColor
from skimage import measure

from synthaug.cohort import case_table, duplicates, near_duplicates, shared_images, sheet_pages
from synthaug.cohort.drawn_lesions import Lesion, Reader, as_gray
from synthaug.cohort.sheet_pages import Frame, Sheet
from synthaug.terms import class_colours

CONTEXT = 1.0  # diameters of tissue shown on each side of the lesion
MIN_SIDE = 40  # px, smallest close-up
LESIONS, PAIRS = 1000, 100  # the most that are drawn
LESION_CELL, PAIR_CELL = (3, 3), (2, 3)  # pictures side by side, and lines of the caption
WHOLE_CELL = (2, 3)  # likewise of a lesion, where the network sees whole slices
MOST_POINTS = 200  # of an outline
ORANGE, BLUE = (230, 159, 0), (86, 180, 233)  # of the palette of Okabe and Ito, distinct for colour-blind readers
SIDES = {"R": (0.05, 0.5), "L": (0.95, 0.5), "A": (0.5, 0.05), "P": (0.5, 0.95)}
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # mm or px, lengths of scale bars


@dataclass(frozen=True)
class Params:
    """What the contour sheets need.

    Attributes
    ----------
    intensity
        As `imaging.intensity.limits` takes it: the sheets show what the ROIs will.
    duplicate_correlation
        Two images of different patients are reported if their thumbnails correlate by this much or more.
    margin
        Tissue on each side of the lesion that the network sees, as a fraction of its diameter; None if it sees whole
        slices.
    classes
        The classes, whose outlines have their colours, on the whole slice, too; None: all outlines are orange, and on
        the close-up only.
    boxes
        Whether an annotated box is drawn as it is, since it is what the network learns; if not, as the ellipse inside
        it, which then stands for the lesion.
    """

    intensity: dict
    duplicate_correlation: float
    margin: float | None
    classes: list[str] | None = None
    boxes: bool = False

    def colour(self, cls: str) -> tuple[int, int, int]:
        """Return the colour of the outline of a lesion: red, green and blue, 0 to 255."""
        return ImageColor.getrgb(class_colours.of(self.classes, cls)) if self.classes and cls else ORANGE

    def drawn(self, lesion: Lesion, width: float) -> list[np.ndarray]:
        """Return what is drawn of a lesion in a picture that shows ``width`` px, as `outlines` does."""
        return [rectangle(lesion.box)] if self.boxes and lesion.box is not None else outlines(lesion.mask, width)


def write(
    cases: pd.DataFrame, table_path: Path, params: Params, units: pd.DataFrame, seen: np.ndarray, path: Path
) -> pd.DataFrame:
    """Write the sheets, a PDF below 10 MB, and return the suspected duplicates, see `duplicates.table`; it draws both.

    Of more than `LESIONS` lesions so many are drawn, spread evenly over the classes; of the pairs the first `PAIRS`.

    Parameters
    ----------
    cases
        Checked cases of the table ``table_path``.
    units, seen
        The task's samples and their images, see `drawn_lesions.Reader`.

    Raises
    ------
    InputError
        If an image cannot be read or has no contrast.
    """
    table = case_table.read_table(table_path)
    rows = table.reset_index().set_index("lesion").loc[cases["lesion"]]
    cases = cases.assign(image=rows["image"].to_numpy(), row=rows["row"].to_numpy())
    read = Reader(table, Path(table_path).parent, params.intensity, units, seen).read
    sheet = Sheet(min(len(cases), LESIONS) + PAIRS)
    thumbnails = draw_lesions(sheet, cases, read, params)
    shared = shared_images.pairs(cases[["image", "patient"]], Path(table_path).parent)
    found = duplicates.table(cases, thumbnails, params.duplicate_correlation, shared)
    draw_pairs(sheet, found, cases.set_index("lesion", drop=False), read, params)
    sheet.save(path)
    return found


def draw_lesions(sheet: Sheet, cases: pd.DataFrame, read: Callable[[pd.Series], Lesion], params: Params) -> np.ndarray:
    """Draw the pages of the lesions, class by class; return the thumbnail of each case, float64 (n, 1024).

    Cases without class, where nothing is there, have a thumbnail only.
    """
    low, high = params.intensity["low"], params.intensity["high"]
    gray = f"{low:g} to {high:g}" if params.intensity["mode"] == "window" else f"percentiles {low:g} to {high:g}"
    order = np.argsort(cases["class"].to_numpy(), kind="stable")
    lesions = order[(cases["class"] != "").to_numpy()[order]]
    drawn = set(lesions[sheet_pages.evenly(len(lesions), LESIONS)])
    thumbnails = np.zeros((len(cases), near_duplicates.SIDE**2))
    size = sheet_pages.cells_on_page(*(WHOLE_CELL if params.margin is None else LESION_CELL))
    for cls, rows in cases.iloc[order].groupby("class"):
        shown, place = int(rows.index.isin(drawn).sum()), 0
        for number, row in rows.iterrows():
            lesion = read(row)
            thumbnails[number] = near_duplicates.thumbnail(lesion.image, 0, 1)
            if number not in drawn:
                continue
            if place % size == 0:
                of = f"{shown}" if shown == len(rows) else f"{shown} drawn, {len(rows)} in all"
                title = f"{cls}: lesions {place + 1} to {min(place + size, shown)} of {of}"
                sheet.page(title, f"{_legend(lesion, params)} Gray levels: {gray}.")
            _draw_lesion(sheet, place % size, lesion, params)
            place += 1
    return thumbnails


def _legend(lesion: Lesion, params: Params) -> str:
    """Say what the pictures of a lesion show."""
    if params.boxes:
        return "From left to right: what is annotated, up close and on the whole slice."
    if params.margin is None:
        return "From left to right: the outline as annotated, and the whole slice."
    if lesion.mask.all():  # as everywhere in a cohort without annotations
        return "Nothing is outlined: the network sees whole images, as in the middle (not augmented)."
    return (
        "From left to right: the outline as annotated, what the network sees (not augmented), and the whole slice. "
        "Blue: what the network sees."
    )


def draw_pairs(
    sheet: Sheet, found: pd.DataFrame, by_lesion: pd.DataFrame, read: Callable[[pd.Series], Lesion], params: Params
) -> None:
    """Draw the pages of the suspected duplicates, see `duplicates.table`."""
    size = sheet_pages.cells_on_page(*PAIR_CELL)
    shown = found.head(PAIRS)
    legend = "If they are, give both the same patient id, or leave one out."
    for place, pair in enumerate(shown.itertuples()):
        if place % size == 0:
            of = f"{len(shown)}" if len(shown) == len(found) else f"{len(shown)} drawn, {len(found)} in all"
            pairs = f"pairs {place + 1} to {min(place + size, len(shown))} of {of}"
            sheet.page(f"Possibly the same scan under two patients: {pairs}", legend)
        both = [read(by_lesion.loc[name]) for name in (pair.lesion_a, pair.lesion_b)]
        _draw_pair(sheet, place % size, both, pair, params)


def _draw_lesion(sheet: Sheet, cell: int, lesion: Lesion, params: Params) -> None:
    margin, colour = params.margin, params.colour(lesion.row["class"])
    pictures, _ = WHOLE_CELL if margin is None else LESION_CELL
    close, *seen, whole = sheet.cell(cell, pictures, lesion_caption(lesion))
    x, y, side = close_up(lesion.row, 0 if lesion.mask.all() else CONTEXT)
    frame, gray = Frame(*close, x, y, side), as_gray(lesion.image)
    square = [] if margin is None else [seen_square(lesion.row, margin)]
    sheet.picture(frame, gray, 0.4)
    sheet.lines(frame, params.drawn(lesion, side), colour)
    sheet.lines(frame, square, BLUE)
    mm = lesion.row["spacing_x_mm"]
    length, unit = (bar_length(side * mm), "mm") if pd.notna(mm) else (bar_length(side), "px")
    sheet.bar(frame, length / (side * mm if unit == "mm" else side), f"{length} {unit}")
    if seen and lesion.seen is not None:
        rows, columns = lesion.seen.shape
        sheet.picture(Frame(*seen[0], *_square(rows, columns)), lesion.seen, 0.35)
    frame = _whole(sheet, whole, gray, lesion.placed, 0.25)
    sheet.lines(frame, square, BLUE)
    if params.classes:
        sheet.lines(frame, params.drawn(lesion, frame.width), colour)


def _draw_pair(sheet: Sheet, cell: int, both: list[Lesion], pair: tuple, params: Params) -> None:
    contradicting = "contradicting classes; " if pair.classes == duplicates.CONTRADICT else ""
    caption = [(f"{contradicting}{pair.found}, correlation {pair.correlation:.3f}", ())]
    caption += [("{}, patient {}, {}", (pair.lesion_a, pair.patient_a, pair.class_a or duplicates.NOTHING))]
    caption += [("{}, patient {}, {}", (pair.lesion_b, pair.patient_b, pair.class_b or duplicates.NOTHING))]
    for place, lesion in zip(sheet.cell(cell, PAIR_CELL[0], caption), both, strict=True):
        frame = _whole(sheet, place, as_gray(lesion.image), lesion.placed, 0.5)
        sheet.lines(frame, params.drawn(lesion, frame.width), params.colour(lesion.row["class"]))


def lesion_caption(lesion: Lesion) -> list[tuple[str, Sequence[str]]]:
    """Return the lines above a lesion, with ``{}`` for the ids, and these ids."""
    row = lesion.row
    measured = pd.notna(row["diameter_mm"])
    size = f"{row['diameter_mm']:.1f} mm ({row['diameter_px']:.0f} px)" if measured else f"{row['diameter_px']:.0f} px"
    size += " across"
    place = [f"slice {row['slice']}"] if measured else []
    extra = ["extra set"] if row["set"] == "extra" else []
    beyond = [f"{100 * lesion.beyond:.0f} % beyond the image"] if lesion.beyond else []
    details = ", ".join([*place, size, *extra, *beyond])
    return [("{}", [row["lesion"]]), ("patient {}", [row["patient"]]), (details, [])]


def close_up(row: pd.Series, context: float = CONTEXT) -> tuple[float, float, float]:
    """Return the square around a lesion that the first picture shows, with ``context`` diameters on each side.

    Returns
    -------
    Left, top and side in px.
    """
    side = max(MIN_SIDE, row["diameter_px"] * (1 + 2 * context))
    return row["center_x_px"] - side / 2, row["center_y_px"] - side / 2, side


def seen_square(row: pd.Series, margin: float) -> np.ndarray:
    """Return the corners of the square that the network sees, closed: float64 (5, 2), x and y in px."""
    half = row["diameter_px"] * (0.5 + margin)
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
    return corners * half + (row["center_x_px"], row["center_y_px"])


def rectangle(box: np.ndarray) -> np.ndarray:
    """Return the corners of a box, see `Lesion`, closed: float64 (5, 2), x and y in px; pixel centres are integers."""
    x0, y0, x1, y1 = box - 0.5
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])


def outlines(mask: np.ndarray, width: float) -> list[np.ndarray]:
    """Return the outlines of a mask, bool (y, x), for a picture that shows ``width`` px of it.

    Returns
    -------
    Polylines, float64 (n, 2), x and y in px, longest first, of at most `MOST_POINTS` points together: coarser than the
    picture shows only if they would have more. None of an empty mask.
    """
    if not mask.any():
        return []
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)
    found = [line[:, ::-1] - 1 + [columns[0], rows[0]] for line in measure.find_contours(part.astype(float), 0.5)]
    found.sort(key=len, reverse=True)
    tolerance = width / 1000
    lines = [measure.approximate_polygon(line, tolerance) for line in found[: MOST_POINTS // 4]]
    while sum(map(len, lines)) > MOST_POINTS and tolerance < width:
        tolerance *= 2
        lines = [measure.approximate_polygon(line, tolerance) for line in lines]
    many = np.cumsum([len(line) for line in lines]) > MOST_POINTS
    return [line for line, left_out in zip(lines, many, strict=True) if not left_out]


def bar_length(width: float) -> int:
    """Return the length of the scale bar of a picture that is ``width`` wide, in the same units, mm or px."""
    return max(step for step in STEPS if step <= max(1, 0.35 * width))


def _square(rows: int, columns: int) -> tuple[float, float, float]:
    """Return the square around a whole image: left, top and side in px."""
    side = max(rows, columns)
    return (columns - side) / 2 - 0.5, (rows - side) / 2 - 0.5, side


def _whole(sheet: Sheet, place: tuple[float, float, float], gray: np.ndarray, placed: bool, share: float) -> Frame:
    """Draw the whole slice; where its place is known, the sides are, too, in radiological convention."""
    frame = Frame(*place, *_square(*gray.shape))
    sheet.picture(frame, gray, share)
    if placed:
        for letter, (x, y) in SIDES.items():
            sheet.label(frame, x, y, letter)
    return frame
