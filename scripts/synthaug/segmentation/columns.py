"""The columns of slices.csv that are named after a class."""


def area(cls: str) -> str:
    """Return the column of slices.csv with the pixels of a class in the resized slice.

    >>> area("edema")
    'edema_px'
    """
    return f"{cls}_px"
