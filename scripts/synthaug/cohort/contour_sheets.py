"""Contour sheets: every lesion with its outline, as the workflow reads it, for someone who knows the anatomy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import patches, patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from skimage import measure, transform

from synthaug.cohort import case_table, near_duplicates
from synthaug.cohort.cases import lesion_on_slice
from synthaug.errors import InputError
from synthaug.imaging import intensity

PAGE = (8.27, 11.69)  # inch, A4
GRID = (5, 2)  # rows and columns of cells on a page; a cell holds two square panels
CONTEXT = 1.0  # diameters of tissue shown on each side of the lesion
MIN_SIDE = 40  # px, smallest close-up
CLOSE, OVERVIEW = 220, 140  # px, largest width at which a close-up and a whole slice are drawn
ORANGE, BLUE = "#E69F00", "#56B4E9"  # of the palette of Okabe and Ito, distinct for colour-blind readers
HALO = [patheffects.withStroke(linewidth=2, foreground="black")]


@dataclass(frozen=True)
class Params:
    """What the contour sheets need.

    Attributes
    ----------
    intensity
        As `imaging.intensity.limits` takes it: the sheets show what the ROIs will.
    duplicate_correlation
        Two images of different patients are reported if their thumbnails correlate by this much or more.
    """

    intensity: dict
    duplicate_correlation: float


@dataclass(frozen=True)
class Lesion:
    """One lesion as drawn: its row of cases.csv, the key slice, float32 (y, x) in 0-1, and the outline, bool (y, x)."""

    row: pd.Series
    image: np.ndarray
    mask: np.ndarray


def write(cases: pd.DataFrame, table_path: Path, params: Params, path: Path) -> pd.DataFrame:
    """Write the sheets, a PDF, and return the suspected duplicates (see `near_duplicates.pairs`), which it draws too.

    Parameters
    ----------
    cases
        Checked cases of the table ``table_path``.

    Raises
    ------
    InputError
        If an image cannot be read or has no contrast.
    """
    table = case_table.read_table(table_path).set_index("lesion")
    cases = cases.assign(image=cases["lesion"].map(table["image"]))

    def read(row: pd.Series) -> Lesion:
        return _read(row, table.loc[row["lesion"]], Path(table_path).parent, params)

    # No date and no tool's version: the same cases give the same bytes.
    with PdfPages(path, metadata={"CreationDate": None, "Creator": None, "Producer": None}) as pdf:
        thumbnails = _write_lesions(pdf, cases, read, params)
        duplicates = near_duplicates.pairs(cases, thumbnails, params.duplicate_correlation)
        _write_pairs(pdf, duplicates, cases.set_index("lesion", drop=False), read)
    return duplicates


def _read(row: pd.Series, annotation: pd.Series, folder: Path, params: Params) -> Lesion:
    """Read a lesion by its row of cases.csv and its row of the case table, which lies in ``folder``."""
    image, mask = lesion_on_slice({**annotation.to_dict(), "slice": row["slice"]}, folder)
    try:
        limits = intensity.limits(image, params.intensity)
    except InputError as error:
        raise InputError(f"lesion {row['lesion']}, {annotation['image']}: {error}") from error
    return Lesion(row, intensity.unit(image, *limits), mask)


def _write_lesions(
    pdf: PdfPages, cases: pd.DataFrame, read: Callable[[pd.Series], Lesion], params: Params
) -> np.ndarray:
    """Write the pages of all lesions, class by class; return the thumbnail of each case, float64 (n, 1024)."""
    low, high = params.intensity["low"], params.intensity["high"]
    grey = f"{low:g} to {high:g}" if params.intensity["mode"] == "window" else f"percentiles {low:g} to {high:g}"
    legend = f"Outline as annotated, and the whole slice with the place of the close-up. Grey levels: {grey}."
    thumbnails = np.zeros((len(cases), near_duplicates.SIDE**2))
    for cls, rows in cases.groupby("class"):
        for start, page in _pages(rows):
            figure = _page(f"{cls}: lesions {start + 1} to {start + len(page)} of {len(rows)}", legend)
            for cell, (number, row) in enumerate(page.iterrows()):
                lesion = read(row)
                thumbnails[number] = near_duplicates.thumbnail(lesion.image, 0, 1)
                _draw_lesion(figure, cell, lesion)
            pdf.savefig(figure)
    return thumbnails


def _write_pairs(
    pdf: PdfPages, duplicates: pd.DataFrame, by_lesion: pd.DataFrame, read: Callable[[pd.Series], Lesion]
) -> None:
    """Write the pages of the suspected duplicates."""
    for start, page in _pages(duplicates):
        count = f"pairs {start + 1} to {start + len(page)} of {len(duplicates)}"
        advice = "If they are, give both the same patient id, or leave one out."
        figure = _page(f"Possibly the same scan under two patients: {count}", advice)
        for cell, pair in enumerate(page.itertuples()):
            both = [read(by_lesion.loc[name]) for name in (pair.lesion_a, pair.lesion_b)]
            _draw_pair(figure, cell, both, f"correlation {pair.correlation:.3f}")
        pdf.savefig(figure)


def _pages(rows: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    size = GRID[0] * GRID[1]
    return ((start, rows.iloc[start : start + size]) for start in range(0, len(rows), size))


def _page(title: str, legend: str) -> Figure:
    figure = Figure(figsize=PAGE)
    figure.text(0.4 / PAGE[0], 0.975, title, fontsize=11, weight="bold", va="center")
    figure.text(0.4 / PAGE[0], 0.957, legend, fontsize=7, va="center")
    return figure


def _panels(figure: Figure, cell: int, name: str, details: str) -> list[Axes]:
    """Write a cell's caption and return its two square axes, black where there is no image."""
    width, height = PAGE
    side, left, top = 1.76, 0.4 + cell % GRID[1] * 3.78, 0.62 + cell // GRID[1] * 2.2
    figure.text(left / width, 1 - (top + 0.12) / height, name, fontsize=8, weight="bold", va="center")
    figure.text(left / width, 1 - (top + 0.27) / height, details, fontsize=7, va="center")
    panels = []
    for number in range(2):
        box = (left + number * (side + 0.05), height - top - 0.36 - side, side, side)
        axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height), facecolor="black")
        axes.set(xticks=[], yticks=[])
        panels.append(axes)
    return panels


def _draw_lesion(figure: Figure, cell: int, lesion: Lesion) -> None:
    row = lesion.row
    measured = pd.notna(row["diameter_mm"])
    size = f"{row['diameter_mm']:.1f} mm ({row['diameter_px']:.0f} px)" if measured else f"{row['diameter_px']:.0f} px"
    place = [f"slice {row['slice']}"] if measured else []
    extra = ["extra set"] if row["set"] == "extra" else []
    details = ", ".join([f"patient {row['patient']}", *place, size, *extra])
    close, whole = _panels(figure, cell, row["lesion"], details)
    side = max(MIN_SIDE, row["diameter_px"] * (1 + 2 * CONTEXT))
    x, y = row["center_x_px"], row["center_y_px"]
    _show(close, lesion.image, (x - side / 2, y - side / 2, side))
    _outline(close, lesion.mask)
    _scale_bar(close, side, row["spacing_x_mm"] if measured else None)
    _whole(whole, lesion)
    corner = (x - side / 2, y - side / 2)
    whole.add_patch(patches.Rectangle(corner, side, side, fill=False, edgecolor=BLUE, linewidth=0.7))


def _draw_pair(figure: Figure, cell: int, both: list[Lesion], details: str) -> None:
    name = " and ".join(f"{lesion.row['lesion']} (patient {lesion.row['patient']})" for lesion in both)
    for axes, lesion in zip(_panels(figure, cell, name, details), both, strict=True):
        _whole(axes, lesion)
        _outline(axes, lesion.mask)


def _whole(axes: Axes, lesion: Lesion) -> None:
    rows, columns = lesion.image.shape
    side = max(rows, columns)
    _show(axes, lesion.image, ((columns - side) / 2 - 0.5, (rows - side) / 2 - 0.5, side), most=OVERVIEW)
    if pd.notna(lesion.row["spacing_x_mm"]):  # a volume, so its sides are known; radiological convention
        for letter, position in {"R": (0.03, 0.5), "L": (0.97, 0.5), "A": (0.5, 0.95), "P": (0.5, 0.05)}.items():
            style = {"color": "white", "fontsize": 6, "ha": "center", "va": "center", "path_effects": HALO}
            axes.text(*position, letter, transform=axes.transAxes, **style)


def _show(axes: Axes, image: np.ndarray, square: tuple[float, float, float], most: int = CLOSE) -> None:
    """Show a square (left, top, side in px) of an image in 0-1, at most ``most`` px wide."""
    left, top, side = square
    x0, y0 = (max(0, int(np.floor(start))) for start in (left, top))
    part = image[y0 : int(np.ceil(top + side)) + 1, x0 : int(np.ceil(left + side)) + 1]
    extent = (x0 - 0.5, x0 + part.shape[1] - 0.5, y0 + part.shape[0] - 0.5, y0 - 0.5)
    if max(part.shape) > most:
        shape = [max(1, round(n * most / max(part.shape))) for n in part.shape]
        part = transform.resize_local_mean(part.astype(float), shape)
    grey = np.round(np.clip(part, 0, 1) * 255).astype(np.uint8)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="none")
    axes.set(xlim=(left, left + side), ylim=(top + side, top))


def _outline(axes: Axes, mask: np.ndarray) -> None:
    for line in measure.find_contours(np.pad(mask, 1).astype(float), 0.5):
        axes.plot(line[:, 1] - 1, line[:, 0] - 1, color=ORANGE, linewidth=0.7)


def _scale_bar(axes: Axes, side: float, mm_per_px: float | None) -> None:
    width = side * (mm_per_px or 1)
    length = max(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if step <= max(1, 0.35 * width))
    left, fraction = 0.05, length / width
    bar = {"transform": axes.transAxes, "path_effects": HALO, "solid_capstyle": "butt"}
    axes.plot([left, left + fraction], [0.05, 0.05], color="white", linewidth=1.2, **bar)
    label = f"{length} {'mm' if mm_per_px else 'px'}"
    axes.text(left, 0.075, label, color="white", fontsize=6, transform=axes.transAxes, path_effects=HALO)
