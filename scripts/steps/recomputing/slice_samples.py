"""For segmentation: slices and label maps from the images of the case table, folds of slices, scores from masks."""

from collections.abc import Iterator

import numpy as np

from steps import slice_cutting
from steps.recomputing import cohort
from steps.recomputing.job import Context
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.segmentation import prediction_table, slice_folds, slice_scores, slices

SLICES, IMAGES, LABELS = "slices/slices.csv", "slices/images.npy", "slices/labels.npy"
ROUNDED = 1  # gray levels that machines may round apart


def cut(context: Context) -> Iterator[Finding]:
    """Cut slices and label maps from the images again."""
    run = context.run
    for record in run.of("cut_slices"):
        if not context.table.is_file():
            yield Finding(SLICES, not_done=f"there is no case table {context.table}; name it with --table")
            continue
        made = slice_cutting.cut(run.table("cases.csv"), context.table, slices.Params(**record.content["params"]))
        source = "cases and images"
        yield recomputed.table(run.results, SLICES, made.table, source, tolerance=recomputed.ROUNDING)
        names = [f"slice {name}" for name in made.table["slice"]]
        for file, arrays, levels in ((IMAGES, made.images, ROUNDED), (LABELS, made.labels, 0)):
            parts = (array[None] for array in arrays)
            yield recomputed.images(file, parts, run.array(file), names.__getitem__, "the case table", levels)


def split(context: Context) -> Iterator[Finding]:
    """Draw the folds of each seed again."""
    yield from cohort.folds_again(context, slice_folds.split, SLICES)


def scores(context: Context) -> Iterator[Finding]:
    """Compare the stored masks of every segmenter with the true label maps again."""
    run = context.run
    index, labels = run.table(SLICES), np.array(run.array(LABELS))
    for place in run.models("score_segmenter"):
        settings = dict(place.record.content["params"])
        classes, params = settings.pop("classes"), slice_scores.Params(**settings)
        masks, folds = run.array(f"{place.folder}/masks.npy"), run.table(f"seed-{place.seed}/folds.csv")
        expected = prediction_table.table(index, labels, folds, place.folds, masks, classes, params)
        file, source = f"{place.folder}/predictions.csv", f"{place.folder}/masks.npy"
        yield recomputed.table(run.results, file, expected, source, tolerance=recomputed.ROUNDING)
