"""For classification: the predictions of networks from their weights, those of baselines by fitting them again."""

import re
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import torch

from steps import baseline_training, discriminators
from steps.recomputing.job import Context
from steps.recomputing.roi_samples import POOL_IMAGES, ROI_IMAGES, ROIS
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding
from synthaug.audit.recorded_run import Place
from synthaug.classification import (
    bovw,
    classifier,
    prediction_table,
    stored_classifier,
    texture,
    training_images,
    training_sets,
)  # fmt: skip
from synthaug.training import device

FILE, TRAIN_SET, WEIGHTS, FEATURES = "predictions.csv", "train_set.csv", "weights.safetensors", "features.npy"
MADE = re.compile("/(synthetic|selected)/")
TRAININGS = ("train_classifier", "train_pretrain", "train_genmix", "train_weight")
BASELINES: dict[str, ModuleType] = {"train_bovw": bovw, "train_texture": texture}


def classifiers(context: Context) -> Iterator[Finding]:
    """Predict again with the stored weights, in float32 on the processor, where it takes seconds."""
    run = context.run
    index, images = run.table(ROIS), np.array(run.array(ROI_IMAGES))
    row_of = {lesion: row for row, lesion in enumerate(index["lesion"])}
    for place in run.models(*TRAININGS):
        where = _processor(place)
        test = training_sets.test_lesions(run.table(f"seed-{place.seed}/folds.csv"), place.folds)
        network = device.place(stored_classifier.classifier(run.results / place.folder), where)
        probabilities, features = classifier.predict(network, images[test["lesion"].map(row_of)], where)
        expected = prediction_table.table(test, probabilities, place.record.content["params"]["classes"])
        source = f"{place.folder}/{WEIGHTS}"
        file = f"{place.folder}/{FILE}"
        yield recomputed.table(run.results, file, expected, source, tolerance=recomputed.NEAR)
        names = [f"lesion {lesion}" for lesion in test["lesion"]]
        file = f"{place.folder}/{FEATURES}"
        yield recomputed.arrays(file, features, run.array(file), names.__getitem__, source)


def training_means(context: Context) -> Iterator[Finding]:
    """Compare the mean image that a network's weights hold with that of the images in its training list.

    Without the arms whose images are drawn in each epoch.
    """
    run = context.run
    rois, pool = run.array(ROI_IMAGES), run.array(POOL_IMAGES)
    for place in run.models(*TRAININGS):
        rows = run.table(f"{place.folder}/{TRAIN_SET}")
        if (rows["source"] == training_sets.FRESH).any():
            continue
        rows = rows[rows["source"] != training_sets.VALIDATION]
        images = training_images.gather(rows, rois, pool, _synthetic(context, place))
        expected = classifier.train_mean(images, place.record.content["params"]["mean"])
        found = stored_classifier.classifier(run.results / place.folder).mean
        file, problem = f"{place.folder}/{WEIGHTS}", None
        if not torch.equal(expected, found):
            pair = [f"{float(each.mean()):.6f}" for each in (expected, found)]
            problem = (
                f"{file}: expected the mean of the images in {TRAIN_SET}, {pair[0]}, found {pair[1]}; the weights are "
                "of another training, or its list or images were changed; run again"
            )
        yield Finding(file, problem)


def discriminating(context: Context) -> Iterator[Finding]:
    """Predict again with the discriminators of ACGANs."""
    run = context.run
    rois, images = run.table(ROIS), np.array(run.array(ROI_IMAGES))
    for place in run.models("classify_discriminator"):
        ends = f"/train-{place.folds}/{training_sets.ALL_CLASSES}/discriminator.safetensors"
        (source,) = [file for file in place.record.inputs if file.endswith(ends)]
        folder = (run.results / source).parent
        folds = run.table(f"seed-{place.seed}/folds.csv")
        done = discriminators.classify(folder, rois, images, folds, place.folds, _processor(place))
        file = f"{place.folder}/{FILE}"
        yield recomputed.table(run.results, file, done.predictions, source, tolerance=recomputed.NEAR)


def baselines(context: Context) -> Iterator[Finding]:
    """Fit the baselines again: they have no weights that would be stored."""
    run = context.run
    images = np.array(run.array(ROI_IMAGES))
    for rule, method in BASELINES.items():
        for place in run.models(rule):
            params = method.Params(**place.record.content["params"])
            cohort = baseline_training.Cohort(run.table(ROIS), run.table(f"seed-{place.seed}/folds.csv"), images)
            fitted = baseline_training.fit(method, params, cohort, place.name, place.seed, place.folds)
            file = f"{place.folder}/{FILE}"
            source = "the ROIs, by fitting again"
            yield recomputed.table(run.results, file, fitted.predictions, source, tolerance=recomputed.NEAR)


def _processor(place: Place) -> torch.device:
    """Set up this process as the job was, and return the CPU."""
    params = place.record.content["params"]
    return device.pick(device.Compute(device="cpu", threads=params["threads"], precision=params["precision"]))


def _synthetic(context: Context, place: Place) -> dict[str, np.ndarray]:
    """Return the synthetic images of each class that a classifier was given for its training folds."""
    ends = f"/train-{place.folds}/"
    found = [file for file in place.record.inputs if MADE.search(file) and ends in file]
    return {file.split("/")[-2]: context.run.array(file) for file in found}
