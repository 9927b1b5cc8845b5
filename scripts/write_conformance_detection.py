"""Write the page that sets this run beside the paper of Han et al., and its numbers as a table.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
"""

from steps import conformance_pages
from synthaug.detection import conformance, han_paper
from synthaug.detection.measures import Detection


def main() -> None:
    further = {"methods": han_paper.METHODS, "number": conformance.number, "implied": conformance.implied()}
    beside = conformance_pages.Beside(
        primary=Detection.primary,
        rows=conformance.rows,
        table=conformance.table,
        gains=conformance.gains,
        settings=conformance.settings,
        details=han_paper.OPEN,
        further=further,
    )
    conformance_pages.run(__doc__, "write_conformance_detection", beside)


if __name__ == "__main__":
    main()
