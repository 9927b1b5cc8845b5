"""What the reporting checklists say of a detection: every topic, and what changes with the config."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from synthaug.detection import described_generators, described_models, metric_names
from synthaug.report import cohort_facts, result_facts, training_facts
from synthaug.report.described_run import Run, Settings
from synthaug.report.evaluated import Evaluated

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config/detection.yaml").read_text(encoding="utf-8"))
DETECTOR = {
    "architecture": "yolov3", "maps": 4, "input_px": None, "steps": 500, "batch": 8, "learning_rate": 0.001,
    "burn_in": 50, "ignore_iou": 0.7, "nms_iou": 0.45, "floor": 0.001, "most_boxes": 300, "ema": 0.99,
    "checkpoint": "last", "evaluate_every": 100,
}  # fmt: skip
TASK = {"slices": CONFIG["slices"], "detector": DETECTOR, "augmentation": CONFIG["augmentation"], "validation": 0.125}
SETTINGS = Settings(
    cohort="c", phantom=False, unit="slice", primary=metric_names.PRIMARY, classes=["metastasis"], folds=4,
    tested_folds=1, given_split=False, seeds=[0], master_seed=1, duplicate_correlation=0.9,
    arms=["real", "fresh", "paste", "cpggan", "cpggan-filtered", "cpggan-kept", "other-tool"], reference="real",
    size="Synthetic slices per 100 real training slices",
    sizes={"real": ["0"], "fresh": ["0"], "paste": ["0"], "cpggan": ["100", "200"], "cpggan-filtered": ["100", "200"],
           "cpggan-kept": ["100"], "other-tool": ["0"]},
    generators=["cpggan"], presets={"cpggan": CONFIG["generators"]["cpggan"]},
    evaluation=CONFIG["evaluation"] | {"operating_point": "fixed"}, task=TASK,
)  # fmt: skip


@pytest.fixture
def run() -> Run:
    rows = [("real", "a", 0.5), ("real", "b", 0.25), ("cpggan", "a", 0.75)]
    metrics = pd.DataFrame(rows, columns=["arm", "class", "value"])
    metrics = metrics.assign(size="fixed", seed="all", metric=metric_names.PRIMARY, low=0.0, high=1.0)
    nothing = pd.DataFrame()
    evaluated = Evaluated(metrics, nothing, nothing, metric_names.PRIMARY)
    return Run(SETTINGS, nothing, "", {}, nothing, evaluated, nothing, nothing, nothing, {})


def facts(run: Run) -> dict:
    return described_models.facts(run) | described_generators.facts(run)


def test_every_topic_of_the_checklists_is_described_by_the_task_or_for_all(run):
    lists = yaml.safe_load((ROOT / "workflow/report/shared/checklists.yaml").read_text(encoding="utf-8"))
    items = [item for each in lists for section in each["sections"] for item in section["items"]]
    asked = {topic for item in items for topic in item.get("facts", [])}
    shared = {name for part in (cohort_facts, training_facts, result_facts) for name in topics(part)}
    assert asked - shared <= set(facts(run)) <= asked


def topics(part) -> list[str]:
    """Return the topics of a module's ``facts``, by its source: a run that has all of them would be large."""
    lines = Path(part.__file__).read_text(encoding="utf-8").split("def facts(", 1)[1].split("}", 1)[0].splitlines()
    return [line.split('"')[1] for line in lines if line.strip().startswith('"') and '":' in line]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("subset of the images", "and 1 slice without a lesion of each patient's volumes"),
        ("preprocessing", "with a margin of 2 %, was brought to 64x64 px"),
        ("preprocessing", "the organ's percentiles 1 and 99 became 0 and 1"),
        ("augmentation", "zoom from 0.9 to 1.1 with a probability of 0.5"),
        ("augmentation", "In the arm fresh: zoom from 0.7 to 1.3"),
        ("augmentation", "left right mirrored with a probability of 0.5."),
        ("arms", "real (real slices, moved and changed at every step); fresh"),
        ("arms", "cpggan (also synthetic slices; sizes: 100 and 200)"),
        ("arms", "cpggan-filtered (also those synthetic slices on which the detector"),
        ("arms", "cpggan-kept (also those synthetic slices that a reader kept; sizes: 100)"),
        ("arms", "other-tool (detections of another tool). A size counts: synthetic slices per 100 real"),
        ("model", "4 feature maps in the first convolution (32 in the paper on it), one gray channel of 64x64 px"),
        ("model", " other-tool: detections that another tool has made."),
        ("training", "500 steps in batches of 8 for every arm"),
        ("training", "The last network is used, with a running average of the weights (decay 0.99)"),
        ("training", "Of the training patients with boxes 12.5 % are validation patients"),
        ("baselines", "border 0.5; tissue 20, 250; smallest px 64; donors 10"),
        ("output", "overlap by more than 0.45"),
        ("calibration and utility", "each 1 false positive a slice"),
        ("results by class", "There is one class, metastasis."),
        ("generators", "with 16 feature maps up to 32 px"),
        ("training of the generators", "800, 1600, 2400, 900 and 120 images (at 4 px, 8 px and so on"),
        ("training of the generators", "slices with a lesion only"),
    ],
)
def test_what_is_said_is_what_the_config_says(run, topic, expected):
    assert expected in facts(run)[topic].text


def changed(run: Run, part: str, **values: object) -> Run:
    task = run.settings.task | {part: run.settings.task[part] | values}
    return replace(run, settings=replace(run.settings, task=task))


def test_it_changes_with_the_config(run):
    assert "What is not the brain" in facts(changed(run, "slices", organ="deepbet"))["preprocessing"].text
    assert "of 416x416 px" in facts(changed(run, "detector", input_px=416))["model"].text
    best = facts(changed(run, "detector", checkpoint="best", ema=0))["training"].text
    assert "Every 100 steps the network was judged" in best
    assert "running average" not in best
    none = {"real": {"left_right": 0}, "fresh": {}}
    assert "with their boxes: not at all." in facts(changed(run, "augmentation", **none))["augmentation"].text
    preset = SETTINGS.presets["cpggan"] | {"flipped_labels": 0.25, "spatial_pyramid": True}
    other = facts(replace(run, settings=replace(SETTINGS, presets={"cpggan": preset})))
    assert "labels exchanged in 25 % of the steps" in other["training of the generators"].text
    assert "maxima of its last maps" in other["generators"].text


def test_sensitivities_of_classes_are_those_of_the_metrics(run):
    several = replace(run, settings=replace(SETTINGS, classes=["a", "b"]))
    text = facts(several)["results by class"].text
    assert text == "Sensitivity by class, in percent. real: a 50.0, b 25.0. cpggan: a 75.0."


def test_what_made_imported_slices_is_left_to_the_authors(run):
    imported = facts(replace(run, settings=replace(SETTINGS, presets={})))
    assert imported["generators"].text == "cpggan: slices of a generator outside this workflow."
    for topic in ("generators", "training of the generators", "initial weights of the generators"):
        assert imported[topic].open == "structure, initial weights and training of what made the slices of cpggan"
    assert facts(run)["generators"].open == ""
    alone = facts(
        replace(run, settings=replace(SETTINGS, generators=[], presets={}, arms=["real"], sizes={"real": []}))
    )
    assert alone["generators"].text == "No generator was used."
    assert alone["synthetic images"].text == "No synthetic slices were used."
    assert "No method without synthetic slices" in alone["baselines"].text
