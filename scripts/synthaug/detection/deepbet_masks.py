"""Masks of the brain by deepbet, which is installed apart from everything else: pip install -r envs/deepbet.txt."""

import numpy as np

from synthaug.errors import InputError

LIKELY = 0.5  # from here on a voxel is brain


def of_volume(slices: np.ndarray) -> np.ndarray:
    """Return where a stack of axial slices shows the brain.

    It computes on the CPU, so that a machine with a GPU gives the same; 5 to 14 seconds of one core a volume.

    Parameters
    ----------
    slices
        float32 (n, rows, columns), in order from the feet to the head, as `imaging.volumes` turns them. Their distance
        need not be known.

    Returns
    -------
    bool (n, rows, columns).

    Raises
    ------
    InputError
        If deepbet is not installed, or finds no brain.
    """
    import torch  # here, for it takes seconds, and most cohorts need neither

    try:
        from deepbet import BrainExtraction
    except ImportError as error:
        raise InputError(
            f"slices: organ: expected the package deepbet, found: {error}; install it by "
            "pip install -r envs/deepbet.txt, or choose morphology or none"
        ) from error
    torch.set_num_threads(1)  # so that the masks are the same however many cores there are
    network = BrainExtraction(no_gpu=True)
    # It takes x to the right, y to the front and z to the head.
    canonical = np.ascontiguousarray(slices.transpose(2, 1, 0)[::-1, ::-1])
    try:
        found = network.postprocess(network.run_model(canonical) > LIKELY)
    except (AssertionError, ValueError) as error:  # what it raises where nothing looks like a brain
        raise InputError(
            f"expected a brain on {len(slices)} slices from the feet to the head, found none by deepbet; give more "
            "slices of the patient, list them in this order, or choose organ: morphology or none"
        ) from error
    return np.ascontiguousarray(found[::-1, ::-1].transpose(2, 1, 0)).astype(bool)
