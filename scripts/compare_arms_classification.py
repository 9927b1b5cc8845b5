"""Compare the arms, lesion by lesion: differences with intervals, tests and verdicts.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Output: `evaluation/comparisons.csv`, with the columns of `comparisons.COLUMNS`: delta is arm a minus arm b, in
fractions. `against` says why b was chosen: `classic group`, `best classic`, `equal number` (of images per fold),
`online at equal steps`, or the rule at which whole arms are compared with classic: `fixed`, `published`, `nested`.
p_adjusted is corrected over the rows of one `against`, metric and class. The verdict is `gain`, `worse`, `equivalent`,
`likely worse`, `no gain` or `undecidable`, see `comparisons.verdict`.
"""

from steps import comparisons
from synthaug.classification.measures import Classification


def main() -> None:
    comparisons.run(Classification, __doc__)


if __name__ == "__main__":
    main()
