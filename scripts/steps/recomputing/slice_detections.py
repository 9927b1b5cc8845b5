"""For detection: which of a detector's detections are hits, from its detections and the boxes of the slices."""

from collections.abc import Iterator

from steps.recomputing.job import Context
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.cohort import tested_units
from synthaug.detection import prediction_table

SLICES, BOXES = "slices/slices.csv", "slices/boxes.csv"


def scored(context: Context) -> Iterator[Finding]:
    """Match the detections of every detector with the true boxes again."""
    run = context.run
    boxes = run.table(BOXES)
    for place in run.models("score_detector"):
        params = prediction_table.Params(**place.record.content["params"])
        test = tested_units.outside(run.table(f"seed-{place.seed}/folds.csv"), place.folds)
        validation = prediction_table.validation_slices(run.table(f"{place.folder}/train_set.csv"))
        source = f"{place.folder}/detections.csv"
        both = prediction_table.table(test, boxes, run.table(source), validation, params)
        for name, expected in zip(("predictions.csv", "matches.csv"), both, strict=True):
            file = f"{place.folder}/{name}"
            yield recomputed.table(run.results, file, expected, source, tolerance=recomputed.ROUNDING)
