"""For classification: what each model was to be trained on, from the folds and the config."""

from collections.abc import Iterator

import pandas as pd

from steps import baseline_training
from steps.recomputing.job import Context
from steps.recomputing.roi_samples import POOL, ROIS
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.audit.recorded_run import Place
from synthaug.classification import training_sets
from synthaug.generators import imported_files

FILE = "train_set.csv"


def training_lists(context: Context) -> Iterator[Finding]:
    """Decide again what every generator and classifier trains on."""
    run = context.run
    rois, pool_index = run.table(ROIS), run.table(POOL)
    folds = {seed: run.table(f"seed-{seed}/folds.csv") for seed in {place.seed for place in run.models()}}
    for place in [*run.generators(), *run.models()]:
        file = f"{place.folder}/{FILE}"
        how = place.record.rule
        if how == "import_synthetic":
            listed = run.table(file)["lesion"]
            patients = rois.loc[rois["lesion"].isin(listed), "patient"]
            expected = imported_files.train_set(patients, rois, "lesion")
            source = "all lesions of the patients that it lists"
        elif how in ("classify_discriminator", "take_generator"):
            twin = _generator_of(place)
            expected, source = run.table(f"{twin}/{FILE}"), f"{twin}/{FILE}"
        else:
            expected, source = _drawn(place, rois, pool_index, folds[place.seed]), "folds and config"
        yield recomputed.table(run.results, file, expected, source)


def _drawn(place: Place, rois: pd.DataFrame, pool_index: pd.DataFrame, folds: pd.DataFrame) -> pd.DataFrame:
    """Return the training set of a model or generator that this workflow trained."""
    params = place.record.content["params"]
    shared = {"train_folds": place.folds, "seed": place.seed, "master_seed": params["master_seed"]}
    if place.cls:
        group = int(place.size)
        return training_sets.generator_set(rois, pool_index, folds, group=group, cls=place.cls, **shared)
    if place.record.rule in ("train_bovw", "train_texture"):
        return baseline_training.train_set(
            rois, folds, place.folds, params["classes"], place.seed, params["master_seed"]
        )
    arm = {"arm": place.name, "size": place.size, "classes": params["classes"]}
    share = params["early_stopping"]["share"] if params["early_stopping"] else 0.0
    return training_sets.classifier_set(rois, pool_index, folds, **arm, **shared, validation_share=share)


def _generator_of(place: Place) -> str:
    """Return the folder of the ACGAN whose discriminator a model is, or of the generator that was taken over."""
    ends = f"/train-{place.folds}/{training_sets.ALL_CLASSES}/{FILE}"
    (file,) = [file for file in place.record.inputs if file.endswith(ends)]
    return file.rsplit("/", 1)[0]
