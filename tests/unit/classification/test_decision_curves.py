"""Net benefit has its closed forms and agrees with scikit-learn's counts; the figure shows the table."""

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix
from tests.helpers import forked

from synthaug.classification import decision_curves, decision_figure, measures
from synthaug.classification.decision_curves import THRESHOLDS, net_benefit

CLASSES = ["cyst", "met", "hem"]
MEASURES = measures.Classification(CLASSES)
PARAMS = decision_curves.Params(1, 3, 300, 0.95, "fixed", ["classic", "online", "dcgan", "glcm"], ["dcgan"], ["dcgan"])


def pool_of(scores, truth):
    lesions = np.array([f"L{i:03d}" for i in range(len(truth))])
    return measures.ClassPool(lesions, lesions, np.arange(len(truth)) % 3, truth, scores.argmax(axis=1), scores)


def drawn(number, seed):
    """Return probabilities and a truth drawn from them."""
    random = np.random.default_rng(seed)
    scores = random.dirichlet([0.5, 0.5, 0.5], number)
    return scores, (random.random((number, 1)) > scores.cumsum(axis=1)).sum(axis=1)


def test_right_probabilities_of_every_size_alike_are_worth_half_of_what_is_above_the_threshold():
    """The integral over p from t to 1 of p - (1 - p) t / (1 - t) is (1 - t) / 2."""
    middle = (np.arange(20000) + 0.5) / 20000
    probability, positive = np.tile(middle, 2), np.repeat([True, False], 20000)
    found = net_benefit(probability, positive, np.concatenate([middle, 1 - middle])[np.newaxis])
    assert found[0] == pytest.approx((1 - THRESHOLDS) / 2, abs=1e-3)


def test_who_knows_gets_the_prevalence_and_who_treats_all_loses_beyond_it():
    positive = np.arange(10) < 3
    known, every = (net_benefit(p, positive, np.ones((1, 10)))[0] for p in (positive.astype(float), np.ones(10)))
    assert known == pytest.approx(np.full(len(THRESHOLDS), 0.3))
    assert every == pytest.approx((0.3 - THRESHOLDS) / (1 - THRESHOLDS))  # so it is 0 at the prevalence
    assert not net_benefit(np.zeros(10), positive, np.ones((1, 10))).any()


def test_it_is_what_scikit_learns_counts_give():
    scores, truth = drawn(60, 1)
    weights = np.random.default_rng(2).integers(0, 4, (3, 60))
    found = net_benefit(scores[:, 1], truth == 1, weights)
    for place in (9, 19, 49, 94):
        t = THRESHOLDS[place]
        for row, weight in zip(found, weights, strict=True):
            counts = confusion_matrix(truth == 1, scores[:, 1] >= t, sample_weight=weight)
            assert row[place] == pytest.approx((counts[1, 1] - counts[0, 1] * t / (1 - t)) / weight.sum())


@pytest.fixture(scope="module")
def pools():
    """Return an arm that knows nothing, one that knows most, and two without and with other probabilities."""
    scores, truth = drawn(120, 3)
    shares = np.bincount(truth, minlength=3) / len(truth)
    flat = np.tile(shares, (len(truth), 1))
    result = {("classic", "fixed", seed): pool_of(flat, truth) for seed in (0, 1)}
    result |= {("dcgan", "fixed", seed): pool_of(scores, truth) for seed in (0, 1)}
    result |= {("online", "fixed", 0): pool_of(flat, truth), ("online", "fixed", 1): pool_of(scores, truth)}
    return result | {("glcm", "fixed", seed): pool_of(scores, truth) for seed in (0, 1)}


@pytest.fixture(scope="module")
def table(pools):
    return decision_curves.table(pools, MEASURES, PARAMS)


def test_table_has_each_class_arm_and_threshold_but_no_scores_that_are_no_probabilities(table):
    assert list(table) == decision_curves.COLUMNS
    assert table.groupby(["class", "arm"], sort=False).size().to_dict() == {
        (name, arm): len(THRESHOLDS) for name in CLASSES for arm in ("treat all", "classic", "online", "dcgan")
    }


def test_who_knows_only_the_prevalence_treats_all_up_to_it_and_none_beyond(table, pools):
    truth = next(iter(pools.values())).truth
    for number, name in enumerate(CLASSES):
        share = np.mean(truth == number)
        rows = table[table["class"] == name].set_index("arm")
        classic, every = (rows.loc[arm, "value"].to_numpy() for arm in ("classic", "treat all"))
        assert classic == pytest.approx(np.where(share >= THRESHOLDS, every, 0))


def test_differences_are_paired_and_have_intervals(table):
    rows = table[table["class"] == "met"].set_index(["arm", "threshold"])
    values = rows["value"]
    for arm in ("dcgan", "online"):
        assert rows.loc[arm, "delta"].to_numpy() == pytest.approx((values[arm] - values["classic"]).to_numpy())
    known = rows.loc[("dcgan", 0.5)]
    assert 0 < known["delta_low"] < known["delta"] < known["delta_high"]
    assert known["low"] < known["value"] < known["high"]
    assert rows.loc["classic", "delta"].isna().all()


def test_a_mean_is_taken_over_the_seeds(table):
    """Online knows nothing with one seed and what dcgan knows with the other."""
    values = table.pivot_table(index=["class", "threshold"], columns="arm", values="value")
    assert values["online"].to_numpy() == pytest.approx((values["classic"] + values["dcgan"]).to_numpy() / 2)


def test_figure_shows_the_table_of_generators_and_classic(table):
    figure = decision_figure.curves(table, PARAMS)
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in panels] == [*CLASSES, "", "", ""]
    lines = {line.get_label(): line for line in panels[1].get_lines()}
    assert list(lines) == ["classic", "dcgan", "treat all", "treat none"]
    of_class = table[table["class"] == "met"]
    for arm in ("classic", "dcgan", "treat all"):
        shown = of_class[of_class["arm"] == arm]
        assert lines[arm].get_xdata() == pytest.approx(100 * shown["threshold"])
        assert lines[arm].get_ydata() == pytest.approx(shown["value"])
    (band,) = panels[4].collections
    shown = of_class[of_class["arm"] == "dcgan"]
    place = shown["threshold"].sub(0.5).abs().argmin()
    low, high = shown.iloc[place][["delta_low", "delta_high"]]
    at = [y for x, y in band.get_paths()[0].vertices if x == pytest.approx(50)]
    assert (min(at), max(at)) == pytest.approx((low, high))
    assert {axes.get_ylim() for axes in panels[:3]} == {panels[0].get_ylim()}


def test_an_arm_that_is_no_generator_is_drawn_if_it_is_the_one_shown(table):
    figure = decision_figure.curves(table, replace(PARAMS, shown=["online"]))
    panels = [axes for axes in figure.axes if axes.axison]
    assert [line.get_label() for line in panels[0].get_lines()][:3] == ["classic", "dcgan", "online"]
    assert len(panels[3].collections) == 1
    unknown = decision_figure.curves(table, replace(PARAMS, shown=["glcm"]))  # no probabilities
    assert not any(axes.collections for axes in unknown.axes)


@pytest.mark.parametrize("number", [2, 4])
def test_each_class_has_its_panels(number):
    random = np.random.default_rng(5)
    scores, truth = random.dirichlet(np.ones(number), 30), np.arange(30) % number
    names = [f"class{i}" for i in range(number)]
    pools = {("classic", "fixed", 0): pool_of(scores, truth)}
    table = decision_curves.table(pools, measures.Classification(names), PARAMS)
    panels = [axes for axes in decision_figure.curves(table, PARAMS).axes if axes.axison]
    assert [axes.get_title() for axes in panels if axes.get_title()] == names
    assert len(panels) == 2 * number


def test_script_draws(pools, tmp_path):
    rows, choice = [], []
    for (arm, _, seed), pool in pools.items():
        scores = {f"p_{name}": pool.scores[:, i] for i, name in enumerate(CLASSES)}
        rows.append(
            pd.DataFrame(
                {"arm": arm, "size": "0", "seed": seed, "folds": [("12", "02", "01")[k] for k in pool.fold],
                 "lesion": pool.units, "patient": pool.patients, "fold": pool.fold,
                 "truth": np.array(CLASSES)[pool.truth], "predicted": np.array(CLASSES)[pool.predicted], **scores}
            )
        )  # fmt: skip
        choice += [("fixed", arm, seed, fold, "0", np.nan) for fold in range(3)]
    pd.concat(rows).to_csv(tmp_path / "predictions.csv", index=False)
    columns = ["rule", "arm", "seed", "fold", "size", "accuracy"]
    pd.DataFrame(choice, columns=columns).to_csv(tmp_path / "points.csv", index=False)
    command = [sys.executable, "scripts/plot_decision_curves.py", "--predictions", tmp_path / "predictions.csv"]
    command += ["--operating-points", tmp_path / "points.csv"]
    command += ["--params", json.dumps(vars(PARAMS) | {"measures": {"classes": CLASSES}})]
    forked.run(
        [*command, "--png", tmp_path / "a.png", "--svg", tmp_path / "a.svg", "--out", tmp_path / "a.csv"], check=True
    )
    written = pd.read_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(written, decision_curves.table(pools, MEASURES, PARAMS))
    assert (tmp_path / "a.png").stat().st_size
    assert (tmp_path / "a.svg").stat().st_size
