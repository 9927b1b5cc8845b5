"""What recompute_results_classification.py does, for the task regression: what is shared by all tasks alone."""

from synthaug.regression.measures import Regression

from steps.recomputing import cohort, evaluation, job, lineage

TASK = job.Task(Regression, stage="regress", units="squares/units.csv", truth="diameter_px")
STEPS = {
    "cases": cohort.checked_cases,
    "folds": cohort.split,
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
