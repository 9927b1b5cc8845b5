"""Transformations of slices with their boxes: what may be drawn, and the slices that it gives.

A slice is mirrored, enlarged about its centre and moved, and its boxes with it; turns are left out, because a turned
box is no box. A mosaic shows parts of four slices. Every pixel is sampled once, with bicubic interpolation. Then the
gray values are changed, see `gray_changes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from synthaug import seeding
from synthaug.detection import box_lists
from synthaug.imaging import bicubic, gray_changes, grids, random_changes

MOSAIC = "mosaic"
# What leaves a slice as it is, by the names of the config. Shifts are shares of the side, to the right and down.
NEUTRAL = {"zoom": 1.0, "shift_x": 0.0, "shift_y": 0.0, MOSAIC: 0.0, **gray_changes.NEUTRAL}
MIRRORS = ("left_right", "up_down")
PARTS = 4  # of a mosaic
CENTRE = (0.35, 0.65)  # where the parts of a mosaic meet, as shares of the side
VISIBLE = 0.25  # a box of which less is left than this share is ignored


@dataclass(frozen=True)
class Tile:
    """A part of a transformed slice: which slice it shows, and how that lies on it.

    Attributes
    ----------
    source
        Row of the slice.
    zoom, move
        float64 (2,): x and y of the slice, in px, times ``zoom`` plus ``move`` are those on the transformed one.
    region
        x0, y0, x1, y1 of the part, whole px.
    """

    source: int
    zoom: np.ndarray
    move: np.ndarray
    region: tuple[int, int, int, int]


def draw(random: np.random.Generator, count: int, chances: dict) -> pd.DataFrame:
    """Draw transformations of ``count`` slices.

    Parameters
    ----------
    chances
        See `random_changes.draw`; by the names of `NEUTRAL` and `MIRRORS`, which are the columns of the result. The
        number of ``mosaic`` is the zoom of its four slices.
    """
    return random_changes.draw(random, count, chances, NEUTRAL, MIRRORS)


def places(most: int, chances: dict) -> int:
    """Return how many boxes a transformed slice may have if slices have at most ``most``."""
    return PARTS * most if MOSAIC in chances else most


def apply(
    images: torch.Tensor, boxes: np.ndarray, labels: np.ndarray, table: pd.DataFrame, rows: np.ndarray, most: int
) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    """Return some of the slices transformed as ``table`` says.

    Parameters
    ----------
    images
        uint8 (n, side, side), of all slices: a mosaic shows any of them.
    boxes, labels
        float (n, k, 4) and int (n, k), see `box_lists`.
    table
        From `draw`, a row a slice.
    rows
        int (m,): the slices that are wanted.
    most
        Boxes that there is room for, see `places`.

    Returns
    -------
    tuple
        uint8 (m, side, side) on the device of ``images``, float32 (m, most, 4) and int64 (m, most). Beyond the border
        of a slice lies gray value 0.
    """
    side = images.shape[-1]
    made = torch.zeros(len(rows), side, side, device=images.device)
    new_boxes = np.zeros((len(rows), most, 4), np.float32)
    new_labels = np.full((len(rows), most), box_lists.EMPTY)
    for place, row in enumerate(rows):
        first = 0
        for tile in tiles(table, row, side):
            x0, y0, x1, y1 = tile.region
            made[place, y0:y1, x0:x1] = _sampled(images[tile.source], tile)
            last = first + labels.shape[1]
            new_boxes[place, first:last], new_labels[place, first:last] = moved(
                boxes[tile.source], labels[tile.source], tile
            )
            first = last
    made = gray_changes.apply(made / 255, table.iloc[rows])
    return (made * 255).round_().to(torch.uint8), new_boxes, new_labels


def tiles(table: pd.DataFrame, row: int, side: int) -> Iterator[Tile]:
    """Yield the parts of the slice in a ``row`` of ``table``: the whole slice itself, or those of a mosaic."""
    zoom = table[MOSAIC].iat[row]
    if zoom == 0:
        yield Tile(row, *_affine(table, row, side), (0, 0, side, side))
        return
    random = seeding.stream(int(table[random_changes.SEED].iat[row]), MOSAIC)
    sources = [row, *random.integers(len(table), size=PARTS - 1).tolist()]
    middle = np.rint(random.uniform(*CENTRE, 2) * side).astype(int)
    for part, source in enumerate(random.permutation(sources).tolist()):
        own_zoom, own_move = _affine(table, source, side)
        right_down = np.array([part % 2, part // 2], bool)
        start, end = np.where(right_down, middle, 0), np.where(right_down, side, middle)
        # The slice covers its part, or, where it is too small, lies within it.
        corner = start + random.random(2) * (end - start - zoom * side)
        yield Tile(source, zoom * own_zoom, zoom * own_move + corner, (*start.tolist(), *end.tolist()))


def _affine(table: pd.DataFrame, row: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    mirrored = np.array([table[name].iat[row] for name in MIRRORS])
    zoom = np.where(mirrored, -1.0, 1.0) * table["zoom"].iat[row]
    shift = np.array([table[name].iat[row] for name in ("shift_x", "shift_y")])
    return zoom, side / 2 * (1 - zoom) + shift * side


def _sampled(image: torch.Tensor, tile: Tile) -> torch.Tensor:
    """Return a part of a transformed slice, float (rows, columns) from 0 to 255."""
    side = len(image)
    x0, y0, x1, y1 = tile.region
    if (tile.zoom == 1).all() and (tile.move == 0).all():
        return image[y0:y1, x0:x1].float()
    # From px of the transformed slice to px of the slice, then in coordinates from -1 to 1.
    zoom, move = 1 / tile.zoom, -tile.move / tile.zoom
    maps = np.zeros((1, 2, 3))
    maps[0, [0, 1], [0, 1]], maps[0, :, 2] = zoom, zoom - 1 + 2 * move / side
    positions = grids.grid(maps, side)[:, y0:y1, x0:x1].to(image.device)
    return bicubic.sample(bicubic.prepare(image[None].float(), "zeros"), positions)[0]


def moved(boxes: np.ndarray, labels: np.ndarray, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
    """Return where boxes, (k, 4), with their labels, (k,), lie in a part of a transformed slice.

    Those that the part does not show are empty; those of which it shows little are ignored.
    """
    corners = boxes.reshape(-1, 2, 2).astype(np.float64) * tile.zoom + tile.move
    corners = np.sort(corners, axis=1)
    whole = np.diff(corners, axis=1).prod((1, 2))
    start, end = np.array(tile.region, np.float64).reshape(2, 2)
    corners = np.clip(corners, start, end)
    seen = np.diff(corners, axis=1).prod((1, 2))
    little = (labels > box_lists.EMPTY) & (seen < VISIBLE * whole)
    found = np.where(little, box_lists.IGNORED_LABEL, labels)
    found = np.where(seen > 0, found, box_lists.EMPTY)
    return np.where(found[:, None] == box_lists.EMPTY, 0, corners.reshape(-1, 4)), found
