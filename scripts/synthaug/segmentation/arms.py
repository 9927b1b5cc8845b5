"""The arms of segmentation, by name, and what they are compared with."""

ORIGINAL, TRADITIONAL, BOTH, FRESH, PASTE = "original", "traditional", "both", "fresh", "paste"
REAL = (TRADITIONAL, FRESH, PASTE)  # arms of real images alone: what synthetic images have to beat
BY_EPOCHS = "-epochs"  # after the name of an arm: its network after as many epochs as every arm has in the paper
EQUAL_STEPS, EQUAL_EPOCHS, OVER = "equal steps", "equal epochs", "over {}"  # against what arms are compared


def by_epochs(arm: str) -> str:
    """Return the arm of the same training after equal epochs; `BOTH` has them at its end.

    >>> by_epochs("original"), by_epochs("both")
    ('original-epochs', 'both')
    """
    return arm if arm in (BOTH, "") else arm + BY_EPOCHS
