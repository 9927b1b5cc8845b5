"""Compute DSC, precision, recall and the other measures of each arm and share, with bootstrap intervals.

Input: `evaluation/predictions.csv`. Only runs trained on all folds but one count; their predictions are pooled, one per
slice. The column `size` holds the share of the training patients, per mille.
Outputs: `evaluation/metrics.csv`: `arm,size,seed,metric,class,value,low,high,n`, in fractions, HD95 in mm or px; n is
the number of slices that the measure counts. Seed `all` is the mean over seeds; class `all` is of all classes, see
`synthaug.segmentation.measures`. A size `fixed`, `published` or `nested` is the arm at that operating point.
`evaluation/references.csv`: `how,value`: the DSC without any model, where absent classes count.
`evaluation/operating_points.csv`: `rule,arm,seed,fold,size,dsc`.
`evaluation/seeds.csv`: `arm,size,metric,seeds,mean,sd_between,se_within`: how much of the spread is the seed's.
`evaluation/variances.csv`: what the DSC of one slice varies with, as standard deviations, at each operating point.
"""

from steps import metrics
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    metrics.run(Segmentation, __doc__)


if __name__ == "__main__":
    main()
