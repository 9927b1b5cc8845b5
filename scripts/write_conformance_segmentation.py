"""Write the page that sets this run beside the paper on LcGAN, and its numbers as a table.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
"""

from steps import conformance_pages
from synthaug.segmentation import conformance, lcgan_paper
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    beside = conformance_pages.Beside(
        primary=Segmentation.primary,
        rows=conformance.rows,
        table=conformance.table,
        gains=conformance.gains,
        settings=conformance.settings,
        details=lcgan_paper.OPEN,
        further={"methods": conformance.METHODS},
    )
    conformance_pages.run(__doc__, "write_conformance_segmentation", beside)


if __name__ == "__main__":
    main()
