"""What a trained network sees in images: the means of its deepest maps, by which synthetic images are compared."""

import numpy as np
import torch

from synthaug.training import device

BATCH = 16


def means(network: torch.nn.Module, deepest: torch.nn.Module, images: np.ndarray, where: torch.device) -> np.ndarray:
    """Return the mean of each map that a layer of the network gives.

    Parameters
    ----------
    network
        Takes uint8 (n, 1, side, side).
    deepest
        The layer, a part of the network; gives float (n, maps, rows, columns).
    images
        uint8 (n, side, side).

    Returns
    -------
    numpy.ndarray
        float32 (n, maps).
    """
    seen = []
    hook = deepest.register_forward_hook(lambda module, given, maps: seen.append(maps.mean((2, 3))))
    network.eval()
    with torch.inference_mode():
        for batch in device.padded_batches(images[:, None], BATCH, where):
            network(batch)
    hook.remove()
    return torch.cat(seen)[: len(images)].float().cpu().numpy()
