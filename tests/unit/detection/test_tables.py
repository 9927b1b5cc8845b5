"""Tables of detections whose hits and false positives are counted by hand."""

import numpy as np
import pandas as pd
import pytest

from synthaug.detection import metric_names, prediction_table, tables
from synthaug.detection.measures import Detection
from synthaug.report.evaluated import Evaluated

IOU = [0.5, 0.25]
PARAMS = tables.Params([["real", "0"], ["cpggan", "100"], ["paste", "0"]], IOU, 0.001, 1)
# Four slices of two patients with a box of 10 px each, of which the first two show one lesion; the last has none.
BOXES = pd.DataFrame(
    [(f"{name}-0", name, patient, lesion, "met", 10.0, 10.0, 20.0, 20.0, 0)
     for name, patient, lesion in (("A1", "A", "A-0"), ("A2", "A", "A-0"), ("B1", "B", "B-0"))],
    columns=["box", "slice", "patient", "lesion", "class", "x0", "y0", "x1", "y1", "ignore"],
)  # fmt: skip
TEST = pd.DataFrame({"slice": ["A1", "A2", "B1", "B2"], "patient": ["A", "A", "B", "B"], "fold": ["0"] * 4})
EXACT, SHIFTED, OFF = (10.0, 10.0, 20.0, 20.0), (15.0, 10.0, 25.0, 20.0), (40.0, 40.0, 50.0, 50.0)  # IoU 1, 1/3, 0


def detections(*rows: tuple) -> pd.DataFrame:
    found = [(name, which, "met", *box, score) for name, which, box, score in rows]
    return pd.DataFrame(found, columns=["slice", "set", "class", "x0", "y0", "x1", "y1", "score"])


REAL = detections(
    ("A1", "test", EXACT, 0.9),
    ("A2", "test", SHIFTED, 0.8),  # found at 0.25 alone
    ("B1", "test", OFF, 0.7),
    ("B2", "test", OFF, 0.0005),  # below the score
)
MADE = detections(
    ("A1", "test", EXACT, 0.9),
    ("A1", "test", EXACT, 0.8),  # a second hit
    ("A2", "test", EXACT, 0.7),
    ("B1", "test", EXACT, 0.6),
    ("B2", "test", OFF, 0.5),
)


@pytest.fixture(scope="module")
def evaluated() -> Evaluated:
    task = Detection(["met"], IOU, PARAMS.false_positives, PARAMS.score)
    rows = []
    for arm, size, found in (("real", "0", REAL), ("cpggan", "100", MADE)):
        settings = prediction_table.Params(["met"], IOU, PARAMS.false_positives)
        predictions, _ = prediction_table.table(TEST, BOXES, found, [], settings)
        values = task.values(task.pool(predictions), np.ones((1, len(TEST))))
        rows += [
            {"arm": arm, "size": size, "seed": "all", "metric": metric, "class": cls, "value": value[0],
             "low": value[0] - 0.1, "high": value[0] + 0.2}
            for (metric, cls), value in values.items()
        ]  # fmt: skip
    return Evaluated(pd.DataFrame(rows), pd.DataFrame(), pd.DataFrame(), Detection.primary)


def test_the_papers_table(evaluated):
    table = tables.paper(evaluated, PARAMS).set_index("Arm")
    real, made = table.loc["real"], table.loc["cpggan"]
    assert real["Sensitivity, IoU 0.5 (%)"] == "33.3 (23.3 to 53.3)"
    assert real["Sensitivity, IoU 0.25 (%)"] == "66.7 (56.7 to 86.7)"
    assert real["False positives a slice, IoU 0.5"] == "0.50 (0.30 to 0.60)"  # 2 on 4 slices
    assert real["False positives a slice, IoU 0.25"] == "0.25 (0.05 to 0.35)"
    assert real["of which second hits of a box, IoU 0.5"] == "0.00 (-0.20 to 0.10)"  # no -0.00
    assert made["of which second hits of a box, IoU 0.5"].startswith("0.25 ")
    assert made["False positives a slice, IoU 0.5"].startswith("0.50 ")
    assert real["AP, IoU 0.5 (%)"].startswith("33.3 ")  # recall 1/3 at precision 1
    expected = (1 + 3 / 4 + 3 / 4) / 3  # the envelope of 1, 2/3 and 3/4
    assert made["AP, IoU 0.5 (%)"].startswith(f"{100 * expected:.1f} ")
    assert set(table.loc["paste"][1:]) == {"not run"}


def test_at_equal_false_positives(evaluated):
    table = tables.equal_false_positives(evaluated, PARAMS).set_index(["IoU", "Arm"])
    strict, moderate = table.loc["0.5", "real"], table.loc["0.25", "real"]
    assert strict["Boxes found at 1 false positive a slice (%)"].startswith("33.3 ")
    assert moderate["Boxes found at 1 false positive a slice (%)"].startswith("66.7 ")
    assert moderate["Lesions found (%)"].startswith("50.0 ")  # two boxes of one lesion
    assert moderate["Mean over patients (%)"].startswith("50.0 ")
    assert strict["Mean over patients (%)"].startswith("25.0 ")
    assert table.loc["0.5", "cpggan"]["Boxes found at 1 false positive a slice (%)"].startswith("100.0 ")
    assert "not run" not in set(table.drop("paste", level="Arm").to_numpy().ravel())


def test_points_of_the_curve(evaluated):
    table = tables.curve(evaluated, PARAMS).set_index(["IoU", "Arm"])
    made = table.loc["0.5", "cpggan"]
    assert made["at 1/8 (%)"].startswith("33.3 ")  # the second hit of a box comes next: one false positive on 4 slices
    assert made["at 1/4 (%)"].startswith("100.0 ")
    assert made["False positives at 70 % found"].startswith("0.25 ")
    assert table.loc["0.5", "real"]["False positives at 50 % found"] == "n/a"
    assert "not run" not in set(table.drop("paste", level="Arm").to_numpy().ravel())


def test_names_follow_the_config(evaluated):
    two = tables.Params(PARAMS.arms, [0.25], 0.001, 2)
    assert "Boxes found at 2 false positives a slice (%)" in tables.equal_false_positives(evaluated, two)
    assert metric_names.at_rate(2, 0.25) in set(evaluated.metrics["metric"])
