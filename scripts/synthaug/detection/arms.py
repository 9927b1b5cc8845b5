"""The arms of detection, by name: what a training set holds beside the training slices."""

REAL, FRESH, PASTE = "real", "fresh", "paste"
WITHOUT_GENERATOR = (REAL, FRESH, PASTE)  # all others are named after a generator
FILTERED, KEPT = "-filtered", "-kept"  # after the name of a generator: only slices that a filter, or a reader, keeps
CHOSEN = (FILTERED, KEPT)
CHOSEN_BY = {FILTERED: (REAL, "0")}  # arm and size of the detector, of the same seed and folds, that is the filter


def generator_of(arm: str) -> str:
    """Return the generator whose slices an arm trains on.

    >>> generator_of("cpggan-filtered"), generator_of("cpggan-kept"), generator_of("cpggan")
    ('cpggan', 'cpggan', 'cpggan')
    """
    return arm.removesuffix(FILTERED).removesuffix(KEPT)


def chosen_by(arm: str) -> tuple[str, str] | None:
    """Return arm and size of the detector that chooses an arm's synthetic slices; None if none does.

    >>> chosen_by("cpggan-filtered"), chosen_by("cpggan-kept")
    (('real', '0'), None)
    """
    return next((chooser for ending, chooser in CHOSEN_BY.items() if arm.endswith(ending)), None)
