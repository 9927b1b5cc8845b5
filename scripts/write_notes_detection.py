"""Say in words what a look at the data has found, whatever the size of the cohort; for slices with boxes.

As write_notes.py. The folds that must be possible are those of slices, and it says how many slices have no lesion.
"""

from steps import data_notes
from synthaug.detection import slice_folds, slice_notes


def main() -> None:
    data_notes.run(__doc__, slice_folds.split, of="units", more=slice_notes.empty_slices)


if __name__ == "__main__":
    main()
