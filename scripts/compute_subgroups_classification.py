"""Compute the accuracy of each arm at the operating point by lesion size and by the free columns of the case table.

Inputs: `cases.csv`, `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `subgroups.csv`: `subgroup,level,arm,rule,value,low,high,lesions,patients,delta,delta_low,delta_high`, in
fractions, delta being the paired difference from `classic`; and a forest plot of it as PNG and SVG.
"""

from steps import subgroups
from synthaug.classification.measures import Classification


def main() -> None:
    subgroups.run(Classification, __doc__)


if __name__ == "__main__":
    main()
