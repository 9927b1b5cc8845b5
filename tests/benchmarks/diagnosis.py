"""Assess generators of known faults and count how often each is named rightly: docs/results.md.

    PYTHONPATH=scripts:. python -m tests.benchmarks.diagnosis --brain FOLDER --out diagnosis.csv

A cohort is split by patients: one half is what the generators were trained on, a quarter stands for real images of the
test folds, and from the last quarter the images of all generators are made (`planted_images`). Phantoms are simulated
anew for each cohort. With --brain, the folder of the figshare brain-tumour set with its lesions.csv, patients of that
set are drawn anew, a run of slices being a patient.
"""

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, classifier, rois
from synthaug.imaging import intensity
from synthaug.phantom import cohort
from synthaug.quality import copy_search, diagnosis, embedding, realism
from tests.helpers import planted_images
from tests.helpers.augmentations import PAPER, REACH

AUGMENTATIONS = 12  # of each lesion
PHANTOM = {"cyst": 28, "metastasis": 28, "hemangioma": 28}
BRAIN = {"meningioma": 96, "glioma": 96, "pituitary": 96}
PER_RUN = 8  # lesions of each of the brain set's runs
NETWORK = {
    "architecture": "cnn", "widths": [8, 16, 32], "kernel": 3, "dense": 64, "dropout": 0.5, "epochs": 4, "batch": 32,
    "learning_rate": 0.01, "momentum": 0.9, "mean": "value", "device": "cpu", "threads": 1, "precision": "float32",
}  # fmt: skip
CUT = {"margin": 0.25, "scale": "replace", "antialias": True, "padding": "edge"}
NEIGHBOURS, FALSE_ALARM, CONFIDENCE = 5, 0.01, 0.95
FOLDS = "12"
FOR_LIMITS, CHECKED = (2, 3), (4, 5)  # cohorts, by their seeds: the limits were set on the first, tried on the others
RESULTS = Path(__file__).parent / "results/diagnosis.csv"


@dataclass(frozen=True)
class Lesion:
    """One lesion's images: uint8 (AUGMENTATIONS, 64, 64)."""

    name: str
    patient: str
    cls: str
    images: np.ndarray


def augmented(image: np.ndarray, box: tuple[float, ...], window: dict, random: np.random.Generator) -> np.ndarray:
    """Return the augmented ROIs of the lesion within ``box`` (x0, y0, x1, y1 in px) of a slice, (rows, columns)."""
    params = rois.Params(**CUT, intensity=window)
    diameter = max(box[2] - box[0], box[3] - box[1]) + 1
    crop = rois.crop(image, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, diameter, params, REACH, 0)
    drawn = augmentation_draws.draw(random, diameter, PAPER).head(AUGMENTATIONS)
    maps = augment.matrices(drawn, diameter, params)
    return augment.apply(rois.lowpass(crop, diameter, params), maps, *intensity.limits(image, window))


def phantom_lesions(number: int) -> Iterator[Lesion]:
    """Yield the lesions of the ``number``-th phantom."""
    params = cohort.Params(1000 + number, PHANTOM, {}, 1)
    window = {"mode": "window", "low": -60, "high": 200}
    for patient, _, kinds in cohort.plan(params):
        scan = cohort.simulate(params.master_seed, patient, kinds, params.slices)
        image = scan.stored[0].astype(np.float32) + scan.protocol.model.intercept
        for label, kind in enumerate(kinds, start=1):
            y, x = np.nonzero(scan.mask[0] == label)
            name = f"{patient}-{label}"
            random = seeding.stream(params.master_seed, "augment", name)
            yield Lesion(name, patient, kind, augmented(image, (x.min(), y.min(), x.max(), y.max()), window, random))


def brain_lesions(folder: Path, number: int) -> Iterator[Lesion]:
    """Yield the lesions of the ``number``-th draw of runs of the brain set in ``folder``."""
    table = pd.read_csv(folder / "lesions.csv", dtype=str)
    random = seeding.stream(number, "brain")
    window = {"mode": "percentile", "low": 1, "high": 99}
    for cls, count in BRAIN.items():
        of_class = table[table["class"] == cls]
        runs = random.permutation(of_class["patient"].unique())[: count // PER_RUN]
        for run in runs:
            of_run = of_class[of_class["patient"] == run]
            for place in random.permutation(len(of_run))[:PER_RUN]:
                row = of_run.iloc[place]
                points = np.array([float(part) for part in row["polygon"].replace(",", " ").split()]).reshape(-1, 2)
                image = np.asarray(Image.open(folder / row["image"]).convert("L"), np.float32)
                box = (*points.min(axis=0), *points.max(axis=0))
                yield Lesion(row["lesion"], row["patient"], cls, augmented(image, box, window, random))


@dataclass(frozen=True)
class Part:
    """The images of some lesions, uint8 (n, 64, 64), in random order, with the lesion and the patient of each."""

    pixels: np.ndarray
    lesions: np.ndarray
    patients: np.ndarray


def part(lesions: list[Lesion], random: np.random.Generator) -> Part:
    order = random.permutation(len(lesions) * AUGMENTATIONS)
    names = [np.repeat([getattr(lesion, key) for lesion in lesions], AUGMENTATIONS) for key in ("name", "patient")]
    return Part(np.concatenate([lesion.images for lesion in lesions])[order], *(each[order] for each in names))


def split(lesions: list[Lesion], random: np.random.Generator) -> dict[str, list[Part]]:
    """Return of each class three parts: seen (half of the patients), unseen and new (a quarter each)."""
    patients = random.permutation(sorted({lesion.patient for lesion in lesions}))
    group = {patient: (0, 0, 1, 2)[place % 4] for place, patient in enumerate(patients)}
    return {
        cls: [part([x for x in lesions if x.cls == cls and group[x.patient] == number], random) for number in range(3)]
        for cls in sorted({lesion.cls for lesion in lesions})
    }


def trained(classes: dict[str, list[Part]], number: int) -> torch.nn.Module:
    """Return a classifier of the seen images."""
    params = classifier.Params(master_seed=number, classes=list(classes), **NETWORK)
    images = np.concatenate([seen.pixels for seen, _, _ in classes.values()])
    labels = np.repeat(np.arange(len(classes)), [len(seen.pixels) for seen, _, _ in classes.values()])
    network = classifier.build(images, params, ("calibration",))
    classifier.train(network, images, labels, params, ("calibration",), torch.device("cpu"))
    return network


def described(images: np.ndarray, network: torch.nn.Module) -> dict[str, np.ndarray]:
    """Return the features of images, as they are measured."""
    learned = classifier.predict(network, images, torch.device("cpu"))[1]
    return {embedding.CNN: learned, embedding.RADIOMIC: embedding.radiomic(images)}


def scaled(features: dict[str, np.ndarray], reference: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return features scaled by those of the training images, as the assessment has them."""
    scale = {embedding.CNN: embedding.unit_scale, embedding.RADIOMIC: embedding.standardise}
    return {space: scale[space](values, reference[space]) for space, values in features.items()}


def of_class(
    cls: str, parts: list[Part], made: dict[str, np.ndarray], network: torch.nn.Module, draw: realism.Streams
) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield, for each generator of one class, its name, its measures and its copy audit, as `diagnosis.diagnose` takes.

    Parameters
    ----------
    made
        By the generator's name, its images, uint8 (n, 64, 64), equally many of each.
    draw
        Returns the random stream of the names of a decision.
    """
    seen, unseen, _ = parts
    count = len(next(iter(made.values())))
    hidden = unseen.pixels[:count]
    # One search for all: what it says of an image does not depend on the images beside it.
    together = np.concatenate(list(made.values()))
    audit = copy_search.audit(together, seen.pixels, seen.lesions, hidden, FALSE_ALARM, draw("controls"))
    reference = described(seen.pixels[:count], network)
    train, test = (
        realism.Images(part.pixels[:count], part.patients[:count], scaled(features, reference))
        for part, features in ((seen, reference), (unseen, described(hidden, network)))
    )
    for place, (name, pixels) in enumerate(made.items()):
        features = scaled(described(pixels, network), reference)
        images = realism.Images(pixels, np.arange(count).astype(str), features)
        table = realism.assess(cls, train, images, test, NEIGHBOURS, CONFIDENCE, partial(draw, name))
        own = replace(audit, nearest=audit.nearest.iloc[place * count : (place + 1) * count])
        yield name, table.assign(folds=FOLDS), pd.DataFrame([{"class": cls, **own.summary()}])


def planted(parts: list[Part], others: np.ndarray, count: int, draw: realism.Streams) -> dict[str, np.ndarray]:
    """Return the images of every planted generator of a class, uint8 (count, 64, 64), by kind and variant.

    ``others`` are real images of another class, uint8 (n, 64, 64): what a generator makes that mistakes the class.
    """
    seen, _, new = parts
    made = {
        f"{kind}: {variant}": make(new.pixels[:count], seen.pixels, draw("made", kind, variant))
        for kind, makers in planted_images.KINDS.items()
        for variant, make in makers.items()
    }
    return made | {"broken: another class": others[:count]}


def cases(lesions: list[Lesion], count: int, number: int) -> Iterator[dict]:
    """Yield a row of the table for each planted generator and class of one cohort."""
    classes = split(lesions, seeding.stream(number, "split"))
    count = min(count, *(len(part.pixels) for parts in classes.values() for part in parts))
    network = trained(classes, number)
    names = list(classes)
    for place, (cls, parts) in enumerate(classes.items()):
        draw = partial(seeding.stream, number, "calibration", cls)
        others = classes[names[(place + 1) % len(names)]][2].pixels
        for name, table, audits in of_class(cls, parts, planted(parts, others, count, draw), network, draw):
            measured = diagnosis.Measured(table)
            numbers = {
                f"{features} {measure}{suffix}": part.loc[cls, (features, measure)]
                for features, measure in diagnosis.MEASURES
                for suffix, part in (("", measured.value), (", real", measured.reference))
            }
            kind, variant = name.split(": ")
            state = diagnosis.diagnose(table, audits).state
            yield {"class": cls, "kind": kind, "variant": variant, "state": state, **numbers, **audits.round(6).iloc[0]}


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return how often each variant was given each state, and in how many cases, apart for the cohorts `CHECKED`."""
    index = [table["cohort"].isin(CHECKED).rename("checked"), "set", "kind", "variant"]
    counts = table.pivot_table(index=index, columns="state", aggfunc="size", fill_value=0)
    return counts.assign(cases=counts.sum(axis=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brain", type=Path, help="folder of the figshare brain-tumour set")
    parser.add_argument("--out", type=Path, required=True, help="the table, CSV; its cohorts are not repeated")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sets = {"phantom": (phantom_lesions, 25)}
    if arguments.brain:
        sets["brain"] = (partial(brain_lesions, arguments.brain), 40)
    done = pd.read_csv(arguments.out) if arguments.out.exists() else pd.DataFrame(columns=["set", "cohort"])
    for number, (name, (lesions, count)) in itertools.product(FOR_LIMITS + CHECKED, sets.items()):
        if ((done["set"] == name) & (done["cohort"] == number)).any():
            continue
        rows = pd.DataFrame(cases(list(lesions(number)), count, number))
        rows.insert(0, "set", name)
        rows.insert(1, "cohort", number)
        done = pd.concat([done, rows], ignore_index=True)
        done.to_csv(arguments.out, index=False)
    print(summary(done).to_string())


if __name__ == "__main__":
    main()
