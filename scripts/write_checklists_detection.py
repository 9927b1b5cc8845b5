"""Fill the reporting checklists TRIPOD+AI and CLAIM from config and results, as one page.

Inputs: the checked cases, the acknowledged duplicates, the folds of each seed, the tables of the evaluation, the
lineage audit, the items of the checklists and the page's template.
Output: the page, which needs no other file: what the run says on each item, and what its authors have to write.
"""

from steps import checklists
from synthaug.detection import described_generators, described_models
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run


def facts(run: Run) -> dict[str, Fact]:
    """Return what the task says."""
    return described_models.facts(run) | described_generators.facts(run)


def main() -> None:
    checklists.run(__doc__, facts)


if __name__ == "__main__":
    main()
