"""Named random streams of one master seed.

Every random decision draws from a stream of its own, named after what it decides, so adding a lesion, a class or a
preset moves no other draw, and a test can replay any of them.
"""

import hashlib

import numpy as np


def stream_seed(master_seed: int, *name: str | int) -> int:
    """Return the 63-bit seed of the stream ``name``, for libraries that take an integer (PyTorch, scikit-learn)."""
    text = "/".join([str(master_seed), *(f"{type(part).__name__}:{part}" for part in name)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def stream(master_seed: int, *name: str | int) -> np.random.Generator:
    """Return the generator of the stream ``name``: same names, same draws; other names, independent ones.

    >>> float(stream(1, "pool", "lesion-7").random()) == float(stream(1, "pool", "lesion-7").random())
    True
    """
    return np.random.Generator(np.random.PCG64(stream_seed(master_seed, *name)))
