"""Split the main lesions into patient-level, class-balanced folds for one seed."""

from steps import fold_splitting
from synthaug.cohort import folds


def main() -> None:
    fold_splitting.run(__doc__, folds.split)


if __name__ == "__main__":
    main()
