"""The arms of detection, by name: what a training set holds beside the training slices."""

REAL, FRESH, PASTE = "real", "fresh", "paste"
WITHOUT_GENERATOR = (REAL, FRESH, PASTE)  # all others are named after a generator
FILTERED = "-filtered"  # after the name of a generator: only those of its slices that the filter keeps


def generator_of(arm: str) -> str:
    """Return the generator whose slices an arm trains on.

    >>> generator_of("cpggan-filtered"), generator_of("cpggan")
    ('cpggan', 'cpggan')
    """
    return arm.removesuffix(FILTERED)
