"""What a trained segmenter sees in slices: its deepest maps, by which synthetic slices are compared with real ones."""

import numpy as np
import torch

from synthaug.segmentation import networks, unet
from synthaug.training import device

BATCH = 16


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
    seen = []
    deepest = network.down[-1] if isinstance(network, unet.Unet) else network.features
    hook = deepest.register_forward_hook(lambda module, given, maps: seen.append(maps.mean((2, 3))))
    network.eval()
    with torch.inference_mode():
        for batch in device.padded_batches(images[:, None], BATCH, where):
            network(batch)
    hook.remove()
    return torch.cat(seen)[: len(images)].float().cpu().numpy()
