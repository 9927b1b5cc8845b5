"""Compute the DSC of each arm at the operating point by lesion area and by the free columns of the case table.

Inputs: `slices/slices.csv`, `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Outputs: `subgroups.csv`: `subgroup,level,arm,rule,value,low,high,slices,patients,delta,delta_low,delta_high`, in
fractions; and a forest plot of it as PNG and SVG.
"""

from steps import subgroups
from synthaug.segmentation import slice_groups
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    subgroups.run(Segmentation, __doc__, slice_groups.groups)


if __name__ == "__main__":
    main()
