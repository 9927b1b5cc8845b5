"""The columns of slices.csv and of the predictions of a segmenter that are named after a class."""

AREA = "{}_px"  # of slices.csv: pixels of the class in the resized slice


def area(cls: str) -> str:
    """Return the column of slices.csv with the pixels of a class.

    >>> area("edema")
    'edema_px'
    """
    return AREA.format(cls)
