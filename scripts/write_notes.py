"""Say in words what a look at the data has found, whatever the size of the cohort.

Reads the checked cases, the case table, the task's samples and the suspected duplicates. Writes what would stop the
experiment, whether so few cases can show a gain of interest, which images of the network reach beyond their source,
what else gives the class away, which patients have lesions of several classes, and which may be one. The terminal says
where to look.
"""

from steps import data_notes
from synthaug.cohort import folds


def main() -> None:
    data_notes.run(__doc__, folds.split, of="cases")


if __name__ == "__main__":
    main()
