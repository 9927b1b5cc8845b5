"""What the comparisons say of simulated detectors whose truth is known: no gain, a gain, or another threshold alone."""

import numpy as np
import pandas as pd
import pytest
from tests.helpers import detection_studies

from synthaug.detection import metric_names
from synthaug.detection.measures import Detection
from synthaug.evaluation import comparisons, operating_points, paired_tests, resampling
from synthaug.evaluation.pools import pooled
from synthaug.terms.totals import ALL

PARAMS = comparisons.Params(1, 2, 100, 0.95, smallest_gain=0.03, primary="cpggan", operating_point="fixed")
POINT = operating_points.Params(folds=2, classes=1, group=100, synthetic=0, plateau=0)
FROM_SCORE = metric_names.AT_SCORE.format(score=0.6, iou=0.25), ALL
PRIMARY = metric_names.PRIMARY, ALL


class OfTwo(Detection):
    """The primary measure and the paper's alone, so that the simulation takes seconds."""

    def compared(self):
        return [PRIMARY, FROM_SCORE]


TASK = OfTwo(["m"], detection_studies.IOUS, 1, 0.6)


def compared(real, other, task=TASK):
    table = pd.concat([real, other], ignore_index=True)
    choice = operating_points.choose(table, task, POINT)
    rows = comparisons.table(pooled(table, task, 2), choice, task, PARAMS)
    return rows[rows["against"] == "fixed"].set_index(["metric", "class"])


def study(seed, patients=30, **of_cpggan):
    """The rows of two arms of one cohort, each with noise of its own."""
    random = np.random.default_rng(seed)
    of = detection_studies.cohort(random, patients)
    real = detection_studies.predictions(of, random)
    cpggan = detection_studies.predictions(of, random, arm="cpggan", size="100", **of_cpggan)
    return real, cpggan


def test_another_threshold_passes_for_a_gain_at_other_false_positives_and_not_at_equal_ones():
    """The same detector, surer of everything: it draws more boxes, and nothing else."""
    random = np.random.default_rng(1)
    of = detection_studies.cohort(random)
    shifted = {"noise": 0, "shift": 1.0, "arm": "cpggan", "size": "100"}
    real, cpggan = (detection_studies.predictions(of, random, **each) for each in ({"noise": 0}, shifted))
    rows = compared(real, cpggan)
    paper, ours = rows.loc[FROM_SCORE], rows.loc[PRIMARY]
    assert paper["verdict"] == "gain"
    assert paper["delta"] > 0.08
    assert ours["delta"] == 0
    assert ours["p"] == 1 or np.isnan(ours["p"])
    assert ours["verdict"] not in ("gain", "worse")
    pools = [TASK.pool(table) for table in (real, cpggan)]
    false = metric_names.FALSE_AT_SCORE.format(score=0.6, iou=0.25), ALL
    few, many = (-TASK.values(pool, np.ones((1, len(pool.units))), [false])[false][0] for pool in pools)
    assert many > few + 1


def test_a_planted_gain_is_found():
    rows = compared(*study(2, gain=1.0))
    assert rows.loc[PRIMARY, "verdict"] == "gain"
    assert rows.loc[PRIMARY, "low"] > 0.05
    assert rows.loc[PRIMARY, "primary"]


def few_differing(other_boxes):
    """Two detectors of 80 patients, each with scores and false positives of its own; in so many one finds less."""
    tables = []
    for arm, size, seed in (("real", "0", 5), ("cpggan", "100", 6)):
        random, rows = np.random.default_rng(seed), []
        for number in range(80):
            missed = arm == "cpggan" and number < other_boxes
            hit = random.uniform(*((0.1, 0.2) if missed else (0.8, 0.9)))
            false = [0.6, 0.5, 0.4][: random.integers(0, 4)]
            scores = sorted([hit, *(each + random.uniform(0, 0.05) for each in false)], reverse=True)
            outcomes = str([0 if score == hit else -1 for score in scores])
            rows.append(
                {"arm": arm, "size": size, "seed": 0, "folds": "1", "slice": f"S{number:02}",
                 "patient": f"P{number:02}", "fold": 0, "boxes": 1, "box_classes": "[0]", "box_lesions": '["L"]',
                 "box_sides": "[5.0]",
                 "classes": str([0] * len(scores)), "scores": str(scores), "threshold_0.25": np.inf,
                 "threshold_0.5": np.inf, "outcomes_0.25": outcomes, "outcomes_0.5": outcomes}
            )  # fmt: skip
        # So that a rate of 1 is reached:
        extra = rows[-1] | {
            "scores": str([0.55] * 90 + [0.5]),
            "boxes": 0,
            "slice": "S99",
        }
        extra |= dict.fromkeys(("box_classes", "box_lesions", "box_sides"), "[]")
        extra |= {"classes": str([0] * 91), "outcomes_0.25": str([-1] * 91), "outcomes_0.5": str([-1] * 91)}
        tables.append(pd.DataFrame([*rows, extra]))
    return tables


@pytest.mark.parametrize("patients", [0, 1])
def test_few_patients_who_differ_exclude_nothing_whatever_the_scores(patients):
    """Scores and false positives of the two differ in nearly every patient; the boxes that they find in one or none."""
    rows = compared(*few_differing(patients))
    assert rows.loc[PRIMARY, "delta"] == pytest.approx(-patients / 80)
    assert rows.loc[PRIMARY, "differing"] == patients
    assert rows.loc[PRIMARY, "verdict"] == "undecidable"


@pytest.mark.slow
def test_copies_with_noise_are_called_a_gain_in_few_of_many_studies(monkeypatch):
    """As good as each other: `gain` at most in 3 of 60, and p values not below what chance gives."""
    monkeypatch.setattr(paired_tests, "SWAPS", 199)
    task = OfTwo(["m"], detection_studies.IOUS, 1, 0.6)
    monkeypatch.setattr(OfTwo, "compared", lambda self: [PRIMARY])
    monkeypatch.setattr(OfTwo, "planned", lambda self, points: [])
    rows = [compared(*study(seed, patients=16), task).loc[PRIMARY] for seed in range(60)]
    verdicts = [row["verdict"] for row in rows]
    assert verdicts.count("gain") <= 3
    assert verdicts.count("worse") <= 3
    assert np.mean([row["p"] < 0.5 for row in rows]) <= 0.6
    covered = [row["low"] <= 0 <= row["high"] for row in rows]
    assert np.mean(covered) >= 0.9


def test_thresholds_are_found_anew_in_each_resample():
    """Counted down from the highest score, until a resample would have more than one false positive a slice."""
    random = np.random.default_rng(4)
    pool = TASK.pool(detection_studies.predictions(detection_studies.cohort(random), random))
    weights = resampling.patient_weights(pool.patients, 50, random).astype(float)
    for row, value in zip(weights, TASK.values(pool, weights, [PRIMARY])[PRIMARY], strict=True):
        slices = zip(row, pool.scores, pool.outcomes[:, 0], strict=True)
        anew = [(*pair, often) for often, *both in slices for pair in zip(*both, strict=True)]
        false = found = 0.0
        for _, outcome, often in sorted(anew, reverse=True):
            false += often * (outcome < 0)
            if false > row.sum():
                break
            found += often * (outcome >= 0)
        assert value == pytest.approx(found / (row @ pool.boxes.of_slices(len(row))))
