"""A draft of the config for a new case table: what the table decides, and in comments what the user must decide."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import yaml

FOLDS = {"classification": 3, "segmentation": 2, "detection": 4}  # of the defaults, as the patients allow
FEWEST_FOLDS = 2
SOFT_TISSUE = (-160, 240)  # HU: the common window of abdominal CT, width 400, level 40
PERCENTILES = (1, 99)
PRESETS = {"CT": "ct-lesion", "MR": "mr", "US": "ultrasound", "DX": "chest-xray"}
MILDEST = "ultrasound"
MODALITIES = {  # as DICOM, or people, write them at the beginning
    "CT": re.compile(r"CT|computed tomo", re.IGNORECASE),
    "MR": re.compile(r"MR|magnetic", re.IGNORECASE),
    "US": re.compile(r"US|ultraso|sonogra", re.IGNORECASE),
    "DX": re.compile(r"CR|DX|CXR|XR|(chest|thorax)?[ _-]*X[ _-]?ray|(chest|thorax)?[ _-]*radiogra", re.IGNORECASE),
}
PRIMARY = {"classification": ("dcgan", 0.03), "segmentation": ("lcgan", 0.03), "detection": ("cpggan", 0.05)}  # gain
# For a first run on a processor, as docs/segmentation.md and docs/detection.md advise; a budget sets those of
# classification.
NETWORKS = {
    "classification": [],
    "segmentation": [
        "# DECIDE: networks for a first run on a processor; snakemake -n says how long it takes.",
        "segmenter: {preset: unet-medium, epochs: 15}",
        "generators:",
        "  lcgan: {generator_maps: 16, discriminator_maps: 16, epochs: 50, candidates: [10, 25, 50]}",
        "experiment:",
        "  shares: [1000] # of the training patients, per mille",
        "  arms: [traditional, both]",
        "",
    ],
    "detection": [
        "# DECIDE: networks for a first run on a processor; snakemake -n says how long it takes.",
        "detector: {preset: yolov3-medium, steps: 1000}",
        "generators:",
        "  cpggan: {maps: 32, latent: 32, images_per_stage: [1000, 1000, 2000, 2000, 1000], learning_rate: 0.005}",
        "experiment:",
        "  arms: [paste]",
        "",
    ],
}
# The arms that these lines give, to choose the primary one from; in classification a budget decides about them, too.
CHOICES = {
    "classification": "",
    "segmentation": ": lcgan, traditional or both (docs/segmentation.md)",
    "detection": ": cpggan, cpggan-filtered or paste (docs/detection.md)",
}
POSITIVE = re.compile(r"malig|cancer|tumou?r|carcinom|positive|abnormal|disease|pneumon|lesion", re.IGNORECASE)
# Names that say that nothing was found, at the beginning of a word: abnormal and nodule are no such names.
NOTHING = re.compile(
    r"(?<![a-z])(no(t|ne)?(?![a-z])|non|without|neg|normal|health|control|absen|unaffected|uninfected)", re.IGNORECASE
)
BENIGN = re.compile(r"benign", re.IGNORECASE)


@dataclass(frozen=True)
class Study:
    """What is known of a study.

    Attributes
    ----------
    table
        The case table, as read by a run in the project's folder.
    whole
        Whether images are classified as a whole.
    modality
        Such as CT; "" if it is not known.
    patients
        By which rule they were found, in words.
    beyond
        How many lesions have a ROI that reaches beyond their image.
    """

    cohort: str
    task: str
    table: str
    whole: bool = False
    modality: str = ""
    patients: str = ""
    beyond: int = 0


def text(study: Study, cases: pd.DataFrame) -> str:
    """Return the draft, YAML.

    Parameters
    ----------
    cases
        The case table: ``class``, ``patient``.
    """
    classes = sorted(set(cases["class"]) - {""})
    modality = _modality(study.modality)
    lines = [
        "# A draft. What it does not name is as in the default of its task; config/README.md explains every key.",
        "# Decide what is marked with DECIDE before you see a result, then look at your data: check_data.",
        "",
        f"cohort: {_value(study.cohort)} # name of the folder under results/",
        f"task: {study.task}",
    ]
    if study.task == "classification":
        lines.append("budget: 2h # DECIDE: how long a run may take")
    lines += [
        *_folds(study.task, cases),
        "",
        "cases:",
        f"  table: {_value(study.table)}" + (f" # patients: {study.patients}" if study.patients else ""),
        f"  classes: {_value(classes)} # DECIDE: their order in tables and figures",
    ]
    if study.whole:
        lines.append("  annotation: none # images are classified as a whole")
    if study.task == "classification" and len(classes) == 2:
        lines.append(f"  positive: {_value(_positive(classes))} # DECIDE: the class whose sensitivity is reported")
    return "\n".join([*lines, "", *_images(study, modality), "", *NETWORKS[study.task], *_evaluation(study.task), ""])


def too_few(cases: pd.DataFrame) -> list[str]:
    """Return the classes that have fewer patients than a study needs."""
    counts = cases[cases["class"] != ""].groupby("class")["patient"].nunique()
    return list(counts.index[counts < FEWEST_FOLDS])


def _folds(task: str, cases: pd.DataFrame) -> Sequence[str]:
    counts = cases[cases["class"] != ""].groupby("class")["patient"].nunique()
    folds = max(FEWEST_FOLDS, min(FOLDS[task], int(counts.min())))
    few = f"; {counts.idxmin()} has {counts.min()} patients, the fewest"
    lines = [f"folds: {folds} # of patients; each class needs as many patients or more{few}"]
    if task == "detection":  # whose default tests one fold alone
        lines.append(
            f"tested_folds: 1 # DECIDE: of these {folds} parts of the patients only one is tested; null: each in turn, "
            f"which takes about {folds} times as long"
        )
    return lines


def _modality(text: str) -> str:
    """Return the key of `PRESETS` that a modality in words begins with; "" if none is known."""
    return next((known for known, words in MODALITIES.items() if words.match(text.strip())), "")


def _positive(classes: list[str]) -> str:
    """Return the class to propose as the positive one: never one that says that nothing was found, or benign ones."""
    for unlikely in (NOTHING, BENIGN):
        left = [name for name in classes if not unlikely.search(name)]
        if len(left) == 1:
            return left[0]
    likely = [name for name in classes if POSITIVE.search(name)]
    return likely[0] if len(likely) == 1 else classes[-1]


def _images(study: Study, modality: str) -> list[str]:
    task = study.task
    low, high = SOFT_TISSUE if modality == "CT" else PERCENTILES
    mode = "window" if modality == "CT" else "percentile"
    what = "HU that become black and white" if modality == "CT" else "percentiles of each image, black and white"
    intensity = f"  intensity: {{mode: {mode}, low: {low}, high: {high}}} # DECIDE: {what}"
    if task == "classification":
        known = "as for this modality" if modality else "the modality is not known, this is the mildest"
        preset = PRESETS.get(modality, MILDEST)
        said = f"  padding: edge # DECIDE: edge, constant or reflect; {study.beyond} ROIs reach beyond their image"
        return [
            "rois:",
            intensity,
            *([said] if study.beyond else []),
            "augmentation:",
            f"  preset: {preset} # DECIDE: ct-lesion, ultrasound, chest-xray or mr; {known}",
        ]
    side = "  side: 64 # DECIDE: px, a power of two; 128 takes four times as long"
    if task == "segmentation":
        return ["slices:", side, intensity]
    return ["slices:", side, intensity, "  organ: none # DECIDE: morphology or deepbet for heads", "  crop: square"]


def _evaluation(task: str) -> list[str]:
    primary, gain = PRIMARY[task]
    return [
        "evaluation:",
        f"  primary: {primary} # DECIDE: the arm that your question is about{CHOICES[task]}",
        f"  smallest_gain: {gain} # DECIDE: the smallest gain that would matter to you, as a fraction",
    ]


def _value(value: object) -> str:
    """Return a value as YAML on one line, quoted where it must be."""
    return yaml.safe_dump(value, default_flow_style=True, width=10**9).strip().removesuffix("\n...")
