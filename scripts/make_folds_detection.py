"""Split the main slices into patient-level folds for one seed.

Each class has about as many boxes in every fold.
"""

from steps import fold_splitting
from synthaug.detection import slice_folds


def main() -> None:
    fold_splitting.run(__doc__, slice_folds.split)


if __name__ == "__main__":
    main()
