"""Columns that this task adds to the case table and to slices.csv."""

FINDING = "finding"  # of the case table: what the boxes of one lesion on several slices share
IGNORE = "ignore"  # of the case table: 1 for a box that counts neither as found nor as missed
OF_A_BOX = (FINDING, IGNORE)


def boxes(cls: str) -> str:
    """Return the column of slices.csv with the number of boxes of a class.

    >>> boxes("metastasis")
    'metastasis_boxes'
    """
    return f"{cls}_boxes"
