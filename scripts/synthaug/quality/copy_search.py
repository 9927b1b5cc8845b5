"""Does a generator return its training images? The search for each image's nearest training image, and its controls.

A copy may be flipped, rotated, shifted, noisy, and of other brightness and contrast, and the generator was trained on
augmented images. The search therefore goes over all images that the generator saw, both flips, rotations in steps of
7.5 degrees and shifts of up to 4 px. It compares blurred central discs by correlation, which brightness and contrast do
not change. A coarse search of all of them makes a shortlist, whose fit is then refined.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from scipy import ndimage

from synthaug.imaging import grids

SIDE, BLUR_PX = 32, 2.0  # px of the reduced images' side; sigma of the blur before, in px of the ROI
ANGLES = 16  # coarse rotations of a full turn, 22.5 degrees apart
FINE_DEG = (-7.5, 0.0, 7.5)  # rotations tried around each coarse one
SHIFT = 2  # px of a reduced image: 4 px of one of 64, the largest translation of classic augmentation (section 3.1)
SHORTLIST, POSES = 24, 3  # images compared in detail with each query, and (rotation, flip) of each
STEPS = [(x, y) for y in range(-SHIFT, SHIFT + 1) for x in range(-SHIFT, SHIFT + 1)]  # shifts of the first search
POLISHED = 12  # of these images, whose fit is refined
POLISH_STEPS = (1.0, 0.5, 0.25)
ROTATIONS = [(0.0, 0.0, 2.5 * turn) for turn in (-1, 0, 1)]  # x, y in px of a reduced image, degrees
SHIFTS = [(0.5 * x, 0.5 * y, 0.0) for y in (-1, 0, 1) for x in (-1, 0, 1)]
BLOCK = 24  # queries at a time; bounds the memory, changes no result
NOISE = (0.05, 0.25)  # of planted copies: standard deviation, as a share of the image's own
BRIGHTNESS, CONTRAST = 25.0, (0.75, 1.0)  # of these: largest change in gray levels (never beyond 0-255); factors
PLANTED_SHIFT_PX = 4.0  # of these: largest shift in x and in y, as far as the search goes
CONTROLS = 25  # copies planted in each audit, and as many to set its threshold
# A copy may be this many times farther from its original than the farthest that was planted to set the threshold.
MARGIN = 3.0
FOUND = 0.95  # share of the planted copies of a class that a valid audit finds at least
CLEAR = 0.5  # as a share of its original's distance to another lesion, how far a clear copy is at most
COLUMNS = ["distance", "row", "flipped", "rotation_deg", "shift_x_px", "shift_y_px"]


def reduced(images: np.ndarray) -> torch.Tensor:
    """Blur uint8 images (n, 64, 64) and reduce them to float32 (n, 32, 32), 0-255."""
    blurred = ndimage.gaussian_filter(images.astype(np.float32), BLUR_PX, axes=(1, 2), mode="nearest")
    side = images.shape[1] // SIDE
    return torch.from_numpy(blurred.reshape(len(images), SIDE, side, SIDE, side).mean(axis=(2, 4)))


class Search:
    """The training images, ready to be searched.

    Parameters
    ----------
    images
        uint8 (n, 64, 64).
    lesions
        str (n,): the lesion that each shows.
    """

    def __init__(self, images: np.ndarray, lesions: np.ndarray):
        self.lesions = np.asarray(lesions)
        self.reduction = images.shape[1] // SIDE  # px of an image to one of a reduced image
        self.images = reduced(images)
        self.coarse = [_templates(_halved(_shifted(self.images, step))) for step in torch.tensor(STEPS)]

    def nearest(self, images: np.ndarray, exclude: np.ndarray | None = None) -> pd.DataFrame:
        """Return the nearest training image of each of ``images``, uint8 (n, 64, 64), and how it must be moved.

        Parameters
        ----------
        exclude
            str (n,): for each image the lesion whose training images are left out.

        Returns
        -------
        DataFrame with `COLUMNS`: ``distance``, 1 - correlation; ``row``, the place among the training images; and how
        that training image is to be moved, see `moved`.
        """
        small = reduced(images)
        parts = []
        for first in range(0, len(small), BLOCK):
            block = slice(first, first + BLOCK)
            forbidden = np.zeros((len(small[block]), len(self.lesions)), bool)
            if exclude is not None:
                forbidden = np.asarray(exclude)[block, np.newaxis] == self.lesions
            parts.append(self._block(small[block], torch.from_numpy(forbidden)))
        return pd.concat(parts, ignore_index=True)

    def _block(self, images: torch.Tensor, forbidden: torch.Tensor) -> pd.DataFrame:
        rows, flipped, angle, step = self._shortlist(images, forbidden)
        count, kept = rows.shape
        tries = len(FINE_DEG)
        # In detail: each candidate as it was shifted in the first search, the query at rotations around the coarse one.
        windows = _templates(_shifted(self.images[rows.flatten()], step.flatten(0, 1))).reshape(count, kept, -1)
        angles = angle.unsqueeze(-1) + torch.tensor(FINE_DEG)
        turned = _posed(images, flipped.flatten().repeat_interleave(tries), angles.flatten())
        queries = _centred(turned).reshape(count, kept, tries, -1)
        best, attempt = (queries * windows.unsqueeze(2)).sum(-1).max(2)
        of_image, pose = best.reshape(count, -1, POSES).max(2)
        chosen = of_image.topk(min(POLISHED, of_image.shape[1]), dim=1).indices
        order = chosen * POSES + pose.gather(1, chosen)
        each = torch.arange(count).unsqueeze(1)
        rows, flipped, whole = rows[each, order], flipped[each, order], step[each, order].flatten(0, 1)
        angle = angles[each, order, attempt[each, order]]
        windows = windows[each, order].flatten(0, 1)
        best, angle, part = _polished(images, windows, flipped.flatten(), angle.flatten())
        best, winner = best.reshape(rows.shape).max(1)
        chosen = torch.arange(count) * rows.shape[1] + winner
        missing = forbidden.all(1).numpy()  # nothing to compare with
        movement = (-(whole + part) * self.reduction)[chosen].numpy().astype(float)
        return pd.DataFrame(
            {
                "distance": np.where(missing, np.nan, (1 - best).clamp(min=0).numpy()),
                "row": rows.flatten()[chosen].numpy(),
                "flipped": flipped.flatten()[chosen].numpy(),
                "rotation_deg": (angle[chosen] % 360).numpy().astype(float),
                "shift_x_px": movement[:, 0],
                "shift_y_px": movement[:, 1],
            }
        )

    def _shortlist(self, images: torch.Tensor, forbidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return rows, flips, rotations (n, k) and steps (n, k, 2) in which the halved images correlate most."""
        count = len(images)
        angles = (torch.arange(ANGLES) * (360 / ANGLES)).repeat(2)
        flips = torch.tensor([False, True]).repeat_interleave(ANGLES)
        queries = _centred(_posed(_halved(images), flips.repeat(count), angles.repeat(count)))
        similar = torch.full((len(queries), len(self.images)), -1.0)
        for windows in self.coarse:
            torch.maximum(similar, queries @ windows.T, out=similar)
        similar = similar.reshape(count, len(angles), -1).masked_fill_(forbidden.unsqueeze(1), -1.0)
        best, of_image = similar.topk(POSES, dim=1)  # round lesions fit about as well in many poses
        images_kept = best[:, 0].topk(min(SHORTLIST, best.shape[2])).indices
        rows = images_kept.repeat_interleave(POSES, dim=1)
        poses = of_image.transpose(1, 2)[torch.arange(count).unsqueeze(1), images_kept].flatten(1)
        chosen = queries.reshape(count, len(angles), -1)[torch.arange(count).unsqueeze(1), poses]
        steps = torch.stack([(chosen * windows[rows]).sum(-1) for windows in self.coarse]).argmax(0)
        return rows, flips[poses], angles[poses], torch.tensor(STEPS)[steps]


def _polished(
    images: torch.Tensor, windows: torch.Tensor, flipped: torch.Tensor, angle: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return correlation, rotation and further shift (x, y; px of a reduced image) of the best fit to ``windows``.

    There are as many windows, flips and rotations for each image, those of the first image first.
    """
    shift = torch.zeros(len(windows), 2)
    for step in POLISH_STEPS:
        for moves in (ROTATIONS, SHIFTS):
            tried = torch.tensor(moves) * step
            angles = angle.unsqueeze(1) + tried[:, 2]
            shifts = shift.unsqueeze(1) + tried[:, :2]
            turned = _posed(images, flipped.repeat_interleave(len(moves)), angles.flatten(), shifts.flatten(0, 1))
            fits = (_centred(turned).reshape(len(windows), len(moves), -1) * windows.unsqueeze(1)).sum(-1)
            best, place = fits.max(1)
            chosen = torch.arange(len(windows))
            angle, shift = angles[chosen, place], shifts[chosen, place]
    return best, angle, shift


def _halved(images: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(images.unsqueeze(1), 2).squeeze(1)


@functools.cache
def _disc(side: int) -> torch.Tensor:
    """Return which pixels of (side * side) lie within the disc that shifted images still fill: their numbers."""
    offset = torch.arange(side) - (side - 1) / 2
    inside = (offset[:, None] ** 2 + offset**2).sqrt() <= side * (0.5 - SHIFT / SIDE)
    return inside.flatten().nonzero().squeeze(1)


def _templates(images: torch.Tensor) -> torch.Tensor:
    """Return the discs of images (n, side, side), `_centred`."""
    return _centred(images.flatten(1).index_select(1, _disc(images.shape[-1])))


def _centred(pixels: torch.Tensor) -> torch.Tensor:
    """Return discs (n, pixels) of mean 0 and length 1, so that products are correlations.

    Constant ones are 0: they correlate with nothing.
    """
    pixels = pixels - pixels.mean(1, keepdim=True)
    length = pixels.norm(dim=1, keepdim=True)
    return torch.where(length > 1e-3, pixels / length.clamp(min=1e-3), torch.zeros(()))


def _shifted(images: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Return images (n, side, side) seen ``step`` px (x, y) further right and down: one for all, (2,), or (n, 2)."""
    side = images.shape[-1]
    place = torch.arange(side)
    if step.dim() == 1:
        columns, rows = ((place + part).clamp(0, side - 1) for part in step)
        return images.index_select(1, rows).index_select(2, columns)
    columns = (place + step[:, :1]).clamp(0, side - 1)
    rows = (place + step[:, 1:]).clamp(0, side - 1)
    pixels = rows[:, :, None] * side + columns[:, None, :]
    return images.flatten(1).gather(1, pixels.flatten(1)).reshape(images.shape)


def _posed(
    images: torch.Tensor, flipped: torch.Tensor, angle_deg: torch.Tensor, shift_px: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the discs of images that are flipped left-right, rotated anticlockwise and shifted by (x, y) px.

    Parameters
    ----------
    images
        float32 (n, side, side).
    flipped, angle_deg, shift_px
        (n * poses,) and (n * poses, 2): as many poses for each image, those of the first image first.

    Returns
    -------
    torch.Tensor
        float32 (n * poses, pixels of the disc).
    """
    count, side = len(angle_deg), images.shape[-1]
    angle = torch.deg2rad(angle_deg.float())
    sign = torch.where(flipped, -1.0, 1.0)
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack([torch.stack([sign * cos, -sign * sin], 1), torch.stack([sin, cos], 1)], 1)
    offset = torch.zeros(count, 2, 1)
    if shift_px is not None:
        offset = -theta @ (shift_px / (side / 2)).unsqueeze(-1)
    positions = grids.at(torch.cat([theta, offset], 2).numpy(), side, _disc(side).numpy())
    seen = torch.nn.functional.grid_sample(
        images.unsqueeze(1),
        positions.reshape(len(images), count // len(images), -1, 2),
        mode="bilinear",
        padding_mode="border",
        align_corners=False,
    )
    return seen.reshape(count, -1)


@dataclass(frozen=True)
class Audit:
    """What the search found for the images of one generator and class."""

    nearest: pd.DataFrame
    """One row per synthetic image: `COLUMNS`; ``threshold``; ``alarm``; and ``apart``, the distance from the nearest
    training image to the nearest one of another lesion, NaN with one lesion."""
    unseen: np.ndarray
    """(n,) distances of real images that the generator never saw."""
    chance: float
    """The share of unseen real images expected to raise an alarm; with few of them it is more than was asked for."""
    planted: int
    found: int
    """How many of the ``planted`` copies of training images raised an alarm."""

    @property
    def ratio(self) -> float:
        """The median distance of the synthetic images over that of the unseen real ones."""
        return float(self.nearest["distance"].median() / np.median(self.unseen)) if len(self.unseen) else np.nan

    @property
    def authentic(self) -> float:
        """The share of synthetic images that are no nearer to their nearest training image than that one is to the
        nearest image of another lesion (after Alaa et al. 2022); NaN with one lesion."""
        known = self.nearest["apart"].notna()
        return float((self.nearest["distance"] >= self.nearest["apart"])[known].mean())

    def summary(self) -> dict[str, float]:
        """Return the audit in numbers.

        ``images``; how many of them are ``flagged``; how many of these are ``clear`` copies, much nearer to their
        training image than that one is to any other lesion, because a few real lesions that look alike can raise
        many alarms; the other numbers have the names of their attributes. Of variations also how many are as near to
        their parent as copies are, which is ``meant``: these are not among the flagged ones.
        """
        likeness = self.nearest["distance"] / self.nearest["apart"]
        alarm, further = self.nearest["alarm"], {}
        if "meant" in self.nearest:
            alarm, further = alarm & ~self.nearest["meant"], {"meant": int(self.nearest["meant"].sum())}
        clear = alarm & ~(likeness > CLEAR)  # with one lesion there is no other to compare with
        counts = {"images": len(self.nearest), "flagged": int(alarm.sum()), "clear": int(clear.sum()), **further}
        return counts | {name: getattr(self, name) for name in ("chance", "planted", "found", "ratio", "authentic")}


def of_variations(found: Audit, lesions: np.ndarray, parents: np.ndarray) -> Audit:
    """Return the audit of variations of real images: those that are as near to their own parent as copies are meant so.

    Parameters
    ----------
    lesions
        str (n,): the lesion of each training image that was searched.
    parents
        str: the lesion that each synthetic image is a variation of.

    Returns
    -------
    An audit whose table ``nearest`` also has ``parent``, and ``meant`` where an alarm is that of the parent.
    """
    nearest = found.nearest.assign(parent=parents)
    own = lesions[nearest["row"].to_numpy()] == parents
    return replace(found, nearest=nearest.assign(meant=nearest["alarm"] & own))


def missed(audits: pd.DataFrame) -> pd.DataFrame:
    """Return the classes in which too few planted copies were found: there the audit is not valid.

    Parameters
    ----------
    audits
        `Audit.summary` of each class and choice of folds, with ``class``.

    Returns
    -------
    DataFrame of ``planted`` and ``found``, one row per class, which is the index.
    """
    totals = audits.groupby("class", sort=False)[["planted", "found"]].sum()
    return totals[totals["found"] < FOUND * totals["planted"]]


def audit(
    synthetic: np.ndarray,
    train: np.ndarray,
    lesions: np.ndarray,
    unseen: np.ndarray,
    false_alarm: float,
    random: np.random.Generator,
) -> Audit:
    """Find the nearest training image of every synthetic one, and those synthetic images that are too near.

    Two conditions make an alarm. The image is nearer to a training image than all but the share ``false_alarm`` of real
    images that the generator never saw. And it is no farther than a copy can be, `MARGIN` times the farthest of
    `CONTROLS` planted ones, because images with little structure resemble each other too. Further planted copies then
    show how many copies this threshold finds. Without unseen images there is no threshold and no alarm.

    Parameters
    ----------
    synthetic, train, unseen
        uint8 (n, 64, 64): the generator's images, all that it was trained on, and real images of the test folds.
    lesions
        str (n,): the lesion of each training image.
    """
    search = Search(train, lesions)
    nearest = search.nearest(synthetic)
    distances = search.nearest(unseen)["distance"].to_numpy() if len(unseen) else np.empty(0)
    planted = [plant(train[random.permutation(len(train))[:CONTROLS]], random) for _ in range(2)]
    calibration, controls = (search.nearest(images)["distance"].to_numpy() for images in planted)
    usual = np.quantile(distances, false_alarm, method="lower") if len(unseen) else np.nan
    threshold = np.minimum(usual, MARGIN * calibration.max())  # NaN without unseen images
    parents, place = np.unique(nearest["row"], return_inverse=True)
    others = search.nearest(train[parents], exclude=search.lesions[parents])["distance"].to_numpy()[place]
    found = int((controls < threshold).sum())
    nearest = nearest.assign(threshold=threshold, alarm=nearest["distance"] < threshold, apart=others)
    allowed = int(false_alarm * (len(distances) - 1)) + 1
    chance = min(1.0, allowed / (len(distances) + 1)) if len(distances) else np.nan
    return Audit(nearest, distances, chance, len(controls), found)


def plant(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return disguised copies of uint8 images (n, 64, 64), of the same type and shape; an audit must find them.

    Each is flipped or not, rotated (odd rows by a multiple of 90 degrees, even ones by any angle), shifted by up to
    4 px in x and y, changed in brightness and contrast, and given white noise.
    """
    count = len(images)
    flipped = random.random(count) < 0.5
    quarter = 90 * random.integers(0, 4, count)
    angle = np.where(np.arange(count) % 2, quarter, random.uniform(0, 360, count))
    shift = random.uniform(-PLANTED_SHIFT_PX, PLANTED_SHIFT_PX, (count, 2))
    contrast = random.uniform(*CONTRAST, count)
    brightness = random.random(count)
    noise = random.uniform(*NOISE, count) * images.std(axis=(1, 2))
    result = np.empty_like(images)
    for i, image in enumerate(images):
        copy = moved(image, flipped[i], angle[i], *shift[i])
        middle = copy.mean()
        copy = middle + contrast[i] * (copy - middle)
        darker, brighter = min(BRIGHTNESS, copy.min()), min(BRIGHTNESS, 255 - copy.max())
        copy += -darker + (darker + brighter) * brightness[i]
        copy += noise[i] * random.standard_normal(copy.shape)
        result[i] = np.rint(np.clip(copy, 0, 255))
    return result


def moved(image: np.ndarray, flipped: bool, rotation_deg: float, shift_x_px: float, shift_y_px: float) -> np.ndarray:
    """Shift an image (side, side), then rotate it clockwise about its centre, then flip it left-right.

    Returns
    -------
    float64 (side, side), cubic interpolation; beyond the image its edge repeats.
    """
    angle = np.deg2rad(rotation_deg)
    inverse = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # acts on (y, x)
    inverse = inverse @ np.diag([1, -1 if flipped else 1])
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - inverse @ centre - (shift_y_px, shift_x_px)
    return ndimage.affine_transform(image.astype(float), inverse, offset, order=3, mode="nearest")
