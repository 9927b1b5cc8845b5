"""Classic augmentation beside the libraries that people use for it: the paper's 480 maps of one lesion's crop.

Everyone samples the same affine maps of the same float32 crop to 64x64 on one thread, as cubic as the library can, and
applies the same intensity window. Whatever a peer can prepare once a map (matrices, transform objects) is not timed.
"""

import contextlib
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from unittest import mock

import cv2
import monai
import numpy as np
import SimpleITK as sitk
import torch
import torchio
from scipy import ndimage
from skimage import transform

from synthaug.classification import augment, augmentation_draws, rois
from synthaug.imaging import intensity
from tests.benchmarks import timing
from tests.helpers.augmentations import PAPER, REACH

PARAMS = rois.Params(0.25, "replace", True, "edge", {"mode": "window", "low": -60, "high": 200})
LOW, HIGH = -60.0, 200.0  # HU
DIAMETER = 56.5  # px; its crop is CROP px wide
CROP = 160
CHECKED = 48  # maps that the errors are measured on
SLOW = 48  # maps that a slow peer does at a time
BORDER = 12  # px at the crop's edge where the ends of a spline are a matter of taste
LEAST_CORRELATION = 0.99
WAVES = ((0.27, 0.05, 60, 0.3), (-0.11, 0.43, 30, 1.1), (0.52, 0.38, 15, 2.0))  # rad/px along x and y, HU, phase
PAPER_LESIONS = 182


def rows(rounds: int) -> list[timing.Row]:
    """Time each library in turns with `augment.apply`; notes hold the errors, in gray levels of 255."""
    crop, maps = phantom_crop(), paper_maps()
    exact = waves(positions(np.array([[[CROP / 2, 0, 0], [0, CROP / 2, 0]]]), CROP, CROP))[0].astype(np.float32)
    checked = maps[:CHECKED]
    truth = waves(positions(checked, CROP))
    ours_errors = {
        "ours_error": largest(ours_samples(crop, checked), convolved(crop, checked, -0.5), checked),
        "ours_true_error": rms(ours_samples(exact, checked), truth),
    }
    expected = ours_samples(crop, checked)
    timed, notes = {}, {}
    for name, peer in PEERS.items():
        sample = peer.prepare(checked)
        found = np.stack(sample(crop))
        _check_same(name, found, expected)
        full = f"{name} {version(peer.package)}"
        timed[full] = (_timed(peer.prepare(maps[: peer.maps]), crop), peer.maps)
        notes[full] = {
            "interpolation": peer.interpolation,
            **ours_errors,
            "their_error": largest(found, peer.reference(crop, checked), checked),
            "their_true_error": rms(np.stack(sample(exact)), truth),
        }
    given = f"given affine maps of a {CROP}x{CROP} crop to 64x64, cubic, one thread"
    drawn = "the same with each library's own random draws, as in a training pipeline"
    pipelines = {f"{name} {version(name)}": (_timed(sample(), crop), SLOW) for name, sample in PIPELINES.items()}
    with one_thread():
        ours = (lambda: augment.apply(crop, maps, LOW, HIGH), len(maps))
        result = timing.compare("augmentation", given, "images/s", ours, timed, rounds, notes)
        ours = (lambda: augment.apply(crop, paper_maps(), LOW, HIGH), len(maps))
        return result + timing.compare("augmentation", drawn, "images/s", ours, pipelines, rounds)


def paper_seconds() -> dict:
    """Time the paper's whole classic augmentation on one thread: 182 lesions, 480 images each."""
    slice_ = ndimage.gaussian_filter(np.random.default_rng(1).normal(60, 300, (512, 512)), 3).astype(np.float32)
    spent = dict.fromkeys(("draw", "lowpass", "matrices", "apply"), 0.0)
    images = 0

    def timed(stage: str, function: Callable, *arguments: object) -> object:
        began = time.perf_counter()
        result = function(*arguments)
        spent[stage] += time.perf_counter() - began
        return result

    with one_thread():
        for lesion, diameter in enumerate(np.linspace(15, 110, PAPER_LESIONS)):
            crop = rois.crop(slice_, 255.5, 255.5, diameter, PARAMS, REACH, 0)
            drawn = timed("draw", augmentation_draws.draw, np.random.default_rng(lesion), diameter, PAPER)
            crop = timed("lowpass", rois.lowpass, crop, diameter, PARAMS)
            maps = timed("matrices", augment.matrices, drawn, diameter, PARAMS)
            images += len(timed("apply", augment.apply, crop, maps, LOW, HIGH))
    return {"lesions": PAPER_LESIONS, "images": images, "seconds": sum(spent.values()), "by_stage": spent}


def phantom_crop() -> np.ndarray:
    """Return a crop like those of the phantom cohort, float32: a dark lesion in smoothed noise around 110 HU."""
    slice_ = 110 + 60 * ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(512, 512)), 1.2)
    y, x = np.mgrid[:512, :512] - 255.5
    inside = 1 / (1 + np.exp((np.hypot(x, y) - DIAMETER / 2) / 0.8))
    return rois.crop((slice_ - 70 * inside).astype(np.float32), 255.5, 255.5, DIAMETER, PARAMS, REACH, 0)


def paper_maps() -> np.ndarray:
    """Return the 480 maps of a lesion of DIAMETER, float64 (480, 2, 3)."""
    return augment.matrices(augmentation_draws.draw(np.random.default_rng(0), DIAMETER, PAPER), DIAMETER, PARAMS)


@contextlib.contextmanager
def one_thread():
    """Hold all libraries to one thread each."""
    before = torch.get_num_threads(), cv2.getNumThreads(), sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before[2])


def window(samples: list[np.ndarray]) -> np.ndarray:
    """Map LOW-HIGH to 0-255 as `augment.apply` does, uint8 (n, 64, 64)."""
    return np.rint(intensity.unit(np.stack(samples), LOW, HIGH) * 255).astype(np.uint8)


def _timed(sample: Callable, crop: np.ndarray) -> Callable:
    return lambda: window(sample(crop))


# Where the maps lead, in the terms of each library


def pixel_maps(maps: np.ndarray, crop: int, size: int = rois.SIZE) -> np.ndarray:
    """Turn maps from ROI coordinates into maps from pixel (column, row, 1) to the crop's (x, y), float64 (n, 2, 3)."""
    linear = maps[:, :, :2] * 2 / size
    offset = maps[:, :, 2] + (crop - 1) / 2 - linear.sum(axis=2) * (size - 1) / 2
    return np.concatenate([linear, offset[:, :, None]], axis=2)


def square(matrix: np.ndarray) -> np.ndarray:
    """Return the homogeneous 3x3 matrix of a 2x3 one."""
    return np.vstack([matrix, [0, 0, 1]])


def positions(maps: np.ndarray, crop: int, size: int = rois.SIZE) -> np.ndarray:
    """Return the positions (x, y) in px that the maps sample, float64 (n, size, size, 2)."""
    rows_, columns = np.mgrid[:size, :size]
    grid = np.stack([columns, rows_, np.ones_like(rows_)], axis=-1)
    return np.einsum("nij,rcj->nrci", pixel_maps(maps, crop, size), grid)


# What should come out


def waves(at: np.ndarray) -> np.ndarray:
    """Return plane waves around 70 HU at positions (..., 2): an image known everywhere, not only at its pixels."""
    return 70 + sum(height * np.sin(at @ (u, v) + phase) for u, v, height, phase in WAVES)


def convolved(crop: np.ndarray, maps: np.ndarray, a: float) -> np.ndarray:
    """Sample by Keys' cubic convolution with parameter ``a``, edges repeated, float64 (n, 64, 64)."""
    at = positions(maps, crop.shape[0])
    first = np.floor(at).astype(int) - 1
    total = np.zeros(at.shape[:-1])
    for j in range(4):
        for i in range(4):
            x, y = first[..., 0] + i, first[..., 1] + j
            weight = _keys(at[..., 0] - x, a) * _keys(at[..., 1] - y, a)
            total += weight * crop.astype(np.float64)[np.clip(y, 0, len(crop) - 1), np.clip(x, 0, len(crop) - 1)]
    return total


def _keys(distance: np.ndarray, a: float) -> np.ndarray:
    d = np.abs(distance)
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
    return np.where(d <= 1, near, np.where(d < 2, far, 0))


def splined(crop: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Sample by the interpolating cubic B-spline, edges mirrored, float64 (n, 64, 64)."""
    at = positions(maps, crop.shape[0])
    return ndimage.map_coordinates(crop.astype(np.float64), [at[..., 1], at[..., 0]], order=3, mode="mirror")


def largest(found: np.ndarray, expected: np.ndarray, maps: np.ndarray) -> float:
    """Return the largest difference in gray levels, away from the crop's edge, which few maps come near."""
    at = positions(maps, CROP)
    inside = ((at >= BORDER) & (at <= CROP - 1 - BORDER)).all(axis=-1)
    return float(np.abs(found - expected)[inside].max() * 255 / (HIGH - LOW))


def rms(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the root-mean-square difference in gray levels."""
    return float(np.sqrt(np.mean((found - expected) ** 2)) * 255 / (HIGH - LOW))


def ours_samples(crop: np.ndarray, maps: np.ndarray) -> np.ndarray:
    """Return what `augment.apply` samples before it applies the window, (n, 64, 64), its offset taken back."""
    with mock.patch.object(intensity, "unit", wraps=intensity.unit) as unit:
        augment.apply(crop, maps, LOW, HIGH)
    return np.concatenate([call.args[0] + float(LOW - call.args[1]) for call in unit.call_args_list])


def _check_same(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    for i, (one, other) in enumerate(zip(found, expected, strict=True)):
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        if not correlation > LEAST_CORRELATION:
            raise AssertionError(
                f"{name}, map {i}: expected our picture, found another (correlation {correlation:.4f}); "
                "its matrix is not the same map"
            )


# The peers: each takes the maps and returns a function from a crop to a list of float images


def scikit_image(maps: np.ndarray) -> Callable:
    matrices = [square(m) for m in pixel_maps(maps, CROP)]
    size = (rois.SIZE, rois.SIZE)
    return lambda crop: [  # without clip, which would look for the crop's extremes once a map
        transform.warp(crop, m, output_shape=size, order=3, mode="edge", clip=False, preserve_range=True)
        for m in matrices
    ]


def scipy_spline(maps: np.ndarray) -> Callable:
    linear_offset = [(m[::-1, 1::-1], m[::-1, 2]) for m in pixel_maps(maps, CROP)]  # (row, column)
    size = (rois.SIZE, rois.SIZE)

    def sample(crop: np.ndarray) -> list[np.ndarray]:
        spline = ndimage.spline_filter(crop, 3, output=np.float32, mode="nearest")  # once for all maps
        return [
            ndimage.affine_transform(spline, m, o, size, order=3, mode="nearest", prefilter=False)
            for m, o in linear_offset
        ]

    return sample


def opencv(maps: np.ndarray) -> Callable:
    matrices = list(pixel_maps(maps, CROP))
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (rois.SIZE, rois.SIZE)
    return lambda crop: [cv2.warpAffine(crop, m, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for m in matrices]


def albumentations_affine(maps: np.ndarray) -> Callable:
    """Prepare one pipeline of A.Affine and A.CenterCrop a map, as it cannot warp to another size.

    No transform takes a matrix, and the parameters of Affine cannot flip, so the matrix takes the place of the drawn
    one; around it a call runs as always. The image is not rotated first and resized afterwards, which would be two
    interpolations.
    """
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # else its import asks the network for a newer version
    import albumentations

    border = (CROP - rois.SIZE) / 2
    centered = np.array([[1, 0, border], [0, 1, border], [0, 0, 1]])

    class Affine(albumentations.Affine):
        def __init__(self, matrix: np.ndarray):
            super().__init__(interpolation=cv2.INTER_CUBIC, border_mode=cv2.BORDER_REPLICATE, p=1)
            self.matrix = centered @ np.linalg.inv(square(matrix))  # from the crop to the ROI

        def get_params_dependent_on_data(self, params: dict, data: dict) -> dict:
            return {"matrix": self.matrix, "output_shape": params["shape"][:2]}

    crop_center = albumentations.CenterCrop(rois.SIZE, rois.SIZE)
    pipelines = [albumentations.Compose([Affine(m), crop_center]) for m in pixel_maps(maps, CROP)]
    return lambda crop: [pipeline(image=crop)["image"] for pipeline in pipelines]


def monai_affine(maps: np.ndarray) -> Callable:
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])  # MONAI's axes are (row, column), both centred
    steps = np.diag([2 / rois.SIZE, 2 / rois.SIZE, 1])
    transforms = [
        monai.transforms.Affine(
            affine=swap @ square(m) @ steps @ swap,
            spatial_size=(rois.SIZE, rois.SIZE),
            mode="bicubic",
            padding_mode="border",
            image_only=True,
        )
        for m in maps
    ]

    def sample(crop: np.ndarray) -> list[np.ndarray]:
        image = torch.from_numpy(crop)[None]
        return [t(image)[0].numpy() for t in transforms]

    return sample


def torchio_resample(maps: np.ndarray) -> Callable:
    """Prepare one tio.Resample a map: Affine keeps the image's grid, Resample's target is a grid of any placement."""
    transforms = []
    for m in pixel_maps(maps, CROP):
        affine = np.eye(4)
        affine[:2, :2], affine[:2, 3] = m[:, :2], m[:, 2]
        transforms.append(torchio.Resample(((rois.SIZE, rois.SIZE, 1), affine), image_interpolation="bspline"))

    def sample(crop: np.ndarray) -> list[np.ndarray]:
        image = torchio.ScalarImage(tensor=torch.from_numpy(crop.T.copy())[None, ..., None])
        return [t(image).data[0, ..., 0].numpy().T for t in transforms]

    return sample


def simpleitk(maps: np.ndarray) -> Callable:
    transforms = []
    for m in pixel_maps(maps, CROP):
        affine = sitk.AffineTransform(2)
        affine.SetMatrix(m[:, :2].ravel().tolist())
        affine.SetTranslation(m[:, 2].tolist())
        transforms.append(affine)
    size, origin, step, direction = (rois.SIZE, rois.SIZE), (0.0, 0.0), (1.0, 1.0), (1.0, 0.0, 0.0, 1.0)

    def sample(crop: np.ndarray) -> list[np.ndarray]:
        image = sitk.GetImageFromArray(crop)
        return [
            sitk.GetArrayFromImage(sitk.Resample(image, size, t, sitk.sitkBSpline, origin, step, direction))
            for t in transforms
        ]

    return sample


# The same work as people write it: random rotations, flips, shifts and scales, in one interpolation


def albumentations_pipeline() -> Callable:
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    pipeline = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.25),
            albumentations.VerticalFlip(p=0.25),
            albumentations.Affine(
                scale=_zooms(),
                rotate=(0, 180),
                translate_px=(-4, 4),
                interpolation=cv2.INTER_CUBIC,
                border_mode=cv2.BORDER_REPLICATE,
                p=1,
            ),
            albumentations.CenterCrop(rois.SIZE, rois.SIZE),  # it cannot warp to another size
        ]
    )
    return lambda crop: [pipeline(image=crop)["image"] for _ in range(SLOW)]


def monai_pipeline() -> Callable:
    low, high = (1 / zoom - 1 for zoom in _zooms()[::-1])
    pipeline = monai.transforms.Compose(
        [
            monai.transforms.RandFlip(prob=0.25, spatial_axis=0),
            monai.transforms.RandFlip(prob=0.25, spatial_axis=1),
            monai.transforms.RandAffine(
                prob=1,
                rotate_range=((0, np.pi),),
                translate_range=4,
                scale_range=((low, high), (low, high)),
                spatial_size=(rois.SIZE, rois.SIZE),
                mode="bicubic",
                padding_mode="border",
            ),
        ]
    )

    def sample(crop: np.ndarray) -> list[np.ndarray]:
        image = torch.from_numpy(crop)[None]
        return [pipeline(image)[0].numpy() for _ in range(SLOW)]

    return sample


def _zooms() -> tuple[float, float]:
    """Return the smallest and the largest zoom of the paper's maps."""
    widest, narrowest = (rois.side_px(DIAMETER, margin) for margin in PAPER.scales["diameters"][::-1])
    return rois.SIZE / widest, rois.SIZE / narrowest


PIPELINES = {"albumentations": albumentations_pipeline, "MONAI": monai_pipeline}


class Peer:
    """A library, how it interpolates, and what that should give."""

    def __init__(self, package: str, prepare: Callable, interpolation: str, reference: Callable, maps: int):
        self.package, self.prepare, self.interpolation = package, prepare, interpolation
        self.reference, self.maps = reference, maps


def _keys_reference(a: float) -> Callable:
    return lambda crop, maps: convolved(crop, maps, a)


PEERS = {
    "scikit-image": Peer("scikit-image", scikit_image, "cubic convolution, a = -0.5", _keys_reference(-0.5), 480),
    "OpenCV": Peer("opencv-python-headless", opencv, "cubic convolution, a = -0.75", _keys_reference(-0.75), 480),
    "SciPy": Peer("scipy", scipy_spline, "cubic B-spline", splined, 480),
    "albumentations": Peer(
        "albumentations", albumentations_affine, "cubic convolution, a = -0.75", _keys_reference(-0.75), 480
    ),
    "MONAI": Peer("monai", monai_affine, "cubic convolution, a = -0.75", _keys_reference(-0.75), 480),
    "TorchIO": Peer("torchio", torchio_resample, "cubic B-spline", splined, SLOW),
    "SimpleITK": Peer("simpleitk", simpleitk, "cubic B-spline", splined, SLOW),
}


if __name__ == "__main__":
    print(timing.text(rows(rounds=7)))
    print(paper_seconds())
