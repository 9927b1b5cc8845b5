"""The arms of segmentation, and how they are compared."""

ORIGINAL, TRADITIONAL, BOTH, FRESH, PASTE = "original", "traditional", "both", "fresh", "paste"
BY_EPOCHS = "-epochs"  # after the name of an arm: its network after as many epochs as every arm has in the paper
EQUAL_STEPS, EQUAL_EPOCHS, REAL = "equal steps", "equal epochs", "real images, equal steps"  # against what, and why


def by_epochs(arm: str) -> str:
    """Return the arm of the same training after equal epochs; `both` has them at its end.

    >>> by_epochs("original"), by_epochs("both")
    ('original-epochs', 'both')
    """
    return arm if arm in (BOTH, "") else arm + BY_EPOCHS
