"""Compute the results of a detection again and name what differs: from the case table to the headline.

Reads the results of a cohort with their records, and the case table. Computes again, from the files before it: the
checked cases, slices and boxes, folds, matches and predictions (from the stored detections), anchors (from the boxes
of each training set), the table of all predictions, metrics, comparisons, headline and lineage audit. Trains no network
and detects with none. Writes nothing. Run by hand, after verify_results.py, which compares digests:

    python scripts/recompute_results_detection.py --results results/brain --table data/cases.csv
"""

from steps.recomputing import box_anchors, cohort, evaluation, job, lineage, slice_detections
from synthaug.detection.measures import Detection

TASK = job.Task(Detection, stage="detect", units=slice_detections.SLICES, truth="")
STEPS = {
    "cases": cohort.checked_cases,
    "slices": slice_detections.cut,
    "folds": slice_detections.split,
    "matches": slice_detections.scored,
    "anchors": box_anchors.clustered,
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
