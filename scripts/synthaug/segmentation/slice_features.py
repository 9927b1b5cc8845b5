"""What a trained segmenter sees in slices: its deepest maps, by which synthetic slices are compared with real ones."""

import numpy as np
import torch

from synthaug.quality import deepest_maps
from synthaug.segmentation import networks, unet


def features(network: networks.Network, images: np.ndarray, where: torch.device) -> np.ndarray:
    """Return the mean of each of the network's deepest maps.

    Parameters
    ----------
    images
        uint8 (n, side, side).

    Returns
    -------
    numpy.ndarray
        float32 (n, maps).
    """
    deepest = network.down[-1] if isinstance(network, unet.Unet) else network.features
    return deepest_maps.means(network, deepest, images, where)
