"""What the reporting checklists say of a segmentation: every topic, and what changes with the config."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from synthaug.report import cohort_facts, result_facts, training_facts
from synthaug.report.described_run import Run, Settings
from synthaug.report.evaluated import Evaluated
from synthaug.segmentation import described_models

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "config/segmentation.yaml").read_text(encoding="utf-8"))
PRESETS = yaml.safe_load((ROOT / "workflow/presets/segmenter.yaml").read_text(encoding="utf-8"))
TASK = {"slices": CONFIG["slices"], "augmentation": CONFIG["augmentation"], "segmenter": PRESETS["unet-small"]}
ARMS = ["original", "lcgan", "traditional", "both", "fresh", "paste", "original-epochs", "lcgan-epochs"]
SETTINGS = Settings(
    cohort="c", phantom=False, unit="slice", primary="DSC", classes=["cyst", "metastasis"], folds=2, tested_folds=2,
    given_split=False, seeds=[0], master_seed=1, duplicate_correlation=0.9, arms=ARMS, reference="original",
    size="Share of the training patients, per mille", sizes={arm: ["500", "1000"] for arm in ARMS},
    generators=["lcgan"], presets={"lcgan": CONFIG["generators"]["lcgan"]},
    evaluation=CONFIG["evaluation"] | {"operating_point": "fixed"}, task=TASK,
)  # fmt: skip


@pytest.fixture
def run() -> Run:
    rows = [("original", "cyst", 0.5), ("original", "metastasis", 0.25), ("lcgan", "cyst", 0.75)]
    metrics = pd.DataFrame(rows, columns=["arm", "class", "value"])
    metrics = metrics.assign(size="fixed", seed="all", metric="DSC", low=0.0, high=1.0)
    nothing = pd.DataFrame()
    evaluated = Evaluated(metrics, nothing, nothing, "DSC")
    return Run(SETTINGS, nothing, "", {}, nothing, evaluated, nothing, nothing, nothing, {})


def topics(part) -> list[str]:
    """Return the topics of a module's ``facts``, by its source: a run that has all of them would be large."""
    lines = Path(part.__file__).read_text(encoding="utf-8").split("def facts(", 1)[1].split("}", 1)[0].splitlines()
    return [line.split('"')[1] for line in lines if line.strip().startswith('"') and '":' in line]


def test_every_topic_of_the_checklists_is_described_by_the_task_or_for_all(run):
    lists = yaml.safe_load((ROOT / "workflow/report/shared/checklists.yaml").read_text(encoding="utf-8"))
    items = [item for each in lists for section in each["sections"] for item in section["items"]]
    asked = {topic for item in items for topic in item.get("facts", [])}
    shared = {name for part in (cohort_facts, training_facts, result_facts) for name in topics(part)}
    assert asked - shared <= set(described_models.facts(run)) <= asked


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("subset of the images", "and 1 slice without a lesion of each patient's volumes"),
        ("preprocessing", "brought to 64x64 px"),
        ("preprocessing", "the window from -60 to 200 (HU in CT) became 0 and 1"),
        ("preprocessing", "Where lesions of two classes overlap the run stops."),
        ("augmentation", "In the arm traditional: rotation deg from -25 to 25 with a probability of 1; scale from 0.8"),
        ("arms", "original (the slices of the share; shares: 500 and 1000)"),
        ("arms", "lcgan-epochs (also one synthetic slice for each mask, after as many epochs; shares: 500 and 1000)"),
        ("model", "8, 16 and 32 feature maps from the full resolution down"),
        ("model", "tells the ground, cyst and metastasis for each pixel"),
        ("training", "Adam with learning rate 0.005, batches of 4; the loss is 1 times cross-entropy and 1 times the"),
        ("training", "for as many steps as 7 epochs of three times its slices take. The running average"),
        ("baselines", "border px 4; reach px 40"),
        ("class balance", "counts each class alike"),
        ("results by class", "original: cyst 50.0, metastasis 25.0. lcgan: cyst 75.0."),
    ],
)
def test_what_is_said_is_what_the_config_says(run, topic, expected):
    assert expected in described_models.facts(run)[topic].text


def test_it_changes_with_the_config(run):
    paper = PRESETS["fcn8s"] | {"weights": "0123abc", "optimiser": "sgd"}
    slices = CONFIG["slices"] | {"precedence": ["cyst", "metastasis"], "empty_slices": 0}
    task = TASK | {"segmenter": paper, "slices": slices}
    known = described_models.facts(replace(run, settings=replace(SETTINGS, task=task)))
    assert "FCN-8s" in known["model"].text
    assert "the SHA-256 0123abc" in known["initial weights"].text
    assert known["initial weights"].open
    assert "gradient descent with Nesterov momentum 0.9" in known["training"].text
    assert "the loss is 1 times cross-entropy." in known["training"].text
    assert "alike" not in known["class balance"].text
    assert "the first of cyst and metastasis wins" in known["preprocessing"].text
    assert "without a lesion" not in known["subset of the images"].text
