"""Fill the reporting checklists TRIPOD+AI and CLAIM from config and results, as one page.

Inputs: the checked cases, the acknowledged duplicates, the folds of each seed, the tables of the evaluation, the
lineage audit, the items of the checklists and the page's template.
Output: the page, which needs no other file: what the run says on each item, and what its authors have to write.
"""

from steps import checklists
from synthaug.segmentation import described_models


def main() -> None:
    checklists.run(__doc__, described_models.facts)


if __name__ == "__main__":
    main()
