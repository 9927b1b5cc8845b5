"""Beside the paper of Han et al.: our numbers stand beside its own, in its units; its open details beside our keys."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tests.helpers import forked

from synthaug.detection import conformance, han_paper, metric_names
from synthaug.report import beside_paper
from synthaug.report.evaluated import Evaluated

ROOT = Path(__file__).parents[3]
CONFIG = {
    "cohort": "<cohort>",
    "folds": 2,
    "tested_folds": None,
    "seeds": [0],
    "cases": {"table": None, "classes": ["lesion"]},
    "slices": {"side": 64, "organ": "none", "crop": "square", "intensity": {"mode": "percentile", "low": 1, "high": 99},
               "empty_slices": 1},
    "generators": {"cpggan": {"architecture": "cpggan", "images_per_stage": [3000],
                              "sampling": {"shift": 0.1, "zoom": 0.1, "flip": 0.5}}},
    "detector": {"architecture": "yolov3", "nms_iou": 0.45, "most_boxes": 300, "floor": 0.001},
    "augmentation": {"real": {"flip": 0.5}},
    "experiment": {"synthetic": [100, 200], "generators": ["cpggan"], "arms": ["fresh"], "filtered": True},
    "evaluation": {"primary": "cpggan", "synthetic": 100, "iou": [0.5, 0.25], "false_positives": 1, "score": 0.001,
                   "confidence": 0.95},
}  # fmt: skip


def measured(arm: str, size: str, metric: str, value: float) -> dict:
    return {"arm": arm, "size": size, "seed": "all", "metric": metric, "class": "all", "value": value,
            "low": value - 0.125, "high": value + 0.25, "n": 40}  # fmt: skip


@pytest.fixture
def evaluated() -> Evaluated:
    sensitivity = metric_names.AT_SCORE.format(score=0.001, iou=0.5)
    false = metric_names.FALSE_AT_SCORE.format(score=0.001, iou=0.5)
    metrics = [
        measured("real", "0", sensitivity, 0.5), measured("real", "0", false, -4.0),
        measured("cpggan", "100", sensitivity, 0.625), measured("cpggan", "100", false, -7.5),
        measured("cpggan-filtered", "100", sensitivity, 0.25),
    ]  # fmt: skip
    row = {"against": "fixed", "arm_a": "cpggan", "size_a": "100", "arm_b": "real", "size_b": "0",
           "metric": metric_names.PRIMARY, "class": "all", "delta": -0.02, "low": -0.1, "high": 0.06,
           "verdict": "undecidable"}  # fmt: skip
    return Evaluated(pd.DataFrame(metrics), pd.DataFrame([row]), pd.DataFrame(), metric_names.PRIMARY)


def test_each_published_number_stands_beside_the_arms_that_stand_for_it(evaluated):
    found = {
        (row.published.arm, row.published.measure, row.published.iou, row.arm): (row.size, row.ours)
        for row in conformance.rows(evaluated, CONFIG)
    }
    assert found["real", "sensitivity", 0.5, "real"] == ("0", "50.0 (37.5 to 75.0)")
    assert found["real", "false positives a slice", 0.5, "real"] == ("0", "4.00 (3.75 to 4.12)")  # not its negative
    assert found["4,000", "sensitivity", 0.5, "cpggan"] == ("100", "62.5 (50.0 to 87.5)")
    assert found["4,000", "sensitivity", 0.5, "cpggan-filtered"] == ("100", "25.0 (12.5 to 50.0)")
    assert found["8,000", "sensitivity", 0.5, "cpggan"] == ("200", "not run")
    assert found["real", "AP", 0.5, "real"] == ("0", "not run")
    published = [row for row in han_paper.published() if row.arm == "real"]
    assert len(found) == len(published) + 2 * (len(han_paper.published()) - len(published))


def test_a_size_that_is_not_run_is_said(evaluated):
    config = CONFIG | {"experiment": CONFIG["experiment"] | {"synthetic": [100]}}
    twice = [row for row in conformance.rows(evaluated, config) if row.published.arm == "8,000"]
    assert [(row.arm, row.ours) for row in twice] == [("", "not run")] * 4


def test_what_synthetic_images_add_in_the_papers_way_and_in_ours(evaluated):
    rows = {row["measure"]: (row["paper"], row["ours"]) for row in conformance.gains(evaluated, CONFIG)}
    filtered = {"cpggan-filtered": "-25.0"}
    assert rows["sensitivity, IoU 0.5, from score 0.001"] == ("+10.0", {**filtered, "cpggan": "+12.5"})
    assert rows["false positives a slice, IoU 0.5, from score 0.001"] == (
        "+3.53", {"cpggan-filtered": "n/a", "cpggan": "+3.50"}
    )  # fmt: skip
    assert rows["AP, IoU 0.5, from score 0.001"][0] == "+3.0"
    fair = rows["sensitivity at 1 false positive a slice, IoU 0.5"]
    assert fair == ("not given", {"cpggan-filtered": "not run", "cpggan": "-2.0 (-10.0 to +6.0), undecidable"})


def test_settings_that_differ_are_told_apart():
    same = {row["key"]: row["same"] for row in conformance.settings(CONFIG)}
    assert same == {
        "slices: side": False,
        "detector: architecture": True, "experiment: synthetic": False, "evaluation: iou": True,
        "evaluation: score": True, "experiment: filtered": True,
    }  # fmt: skip


def test_every_open_detail_is_read_from_a_key_that_there_is():
    config = yaml.safe_load((ROOT / "config/detection.yaml").read_text(encoding="utf-8"))
    schema = yaml.safe_load((ROOT / "workflow/schemas/detection.schema.yaml").read_text(encoding="utf-8"))
    config["detector"] = dict.fromkeys(schema["properties"]["detector"]["properties"], "of a preset")
    choices = "; ".join(row["choice"] for row in beside_paper.open_details(han_paper.OPEN, config))
    assert beside_paper.ABSENT not in choices
    assert len(conformance.settings(config)) == len(han_paper.SETTINGS)


def test_the_page_needs_no_other_file_and_escapes_names(tmp_path, evaluated):
    for name in ("metrics", "comparisons"):
        getattr(evaluated, name).to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "points.csv").write_text("rule,arm,size,seed\n", encoding="utf-8")
    template = ROOT / "workflow/report/detection/conformance.html.j2"
    done = forked.run(
        [
            sys.executable, ROOT / "scripts/write_conformance_detection.py", "--config", json.dumps(CONFIG),
            "--metrics", tmp_path / "metrics.csv", "--comparisons", tmp_path / "comparisons.csv",
            "--operating-points", tmp_path / "points.csv", "--template", template,
            "--html", tmp_path / "page.html", "--csv", tmp_path / "page.csv",
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "&lt;cohort&gt;" in page
    assert "<cohort>" not in page
    assert "src=" not in page
    assert "href=" not in page
    for detail in han_paper.OPEN:
        assert f"<td>{detail.where}</td>" in page
    for row in beside_paper.open_details(han_paper.OPEN, CONFIG):
        assert "{" not in row["choice"]
    table = pd.read_csv(tmp_path / "page.csv", keep_default_na=False)
    assert len(table) == len(conformance.rows(evaluated, CONFIG))
    assert set(table["paper"][table["measure"] == "AP"].astype(float)) == {51.0, 54.0}
