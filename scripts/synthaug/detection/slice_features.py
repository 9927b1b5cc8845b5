"""What a trained detector sees in slices: its deepest maps, by which synthetic slices are compared with real ones."""

import numpy as np
import torch

from synthaug.detection.detector import Detector
from synthaug.quality import deepest_maps


def features(found: Detector, images: np.ndarray, where: torch.device) -> np.ndarray:
    """Return the mean of each of the detector's deepest maps, those of the last stage of Darknet-53.

    Parameters
    ----------
    images
        uint8 (n, side, side).

    Returns
    -------
    numpy.ndarray
        float32 (n, maps).
    """
    return deepest_maps.means(found.network, found.network.body.stages[-1], images, where)
