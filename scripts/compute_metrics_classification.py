"""Compute accuracy, sensitivity, specificity and AUC of each arm and size, with bootstrap intervals.

Input: `evaluation/predictions.csv`. Only runs trained on all folds but one count; their predictions are pooled, one per
lesion. Runs trained on one fold fewer serve the operating point `nested` only.
Outputs: `evaluation/metrics.csv`: `arm,size,seed,metric,class,value,low,high,n`, in fractions; n is the number of
lesions that the measure counts. Seed `all` is the mean over seeds, class `all` the average weighted by prevalence; a
size `fixed`, `published` or `nested` is the arm at that operating point.
`evaluation/references.csv`: `how,value`: the accuracy without any model, such as always naming the largest class.
`evaluation/operating_points.csv`: `rule,arm,seed,fold,size,accuracy`: the size chosen for each test fold and the
accuracy by which it was. `published` was read off the test folds, so it is optimistic.
`evaluation/seeds.csv`: `arm,size,metric,seeds,mean,sd_between,se_within`: how much of the spread is the seed's.
`evaluation/variances.csv`: `arm,size,seeds,models,sd_patients,sd_lesions,sd_trainings,sd_generators,sd_rest`: what the
accuracy of one lesion varies with, as standard deviations, at each operating point.
"""

from steps import metrics
from synthaug.classification.measures import Classification


def main() -> None:
    metrics.run(Classification, __doc__)


if __name__ == "__main__":
    main()
