"""Say in words what a look at the data has found, whatever the size of the cohort; for slices.

As write_notes.py, and the folds that must be possible are those of slices.
"""

from steps import data_notes
from synthaug.segmentation import slice_folds


def main() -> None:
    data_notes.run(__doc__, slice_folds.split, of="units")


if __name__ == "__main__":
    main()
