"""How all figures look and are written: colours that colour-blind readers can tell apart, the same bytes each time."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from synthaug.files import artifacts
from synthaug.terms import class_colours, uses
from synthaug.terms.arms import BASELINES

# The palette of Okabe and Ito (2008), without its yellow, which is faint on white.
ORANGE, SKY, GREEN, BLUE, VERMILLION, PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#777777"
INDIGO, WINE = "#332288", "#882255"  # of Tol's muted scheme; no vision confuses them with those above
# The paper draws classic red, synthetic blue, extra green.
ARM_STYLES = {
    "classic": {"color": VERMILLION, "marker": "o"},
    "placebo": {"color": GREY, "marker": "o"},
    "online": {"color": ORANGE, "marker": "X"},
    "mixup": {"color": WINE, "marker": "*"},
    "extra": {"color": GREEN, "marker": "^"},
    # Of segmentation, which has none of the above.
    "original": {"color": VERMILLION, "marker": "o"},
    "traditional": {"color": ORANGE, "marker": "X"},
    "both": {"color": WINE, "marker": "*"},
    "fresh": {"color": GREEN, "marker": "^"},
    "paste": {"color": GREY, "marker": "v"},
    # Of detection, which also has fresh and paste.
    "real": {"color": VERMILLION, "marker": "o"},
}
GENERATOR_COLOURS = (BLUE, PURPLE, SKY, INDIGO)
BASELINE_MARKERS = ("p", "h", "8", "d")
# A generator's images that are not mixed in have its colour, and this marker.
USE_MARKERS = {uses.PRETRAIN: ">", uses.GENMIX: "H", uses.WEIGHT: "p", uses.SELECT: "d"}
GENERATOR_MARKERS = ("s", "D", "v", "P", "<")  # one more than colours, so that twenty generators differ

STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.hashsalt": "synthaug",  # without it the ids in an SVG differ each time
}


def new(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` x ``height`` inches, drawn without a display."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)  # inches, and no space beyond them
    FigureCanvasAgg(figure)
    return figure


def style() -> matplotlib.rc_context:
    """Return the context in which a figure is to be built."""
    return matplotlib.rc_context(STYLE)


def settle(figure: Figure) -> None:
    """Lay the figure out and round the places: the solver's last bits vary from run to run, and an SVG shows them.

    It then has no layout engine. With one, also one that does nothing, each file takes two drawings instead of one.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    for part in figure.subfigs:
        part.bbox_relative.p0, part.bbox_relative.p1 = np.round(part.bbox_relative.get_points(), 6)
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position(original=True).bounds, 6), which="original")


def save(figure: Figure, *paths: str) -> None:
    """Write the figure to each path, in the format of its suffix (png, svg), with no date in it."""
    with style():
        settle(figure)
    for path in paths:
        metadata = {"Date": None} if path.endswith(".svg") else {}
        with artifacts.replacing(path) as temporary, style():
            figure.savefig(temporary, dpi=200, metadata=metadata)


def class_colour(classes: Sequence[str], name: str) -> str:
    """Return the colour of a class: fixed by its position, so it is the same in every figure."""
    return class_colours.of(classes, name)


def arm_style(arm: str, generators: Sequence[str]) -> dict[str, str]:
    """Return colour and marker of an arm; ``generators``, the arms of generators, are told apart by their position.

    Further uses of a generator's images have its colour. Arms that are no curve (baselines, discriminators) are gray.
    """
    if arm in ARM_STYLES:
        return dict(ARM_STYLES[arm])
    if uses.use_of(arm):
        return arm_style(uses.generator_of(arm), generators) | {"marker": USE_MARKERS[uses.use_of(arm)]}
    if arm not in generators:
        return {"color": GREY, "marker": BASELINE_MARKERS[BASELINES.index(arm)] if arm in BASELINES else "x"}
    place = list(generators).index(arm)
    return {
        "color": GENERATOR_COLOURS[place % len(GENERATOR_COLOURS)],
        "marker": GENERATOR_MARKERS[place % len(GENERATOR_MARKERS)],
    }


def show_image(axes: Axes, image: np.ndarray, frame: str | None = None) -> None:
    """Show a uint8 image on the fixed gray scale 0-255, its pixels as they are, framed in the colour ``frame``."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(visible=frame is not None, color=frame, linewidth=1.2)
