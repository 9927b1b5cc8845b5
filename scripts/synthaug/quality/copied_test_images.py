"""Which synthetic images are copies of images that models are tested on?

A copy may be flipped, turned by any angle, shifted by up to 4 px in x and y, noisy, and of other brightness and
contrast. `copy_search` asks how near a generator comes to what it was trained on, and warns. This search stops a run,
so it must not take a similar lesion for a copy, and blurred images of two round lesions are much the same. It compares
twice, by correlation over all these movements. Coarse structures, of about 12 to 30 px, find the pairs that are alike.
Details, of about 6 to 20 px, decide: without their mean on each ring about the centre, which round lesions share, and
with strong edges cut down to the level of grain, because two skulls share theirs.

That is not enough for whole slices of heads: what a generator leaves smooth has no details, and what is left of the
skull and of the rest below it decides. So a copy must also be clearly more like the test image than like any image that
its generator may have been trained on. A generator that never saw the test patient is nearest to those it saw.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage, optimize
from skimage import transform

SIDE = 64  # px of the images that are compared; others are resized
CENTRE = (SIDE - 1) / 2
REACH_PX = 4 * 2**0.5  # of 4 px in x and in y, turned by any angle
MARGIN = int(REACH_PX)
RADIUS_PX = SIDE / 2 - 6  # of the disc that is compared, which a shifted image still fills
ALIKE = 0.9  # correlation of coarse structures from which on details are compared
NEAR = 0.8  # correlation of details from which on the movement is refined
COPY = 0.8  # correlation of details, cut down, from which on an image is a copy
# By how much correlation a copy is more like the test image than like any that its generator may have been trained on.
# Of 214 slices of heads made by a generator that never saw the test patients, 16 reached COPY, the highest of them with
# 0.01 more than for a training slice; 60 disguised copies of test slices had 0.07 more or above.
CLEARLY = 0.04
GRAIN = 5.0  # gray levels to which details are cut down
DEGREES_PER_STEP = 2.0  # of the refinement, which takes a step of 1 for 1 px
BLOCK = 2e7  # correlations at a time; bounds the memory, changes no result
COLUMNS = ["sample", "row", "correlation"]


def _shifts() -> np.ndarray:
    steps = np.arange(-MARGIN, MARGIN + 1)
    shifts = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    return shifts[np.hypot(*shifts.T) <= REACH_PX]


SHIFTS = _shifts()  # px (y, x), int (s, 2)


@dataclass(frozen=True)
class Scale:
    """Structures of one size: what is left of an image that is smoothed once, less the same image smoothed more.

    Attributes
    ----------
    smooth_px, less_px
        Sigma of both.
    every
        Every how many px in x and y they are compared.
    turns
        At how many angles of a full turn.
    """

    smooth_px: float
    less_px: float
    every: int
    turns: int

    def pixels(self) -> np.ndarray:
        """Return the places (y, x) that are compared, in px from the centre, float (p, 2)."""
        side = np.arange(self.every // 2, SIDE, self.every) - CENTRE
        places = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
        return places[np.hypot(*places.T) <= RADIUS_PX]

    def poses(self) -> list[tuple[bool, float]]:
        """Return every flip and turn, in degrees."""
        return [(flipped, 360 * turn / self.turns) for flipped in (False, True) for turn in range(self.turns)]

    def structures(self, images: np.ndarray) -> np.ndarray:
        """Return the structures of images (n, 64, 64), float32."""
        images = images.astype(np.float32)
        smooth, less = (
            ndimage.gaussian_filter(images, sigma, axes=(1, 2), mode="nearest")
            for sigma in (self.smooth_px, self.less_px)
        )
        return smooth - less

    def shifted(self, structures: np.ndarray) -> np.ndarray:
        """Return the templates of structures (n, 64, 64) at all `SHIFTS`, float32 (n, s, p)."""
        padded = np.pad(structures, [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)], mode="edge")
        places = (self.pixels() + CENTRE + MARGIN).astype(int)
        rows, columns = (places[:, axis] + SHIFTS[:, axis, None] for axis in (0, 1))
        return _templates(padded[:, rows, columns])

    def posed(self, structures: np.ndarray) -> np.ndarray:
        """Return the templates of structures (64, 64) in all poses, float32 (poses, p)."""
        places = np.stack([_flipped(_turned(self.pixels(), angle), flip) for flip, angle in self.poses()])
        return _templates(_at(ndimage.spline_filter(structures, output=np.float32), places))


COARSE = Scale(smooth_px=2.0, less_px=6.0, every=4, turns=48)
DETAILS = Scale(smooth_px=1.0, less_px=3.0, every=1, turns=96)


class Search:
    """The images that models are tested on, ready to be looked for.

    Parameters
    ----------
    images
        uint8 (n, rows, columns); others than of 64 x 64 px are resized.
    """

    def __init__(self, images: np.ndarray):
        resized = _resized(images)
        self._count = len(resized)
        templates = [COARSE.posed(structures) for structures in COARSE.structures(resized)]
        self._coarse = np.ascontiguousarray(np.concatenate(templates).T) if templates else np.empty((0, 0))
        self._details = DETAILS.structures(resized)

    def pairs(self, images: np.ndarray) -> pd.DataFrame:
        """Return the pairs that are alike in their coarse structures, and how alike they are in details.

        Parameters
        ----------
        images
            Synthetic ones, uint8 (n, rows, columns).

        Returns
        -------
        DataFrame with `COLUMNS`: ``sample`` and ``row``, the place of the synthetic and of the test image;
        ``correlation`` of their details under the best movement. From `COPY` on it is a copy.
        """
        resized = _resized(images)
        found = np.concatenate([np.empty((0, 2), int), *self._alike(resized)])
        results = []
        for row in np.unique(found[:, 1]):
            posed = DETAILS.posed(self._details[row])
            for sample in found[found[:, 1] == row, 0]:
                query = DETAILS.structures(resized[sample : sample + 1])
                results.append((sample, row, self._detailed(query, int(row), posed)))
        return pd.DataFrame(results, columns=COLUMNS).sort_values(["sample", "row"], ignore_index=True)

    def _alike(self, images: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the pairs (sample, row), int (n, 2), that are alike in their coarse structures."""
        if not self._count:
            return
        block = max(1, int(BLOCK // (len(SHIFTS) * self._coarse.shape[1])))
        for first in range(0, len(images), block):
            templates = COARSE.shifted(COARSE.structures(images[first : first + block]))
            products = templates.reshape(-1, templates.shape[2]) @ self._coarse
            best = products.reshape(*templates.shape[:2], -1).max(axis=1).reshape(len(templates), self._count, -1)
            yield np.argwhere(best.max(axis=2) >= ALIKE) + np.array([first, 0])

    def _detailed(self, query: np.ndarray, row: int, posed: np.ndarray) -> float:
        """Return the best correlation of the details of a query, float32 (1, 64, 64), with those of a test image."""
        products = DETAILS.shifted(query)[0] @ posed.T
        shift, pose = np.unravel_index(products.argmax(), products.shape)
        flip, angle = DETAILS.poses()[pose]
        movement = np.array([angle / DEGREES_PER_STEP, *SHIFTS[shift]])
        return _speckled(query[0], self._details[row], flip, movement, refine=products[shift, pose] >= NEAR)


def tested(units: pd.DataFrame, folds: pd.DataFrame, unit: str, trained: str) -> pd.DataFrame:
    """Return the units that a model is tested on: those outside the folds that it was trained on.

    Parameters
    ----------
    units, folds
        Tables with a column ``unit``; the second with ``fold``. Extra units, which have no fold, are left out.
    trained
        The training folds, a digit each, such as ``"12"``.

    Returns
    -------
    The rows of ``units``, with ``row``, their place there, and ``fold``.
    """
    outside = folds[~folds["fold"].astype(str).isin(list(trained))].set_index(unit)["fold"]
    rows = units.reset_index(names="row")
    return rows[rows[unit].isin(outside.index)].assign(fold=rows[unit].map(outside)).reset_index(drop=True)


def nearer_to_others(suspects: pd.DataFrame, images: np.ndarray, others: np.ndarray) -> pd.DataFrame:
    """Return the pairs in ``suspects`` whose synthetic image is as much like one of ``others``, within `CLEARLY`.

    Parameters
    ----------
    suspects
        Rows of `Search.pairs`.
    images
        The synthetic images of that search.
    others
        What the generator may have been trained on, uint8 (n, rows, columns).
    """
    samples = suspects["sample"].unique()
    pairs = Search(others).pairs(images[samples])
    highest = pairs.groupby(samples[pairs["sample"].to_numpy(int)])["correlation"].max()
    return suspects[suspects["correlation"] <= suspects["sample"].map(highest).fillna(-1.0) + CLEARLY]


def copies(pairs: pd.DataFrame, test: pd.DataFrame, unit: str) -> Iterator[tuple[int, str]]:
    """Yield the place of each synthetic image that is a copy, and in words the test image that it is most alike.

    Parameters
    ----------
    pairs
        From `Search.pairs`, those that are copies.
    test
        Of each test image, in their order: the column ``unit``, ``patient`` and ``fold``.
    """
    for pair in pairs.loc[pairs.groupby("sample")["correlation"].idxmax()].itertuples():
        original = test.loc[pair.row]
        whose = f"{unit} {original[unit]} of patient {original['patient']}, fold {original['fold']:.0f}"
        yield pair.sample, f"shows test {whose} (correlation of details {pair.correlation:.3f})"


def _speckled(query: np.ndarray, original: np.ndarray, flip: bool, movement: np.ndarray, *, refine: bool) -> float:
    """Return the correlation of two images' details, float32 (64, 64), cut down and without rings.

    Parameters
    ----------
    flip, movement
        How the original is moved onto the query: the turn in steps of `DEGREES_PER_STEP`, and the shift (y, x) in px.
    refine
        Whether a movement nearby, of which the details correlate best, is taken instead.
    """
    pixels, coefficients = DETAILS.pixels(), ndimage.spline_filter(query)
    target = _at(ndimage.spline_filter(original), _flipped(pixels, flip))

    def moved(steps: np.ndarray) -> np.ndarray:
        return _at(coefficients, _turned(pixels, -DEGREES_PER_STEP * steps[0]) + steps[1:])

    if refine:
        template = _templates(target)
        simplex = movement + np.array([[0, 0, 0], [0.8, 0, 0], [0, 0.5, 0], [0, 0, 0.5]])
        options = {"initial_simplex": simplex, "xatol": 0.02, "fatol": 1e-3, "maxfev": 120}
        movement = optimize.minimize(
            lambda steps: -float(_templates(moved(steps)) @ template), movement, method="Nelder-Mead", options=options
        ).x
    ring = np.rint(np.hypot(*pixels.T)).astype(int)
    grains = [np.clip(values, -GRAIN, GRAIN) for values in (moved(movement), target)]
    first, second = (_templates(_without_rings(values, ring)) for values in grains)
    return float(first @ second)


def _without_rings(values: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Return values (p,) less their mean on each ring, whose number ``ring``, int (p,), gives."""
    return values - (np.bincount(ring, values) / np.maximum(np.bincount(ring), 1))[ring]


def _resized(images: np.ndarray) -> np.ndarray:
    if images.shape[1:] == (SIDE, SIDE):
        return images
    resized = [transform.resize_local_mean(image.astype(np.float32), (SIDE, SIDE)) for image in images]
    return np.stack(resized) if resized else np.empty((0, SIDE, SIDE), np.float32)


def _turned(places: np.ndarray, degrees: float) -> np.ndarray:
    """Turn places (n, 2), in px from the centre."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return places @ np.array([[cos, sin], [-sin, cos]])


def _flipped(places: np.ndarray, flip: bool) -> np.ndarray:
    return places * (1, -1 if flip else 1)


def _at(coefficients: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the values of an image, given by its cubic splines, at places (..., 2) in px from the centre, float32."""
    where = np.moveaxis(places, -1, 0) + CENTRE
    return ndimage.map_coordinates(coefficients, where, np.float32, mode="nearest", prefilter=False)


def _templates(values: np.ndarray) -> np.ndarray:
    """Return values (..., p) centred and of length 1, so that products are correlations; constant ones are 0."""
    values = values - values.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    return np.where(length > 1e-3, values / np.maximum(length, 1e-3), 0).astype(np.float32)
