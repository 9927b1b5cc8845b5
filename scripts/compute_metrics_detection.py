"""Compute sensitivities, false positives and average precisions of each arm and size, with bootstrap intervals.

Input: `evaluation/predictions.csv`. Only runs trained on all folds but one count; their predictions are pooled, one per
slice. The column `size` holds the synthetic images per 100 real training slices.
Outputs: `evaluation/metrics.csv`: `arm,size,seed,metric,class,value,low,high,n`, in fractions, false positives a slice
with a minus; n is the number of slices that the measure counts. Seed `all` is the mean over seeds; class `all` is of
all classes, see `synthaug.detection.measures`. A size `fixed` is the arm at the operating point of the config.
`evaluation/references.csv`: `how,value`: empty, since without a model nothing is found.
`evaluation/operating_points.csv`: `rule,arm,seed,fold,size,sensitivity at equal false positives`.
`evaluation/seeds.csv`: `arm,size,metric,seeds,mean,sd_between,se_within`: how much of the spread is the seed's.
`evaluation/variances.csv`: empty, since the primary measure is no sum over slices.
"""

from steps import metrics
from synthaug.detection.measures import Detection


def main() -> None:
    metrics.run(Detection, __doc__)


if __name__ == "__main__":
    main()
