"""Compare the arms, patient by patient: differences with intervals, tests and verdicts.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Output: `evaluation/comparisons.csv`, with the columns of `comparisons.COLUMNS`: delta is arm a minus arm b, in
fractions. p_adjusted is corrected over the rows of one `against`, metric and class. The verdict is `gain`, `worse`,
`equivalent`, `likely worse`, `no gain` or `undecidable`, see `comparisons.verdict`.
"""

from steps import comparisons
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    comparisons.run(Segmentation, __doc__)


if __name__ == "__main__":
    main()
