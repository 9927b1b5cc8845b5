"""Columns that this task adds to the case table and to slices.csv, those of its own files, and what stands in them."""

from synthaug.detection.boxes import BOX

FINDING = "finding"  # of the case table: what the boxes of one lesion on several slices share
IGNORE = "ignore"  # of the case table: 1 for a box that counts neither as found nor as missed
OF_A_BOX = (FINDING, IGNORE)
LEARNED = ["source", "slice", "rank", "generator"]  # of train_set.csv
DETECTED = ["slice", "patient", "set", "class", *BOX, "score"]  # of detections.csv
TEST, VALIDATION = "test", "validation"  # sets of detections.csv; the latter also a source of train_set.csv


def boxes(cls: str) -> str:
    """Return the column of slices.csv with the number of boxes of a class.

    >>> boxes("metastasis")
    'metastasis_boxes'
    """
    return f"{cls}_boxes"
