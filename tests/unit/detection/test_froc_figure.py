"""The FROC curves in table and figure: the measures' numbers, an end where detections end, and the same bytes."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import detection_studies, forked

from synthaug.detection import equal_sensitivity, froc_figure, froc_table, metric_names
from synthaug.evaluation import operating_points
from synthaug.evaluation.pools import pooled
from synthaug.files import artifacts
from synthaug.terms.totals import ALL

SCRIPT = Path(__file__).parents[3] / "scripts/plot_froc.py"
TASK = detection_studies.MEASURES
STATISTICS = {"master_seed": 1, "folds": 2, "bootstrap": 40, "confidence": 0.95}
DRAWN = {"operating_point": "fixed", "arms": ["real", "fresh", "cpggan", "cpggan-filtered"], "generators": ["cpggan"]}


@pytest.fixture(scope="module")
def study():
    """Four arms with two seeds; `fresh` says nothing below a score, so its curve ends early."""
    tables = []
    of = detection_studies.cohort(np.random.default_rng(0), patients=15)
    arms = [("real", "0", {}), ("fresh", "0", {"floor": 0.4}), ("cpggan", "100", {"gain": 0.8}),
            ("cpggan-filtered", "100", {"gain": 0.4})]  # fmt: skip
    for number, (arm, size, how) in enumerate(arms):
        for seed in (0, 1):
            random = np.random.default_rng([number, seed])
            tables.append(detection_studies.predictions(of, random, arm=arm, size=size, seed=seed, **how))
    table = pd.concat(tables, ignore_index=True)
    return table, operating_points.choose(table, TASK, operating_points.Params(2, 1, 100, 0, 0))


def test_table_holds_the_measures_and_says_where_a_curve_ends(study):
    table, choice = study
    pools = operating_points.at(pooled(table, TASK, 2), choice, "fixed")
    curves = froc_table.table(pools, TASK, froc_table.Params(**STATISTICS, **DRAWN))
    assert list(curves) == froc_table.COLUMNS
    for arm in DRAWN["arms"]:
        single = [pools[arm, "fixed", seed] for seed in (0, 1)]
        for rate in (1 / 8, 1, 8):
            key = metric_names.at_rate(rate, 0.5), ALL
            values = [TASK.values(pool, np.ones((1, len(pool.units))), [key])[key][0] for pool in single]
            row = curves[(curves["arm"] == arm) & (curves["iou"] == 0.5) & (curves["false_positives"] == rate)].iloc[0]
            assert row["sensitivity"] == pytest.approx(np.mean(values))
            if rate < 8:
                assert row["low"] < row["sensitivity"] < row["high"]
    ends = curves.groupby("arm")["end"].first()
    false = table[table["arm"] == "fresh"]["outcomes_0.5"].map(lambda cell: json.loads(cell).count(-1)).mean()
    assert ends["fresh"] == pytest.approx(false)
    figure = froc_figure.draw(curves, DRAWN["arms"], ["cpggan"], 1, 0.95)
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert max(lines["fresh"].get_xdata()) <= ends["fresh"] < 8
    assert max(lines["real"].get_xdata()) <= ends["real"]
    assert lines["cpggan-filtered"].get_linestyle() == "--"
    assert lines["cpggan-filtered"].get_color() == lines["cpggan"].get_color() != lines["real"].get_color()
    assert [axes.get_title() for axes in figure.axes] == ["IoU 0.25", "IoU 0.5"]


def test_false_positives_for_the_sensitivity_of_the_reference(study):
    """Counted down from the highest score, until the arm finds as many boxes as `real` at 1 false positive a slice."""
    table, choice = study
    pools = operating_points.at(pooled(table, TASK, 2), choice, "fixed")
    rows = equal_sensitivity.table(pools, TASK, froc_table.Params(**STATISTICS, **DRAWN)).set_index(["arm", "iou"])
    by_seed = []
    for seed in (0, 1):
        real, other = (pools[arm, "fixed", seed] for arm in ("real", "cpggan"))
        key = metric_names.at_rate(1, 0.5), ALL
        boxes = TASK.values(real, np.ones((1, len(real.units))), [key])[key][0] * sum(map(len, real.box_sides))
        found = false = 0
        for _, outcome in sorted(
            (
                pair
                for lists in zip(other.scores, other.outcomes[:, 1], strict=True)
                for pair in zip(*lists, strict=True)
            ),
            reverse=True,
        ):
            if found >= boxes - 1e-9:
                break
            found, false = found + (outcome >= 0), false + (outcome < 0)
        by_seed.append(false / len(other.units))
    row = rows.loc[("cpggan", 0.5)]
    assert row["false_positives"] == pytest.approx(np.mean(by_seed))
    assert row["low"] <= row["false_positives"] <= row["high"] < 1
    assert rows.loc[("real", 0.5), "false_positives"] <= 1
    assert (rows["sensitivity"] == row["sensitivity"]).all()  # hits are the same at both IoUs here
    assert rows.loc[("cpggan", 0.5), "reached"] == 1


def test_script_writes_the_same_bytes_twice(study, tmp_path):
    table, choice = study
    artifacts.write_csv(table, tmp_path / "predictions.csv")
    artifacts.write_csv(choice, tmp_path / "points.csv")
    measures = {"classes": TASK.classes, "iou": TASK.iou, "false_positives": 1, "score": 0.001}
    command = [
        sys.executable,
        str(SCRIPT),
        "--predictions",
        str(tmp_path / "predictions.csv"),
        "--operating-points",
        str(tmp_path / "points.csv"),
        "--params",
        json.dumps({**STATISTICS, **DRAWN, "measures": measures}),
    ]
    names = ("froc.csv", "froc.png", "froc.svg", "equal_sensitivity.csv")
    for folder in ("a", "b"):
        paths = [str(tmp_path / folder / name) for name in names]
        options = zip(("out", "png", "svg", "equal-sensitivity"), paths, strict=True)
        done = forked.run([*command, *(part for name, path in options for part in (f"--{name}", path))])
        assert done.returncode == 0, done.stderr
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == [
        (tmp_path / "b" / name).read_bytes() for name in names
    ]
