"""Images of generators whose faults are known: untrained, collapsed, broken or copying ones, and images that are fine.

All are made from real images: those that the generator was trained on, ``seen``, and as good as new ones, of other
patients.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy import ndimage

from synthaug.generators import dcgan
from synthaug.quality import copy_search, realism

Maker = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]  # (new, seen, random) -> images


def gray(values: np.ndarray) -> np.ndarray:
    """Return values (n, 64, 64) as uint8 images; what lies beyond 0-255 is cut."""
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def white_noise(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return noise of the brightness and contrast of the new images, pixel by pixel."""
    return gray(random.normal(new.mean(), new.std(), new.shape))


def clouds(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return noise of the brightness and contrast of the new images, smoothed over some 4 px."""
    noise = ndimage.gaussian_filter(random.normal(size=new.shape), (0, 4, 4))
    return gray(new.mean() + new.std() * noise / noise.std())


def untrained_network(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return images of a DCGAN with its initial weights."""
    network = dcgan.Generator(100, 8, 0.1)
    dcgan.initialise(network, 0.02, int(random.integers(2**31)))
    with torch.inference_mode():
        made = network(torch.from_numpy(dcgan.latents(random, len(new), 100, "uniform")))
    return gray(127.5 * (made[:, 0].numpy() + 1))


def repeated(distinct: int) -> Maker:
    """Return a maker of ``distinct`` images again and again, apart from noise of 2 gray levels."""

    def make(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
        chosen = new[random.permutation(len(new))[:distinct]]
        return gray(chosen[np.arange(len(new)) % distinct] + random.normal(0, 2, new.shape))

    return make


def checkerboard(period: int, amplitude: float) -> Maker:
    """Return a maker of images with a checkerboard of ``period`` px, ``amplitude`` gray levels up and down."""

    def make(new: np.ndarray, _seen: np.ndarray, _random: np.random.Generator) -> np.ndarray:
        rows, columns = np.indices(new.shape[1:]) // (period // 2)
        return gray(new + amplitude * np.where((rows + columns) % 2, 1, -1))

    return make


def sharpened(new: np.ndarray, _seen: np.ndarray, _random: np.random.Generator) -> np.ndarray:
    """Return images with twice what a blur of 1 px takes away added once more."""
    images = new.astype(float)
    return gray(images + 2 * (images - ndimage.gaussian_filter(images, (0, 1, 1), mode="nearest")))


def blurred(sigma_px: float) -> Maker:
    """Return a maker of images with a Gaussian blur."""
    return lambda new, _seen, _random: gray(ndimage.gaussian_filter(new.astype(float), (0, sigma_px, sigma_px)))


def brighter(levels: float) -> Maker:
    """Return a maker of images that are so many gray levels brighter."""
    return lambda new, _seen, _random: gray(new + levels)


def grainy(levels: float) -> Maker:
    """Return a maker of images with white noise of so many gray levels."""
    return lambda new, _seen, random: gray(new + random.normal(0, levels, new.shape))


def copied(share: float) -> Maker:
    """Return a maker of images of which a share are disguised copies of the seen ones, the others new."""

    def make(new: np.ndarray, seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
        number = round(share * len(new))
        originals = seen[random.integers(len(seen), size=number)]
        return np.concatenate([copy_search.plant(originals, random), new[number:]])

    return make


def warped(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return new images, bent by about 1.5 px over some 8 px, each in its own way."""
    bent = np.empty(new.shape)
    for place, image in enumerate(new):
        field = ndimage.gaussian_filter(random.normal(size=(2, *image.shape)), (0, 8, 8))
        moved = np.indices(image.shape) + 1.5 * field / field.std()
        bent[place] = ndimage.map_coordinates(image.astype(float), moved, order=3, mode="nearest")
    return gray(bent)


def ghosts(new: np.ndarray, _seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return superpositions of two new images each, blurred by 1 px, with grain that makes them as sharp as before.

    White noise of a standard deviation s has a Laplacian of the variance 20 s^2 (its kernel is 4 and four times -1).
    """
    images = (new.astype(float) + new[random.permutation(len(new))]) / 2
    images = ndimage.gaussian_filter(images, (0, 1, 1), mode="nearest")
    missing = np.maximum(realism.sharpness(new).mean() - realism.sharpness(images), 0)
    return gray(images + np.sqrt(missing / 20)[:, None, None] * random.normal(size=new.shape))


KINDS: dict[str, dict[str, Maker]] = {
    "untrained": {"white noise": white_noise, "smooth noise": clouds, "DCGAN before its first step": untrained_network},
    "collapsed": {f"{number} distinct images": repeated(number) for number in (1, 2, 4)},
    "broken": {
        "checkerboard of 2 px": checkerboard(2, 12),
        "checkerboard of 4 px": checkerboard(4, 12),
        "sharpened": sharpened,
        "blurred by 2 px": blurred(2),
        "noise of 12 gray levels": grainy(12),
        "brighter by 40 gray levels": brighter(40),
    },
    "told apart": {"two patients superposed": ghosts},
    "copying": {f"{100 * share:.0f} % copies": copied(share) for share in (1.0, 0.5, 0.25)},
    "fine": {
        "other patients": lambda new, _seen, _random: new,
        "other patients, bent": warped,
        "other patients, noise of 1 gray level": grainy(1),
    },
}
