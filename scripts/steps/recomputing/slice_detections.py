"""For detection: slices and boxes from the images of the case table, folds of slices, matches from detections."""

from collections.abc import Iterator

from steps import boxed_slices
from steps.recomputing import cohort
from steps.recomputing.job import Context
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.cohort import tested_units
from synthaug.detection import prediction_table, preprocessing, slice_folds

SLICES, IMAGES, BOXES = "slices/slices.csv", "slices/images.npy", "slices/boxes.csv"
ROUNDED = 1  # gray levels that machines may round apart


def cut(context: Context) -> Iterator[Finding]:
    """Cut slices and boxes from the images again."""
    run = context.run
    for record in run.of("cut_slices"):
        if not context.table.is_file():
            yield Finding(SLICES, not_done=f"there is no case table {context.table}; name it with --table")
            continue
        params = preprocessing.Params(**record.content["params"])
        made = boxed_slices.cut(run.table("cases.csv"), context.table, params)
        for file, expected in ((SLICES, made.table), (BOXES, made.boxes)):
            yield recomputed.table(run.results, file, expected, "cases and images", tolerance=recomputed.ROUNDING)
        names = [f"slice {name}" for name in made.table["slice"]]
        found = run.array(IMAGES)
        yield recomputed.images(IMAGES, [made.images], found, names.__getitem__, "the case table", ROUNDED)


def split(context: Context) -> Iterator[Finding]:
    """Draw the folds of each seed again."""
    yield from cohort.folds_again(context, slice_folds.split, SLICES)


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
