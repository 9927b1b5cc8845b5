"""The learning curve on tables whose errors follow a power law exactly, and its intervals on simulated cohorts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.helpers import predicted_studies
from tests.unit.evaluation.test_observed_variation import PARAMS

from synthaug.evaluation import learning_curve
from synthaug.evaluation.operating_points import at
from synthaug.evaluation.pools import pooled

FOLDS = 4
SIZE = predicted_studies.SIZES[0]


def curve(table, folds=FOLDS, bootstrap=200, size=SIZE):
    params = replace(PARAMS, folds=folds, bootstrap=bootstrap)
    where = table[["seed", "fold"]].drop_duplicates()
    choice = where.assign(rule="fixed", arm="classic", size=size)
    pools = at(pooled(table, predicted_studies.MEASURES, folds), choice, "fixed")
    return learning_curve.table(table, pools, choice, predicted_studies.MEASURES, params)


def study(wrong, folds=FOLDS, patients=400):
    """Return one strategy's predictions by all choices of training folds; ``wrong(folds trained on, fold)``, bool."""
    fold = np.arange(patients) % folds
    trained = predicted_studies.trained(folds) + predicted_studies.trained(folds, 2)
    right = {of: ~wrong(len(of), fold)[np.newaxis] for of in trained}
    return predicted_studies.table(right, np.arange(patients), fold)


def first_of_each(share):
    """Return a function that has the first of the units of each fold wrong, a share by the number of training folds."""
    return lambda number, fold: np.arange(len(fold)) // FOLDS < share[number] * len(fold) / FOLDS


def test_two_errors_of_a_power_law():
    """Errors of 40 and 30 % at 200 and 300 patients: 30 % (300/n)^b with b = log(4/3) / log(3/2)."""
    rows = curve(study(first_of_each({2: 0.4, 3: 0.3})))
    assert rows["patients"].tolist() == [200, 300, 400, 800]
    assert rows["kind"].tolist() == ["measured", "measured", "extrapolated", "extrapolated"]
    b = np.log(4 / 3) / np.log(3 / 2)
    expected = [1 - 0.3 * (300 / n) ** b for n in (200, 300, 400, 800)]
    assert rows["accuracy"].tolist() == pytest.approx(expected)
    assert expected[:2] == pytest.approx([0.6, 0.7])
    assert (rows["low"] < rows["accuracy"]).all()
    assert (rows["accuracy"] < rows["high"]).all()


def test_without_errors_or_without_learning_nothing_is_infinite():
    flat = curve(study(first_of_each({2: 0.25, 3: 0.25})))
    assert flat["accuracy"].tolist() == pytest.approx([0.75] * 4)
    perfect = curve(study(first_of_each({2: 0.0, 3: 0.0})))
    assert np.isfinite(perfect[["accuracy", "low", "high"]]).all(axis=None)


def test_no_rows_where_a_model_or_a_fold_is_missing():
    whole = study(first_of_each({2: 0.4, 3: 0.3}))
    assert len(curve(whole)) == 4
    standard = whole[whole["folds"].str.len() == 3]
    lacking = whole[whole["folds"] != "01"]
    partly = whole[whole["folds"].isin(["123", "12", "13", "23"])]
    partly = partly[(partly["folds"].str.len() == 2) | (partly["fold"] == 0)]
    for table in (standard, lacking, partly):
        rows = curve(table)
        assert rows.empty
        assert list(rows) == ["arm", "kind", "patients", "accuracy", "low", "high"]


def test_intervals_hold_the_truth():
    """Units that are hard by themselves; each model has them wrong below its threshold, so errors go together."""
    generator = np.random.default_rng(11)
    truth = 1 - 0.3 * (150 / 400) ** (np.log(4 / 3) / np.log(3 / 2))
    held = []
    for _ in range(60):
        hard = generator.random(200)
        rows = curve(study(lambda number, _, hard=hard: hard < {2: 0.4, 3: 0.3}[number], patients=200), bootstrap=150)
        held.append(rows["low"].iloc[-1] <= truth <= rows["high"].iloc[-1])
    assert 0.85 < np.mean(held) <= 1.0


def test_seeds_are_averaged():
    first, second = (study(first_of_each(share)) for share in ({2: 0.4, 3: 0.3}, {2: 0.2, 3: 0.1}))
    rows = curve(pd.concat([first, second.assign(seed=1)], ignore_index=True))
    assert rows["accuracy"].tolist()[:2] == pytest.approx([0.7, 0.8])
