"""Variations of real images by a diffusion model: noise is added part of the way and taken away again.

This is SDEdit (Meng et al. 2022, arXiv 2108.01073), with the real image itself in the place of a sketch. What the noise
hides is made anew, and the rest stays. So each variation is like its parent, which must be known.
"""

from dataclasses import dataclass

import numpy as np

from synthaug.errors import InputError
from synthaug.generators import diffusion, edm


@dataclass(frozen=True, kw_only=True)
class SamplingParams(diffusion.SamplingParams):
    """The keys of sampling."""

    strength: float
    """The share of the way to noise alone that an image is taken, see `edm.levels`."""


def steps(whole: int, strength: float) -> int:
    """Return how many steps a variation takes of the ``whole`` way's: its share, at least one."""
    return max(1, round(whole * strength))


def parents(stream: np.random.Generator, count: int, originals: int) -> np.ndarray:
    """Draw which of the ``originals`` each of ``count`` variations shows: int64 (count,).

    Each original has as many variations, give or take one. The first n are the same however many follow.

    Raises
    ------
    InputError
        If there are no originals.
    """
    if not originals:
        raise InputError("variations: expected a real image of each class among the training folds, found none")
    return np.resize(stream.permutation(originals), count)


def inputs(
    images: np.ndarray, cls: int, stream: np.random.Generator, sampling: SamplingParams
) -> tuple[np.ndarray, ...]:
    """Return the inputs of `diffusion.Diffusion.images` for a variation of each of ``images``, uint8 (n, 64, 64).

    Parameters
    ----------
    cls
        The class that all of them show, from 0.
    """
    signal = images[:, np.newaxis].astype(np.float32) / np.float32(127.5) - np.float32(1)
    levels = edm.levels(steps(sampling.steps, sampling.strength), sampling.strength)
    return diffusion.inputs_from(signal, stream, np.full(len(images), cls), levels, sampling.guidance)
