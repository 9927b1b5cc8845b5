"""Compute the sensitivity at equal false positives of each arm at the operating point in groups of patients.

Inputs: `slices/slices.csv`, `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `subgroups.csv`: `subgroup,level,arm,rule,value,low,high,slices,patients,delta,delta_low,delta_high`, in
fractions; and a forest plot of it as PNG and SVG. False positives are equal within each group.
"""

from steps import subgroups
from synthaug.detection import patient_groups
from synthaug.detection.measures import Detection


def main() -> None:
    subgroups.run(Detection, __doc__, patient_groups.groups)


if __name__ == "__main__":
    main()
