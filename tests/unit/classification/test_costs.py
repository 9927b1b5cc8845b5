"""The mean cost is what one counts by hand in the paper's confusions, and is compared as any other measure is."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.helpers import forked
from tests.helpers.paper_confusions import CLASSES, CLASSIC, GAN, predictions

from synthaug.classification import costs, measures
from synthaug.evaluation import comparisons, operating_points, resampling
from synthaug.evaluation.pools import pooled
from synthaug.terms.totals import ALL

GRAVE = {"met": {"hem": 5, "cyst": None}, "cyst": {"met": 0.5}}  # the others cost 1
LESIONS = 182
BY_HAND = {"classic": (0.5 + 2 + 18 * 5 + 18) / LESIONS, "dcgan": (2 + 10 * 5 + 1 + 13) / LESIONS}
KEY = measures.SAVED, ALL


@pytest.fixture(scope="module")
def table():
    runs = [(CLASSIC, "classic", "5000"), (GAN, "dcgan", "5000+1000x3")]
    return pd.concat([predictions(*run) for run in runs], ignore_index=True)


def evaluated(table, task):
    """Return what the evaluation writes: metrics.csv, comparisons.csv and operating_points.csv."""
    pools = pooled(table, task, 3)
    choice = operating_points.choose(table, task, operating_points.Params(3, 3, 5000, 1000, 0.01))
    shared = (1, 3, 200, 0.95)
    metrics, _ = resampling.evaluate(operating_points.at(pools, choice, "fixed"), task, resampling.Params(*shared))
    compared = comparisons.table(pools, choice, task, comparisons.Params(*shared, 0.03, "dcgan", "fixed"))
    return metrics, compared, choice


def test_mean_cost_of_the_papers_confusions_by_hand():
    cost = costs.cost_matrix(GRAVE, CLASSES)
    assert cost.tolist() == [[0, 0.5, 1], [1, 0, 5], [1, 1, 0]]
    assert costs.mean_cost(np.stack([CLASSIC, GAN]), cost) == pytest.approx(list(BY_HAND.values()))
    assert np.isnan(costs.mean_cost(np.zeros((3, 3)), cost))


def test_it_is_one_minus_the_accuracy_where_every_error_costs_one(table):
    task = measures.Classification(CLASSES, {"met": {"hem": 1}})
    for pool in pooled(table, task, 3).values():
        values = task.values(pool, np.random.default_rng(1).integers(0, 3, (4, LESIONS)).astype(float))
        assert values[KEY] == pytest.approx(values["accuracy", ALL])


def test_arms_are_compared_in_it(table):
    """With one lesion a patient and one seed, the interval is that of Student's paired t test."""
    task = measures.Classification(CLASSES, GRAVE)
    metrics, compared, _ = evaluated(table, task)
    value = metrics[(metrics["metric"] == measures.SAVED) & (metrics["seed"] == ALL)].set_index("arm")
    assert value["value"].to_dict() == pytest.approx({arm: 1 - cost for arm, cost in BY_HAND.items()})
    assert (value["low"] < value["value"]).all()
    assert (value["value"] < value["high"]).all()
    assert (value["n"] == LESIONS).all()

    (row,) = compared[(compared["metric"] == measures.SAVED) & (compared["against"] == "fixed")].to_dict("records")
    cost = {arm: [] for arm in BY_HAND}
    for lesion in table.itertuples():
        wrong = lesion.truth != lesion.predicted
        given = GRAVE.get(lesion.truth, {}).get(lesion.predicted)
        cost[lesion.arm].append(wrong * (1 if given is None else given))
    expected = stats.ttest_rel(cost["classic"], cost["dcgan"])
    assert row["delta"] == pytest.approx(BY_HAND["classic"] - BY_HAND["dcgan"])
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert row["p"] >= expected.pvalue - 1e-9


def test_nothing_is_added_without_costs(table):
    for none in (None, {}):
        task = measures.Classification(CLASSES, none)
        metrics, compared, _ = evaluated(table, task)
        assert measures.SAVED not in {*metrics["metric"], *compared["metric"]}


def test_script_writes_cost_and_savings(table, tmp_path):
    names = ("metrics", "comparisons", "operating-points")
    command = [sys.executable, "scripts/make_cost_table.py", "--out", tmp_path / "costs.csv"]
    for name, made in zip(names, evaluated(table, measures.Classification(CLASSES, GRAVE)), strict=True):
        made.to_csv(tmp_path / f"{name}.csv", index=False)
        command += [f"--{name}", tmp_path / f"{name}.csv"]
    params = {"confidence": 0.95, "operating_point": "fixed", "arms": ["classic", "extra", "dcgan"]}
    forked.run([*command, "--params", json.dumps(params)], check=True)
    rows = pd.read_csv(tmp_path / "costs.csv", dtype=str).fillna("").set_index("Arm")
    assert rows["Mean cost per lesion"].tolist() == ["0.61", "", "0.36"]  # 110.5 and 66 errors' worth in 182 lesions
    assert rows["Saved per lesion against classic"].tolist() == ["", "", "+0.24"]
    assert rows["Size per fold"].tolist() == ["5000", "not run", "5000+1000x3"]
    low, high = map(float, rows.loc["classic", "Cost 95 % interval"].split(" to "))
    assert 0 < low < 0.61 < high
    low, high = map(float, rows.loc["dcgan", "Saved 95 % interval"].split(" to "))
    assert low < 0.24 < high
    assert rows.loc["dcgan", "Verdict"]
