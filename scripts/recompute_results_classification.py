"""Compute the results of a classification again and name what differs: from the case table to the headline.

Reads the results of a cohort with their records, and the case table. Computes again, from the files before it: the
checked cases, folds, ROIs, classic pool, training list of every model and generator, synthetic images, predictions
(from the stored weights; baselines are fitted again), the table of all predictions, metrics, comparisons, the best
strategy, headline and lineage audit. Trains no network. Writes nothing. Run by hand, after verify_results.py, which
compares digests:

    python scripts/recompute_results_classification.py --results results/liver --table data/cases.csv
"""

from steps.recomputing import (
    cohort,
    evaluation,
    job,
    lineage,
    roi_predictions,
    roi_samples,
    roi_synthetic,
    roi_training_sets,
)  # fmt: skip
from synthaug.classification.measures import Classification

TASK = job.Task(Classification, stage="classify", units="rois/rois.csv", truth="class")
STEPS = {
    "cases": cohort.checked_cases,
    "folds": cohort.split,
    "ROIs": roi_samples.cut,
    "classic pool": roi_samples.pool,
    "training lists": roi_training_sets.training_lists,
    "synthetic images": roi_synthetic.pools,
    "weights and training images": roi_predictions.training_means,
    "predictions of classifiers": roi_predictions.classifiers,
    "predictions of discriminators": roi_predictions.discriminating,
    "predictions of baselines": roi_predictions.baselines,
    "all predictions": evaluation.all_predictions,
    "metrics": evaluation.measured,
    "comparisons": evaluation.compared,
    "best strategy": evaluation.strategy,
    "headline": evaluation.headline,
    "lineage audit": lineage.audited,
}


def main() -> None:
    job.run(TASK, STEPS, __doc__)


if __name__ == "__main__":
    main()
