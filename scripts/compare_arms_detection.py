"""Compare the arms, patient by patient: differences with intervals, tests and verdicts.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Output: `evaluation/comparisons.csv`, with the columns of `comparisons.COLUMNS`: delta is arm a minus arm b, in
fractions. p_adjusted is corrected over the rows of one `against`, metric and class. The verdict is `gain`, `worse`,
`equivalent`, `likely worse`, `no gain` or `undecidable`, see `comparisons.verdict`. Only where arms have the same
number of false positives does a gain say that boxes are found better: not in the rows of the sensitivity from a score
on.
"""

from steps import comparisons
from synthaug.detection.measures import Detection


def main() -> None:
    comparisons.run(Detection, __doc__)


if __name__ == "__main__":
    main()
