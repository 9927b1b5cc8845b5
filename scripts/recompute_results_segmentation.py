"""Compute the results of a segmentation again and name what differs: from the case table to the headline.

Reads the results of a cohort with their records, and the case table. Computes again, from the files before it: the
checked cases, slices and label maps, folds, scores (from the stored masks), the table of all predictions, metrics,
comparisons, headline and lineage audit. Trains no network and predicts with none. Writes nothing. Run by hand, after
verify_results.py, which compares digests:

    python scripts/recompute_results_segmentation.py --results results/brain --table data/cases.csv
"""

from steps.recomputing import cohort, evaluation, job, lineage, slice_samples
from synthaug.segmentation.measures import Segmentation

TASK = job.Task(Segmentation, stage="segment", units=slice_samples.SLICES, truth="")
STEPS = {
    "cases": cohort.checked_cases,
    "slices": slice_samples.cut,
    "folds": slice_samples.split,
    "scores": slice_samples.scores,
    "all predictions": evaluation.all_predictions,
    "metrics": evaluation.measured,
    "comparisons": evaluation.compared,
    "headline": evaluation.headline,
    "lineage audit": lineage.audited,
}


def main() -> None:
    job.run(TASK, STEPS, __doc__)


if __name__ == "__main__":
    main()
