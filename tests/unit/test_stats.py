"""The patient bootstrap against closed forms, a coverage simulation, and the pairing of arms and seeds."""

import numpy as np
import pytest

from synthaug import metrics, stats

CLASSES = ["a", "b"]


def pool(correct, patients, seed=0):
    """Return a pool of lesions of two classes in turn, right where ``correct``."""
    n = len(correct)
    truth = np.arange(n) % 2
    predicted = np.where(correct, truth, 1 - truth)
    return metrics.Pool(
        lesions=np.array([f"L{i:04d}" for i in range(n)]),
        patients=np.asarray(patients, dtype=str),
        truth=truth,
        predicted=predicted,
        fold=np.arange(n) % 3,
        scores=np.random.default_rng(seed).dirichlet([1, 1], n),
    )


def params(bootstrap=2000, confidence=0.95):
    return stats.Params(master_seed=1, classes=CLASSES, folds=3, bootstrap=bootstrap, confidence=confidence)


def test_each_resample_draws_whole_patients_and_as_many_as_there_are():
    patients = np.array(["A", "A", "A", "B", "C", "C"])
    weights = stats.patient_weights(patients, 500, np.random.default_rng(0))
    assert weights.shape == (501, 6)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 3, 4]].sum(axis=1) == 3).all()
    assert weights[1:, 3].mean() == pytest.approx(1, abs=0.15)


def test_interval_of_independent_patients_is_wilson():
    """One lesion a patient: the interval of 143 in 182 (the paper's CNN-AUG) is near Wilson's, 72.1 % to 83.9 %."""
    correct = np.arange(182) < 143
    evaluation = stats.Evaluation({("classic", "0", 0): pool(correct, range(182))}, params())
    value, low, high = evaluation.summary(evaluation.measures("classic", "0", 0)["accuracy", "all"])
    assert value == pytest.approx(143 / 182)
    n, share, z = 182, 143 / 182, 1.96
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=0.012)


def test_lesions_that_share_a_patient_widen_the_interval():
    """Four lesions a patient, all right or all wrong, hold the information of one: the interval is twice as wide."""
    right = np.random.default_rng(3).random(100) < 0.7
    widths = []
    for patients in (np.arange(400), np.arange(400) // 4):
        evaluation = stats.Evaluation({("classic", "0", 0): pool(np.repeat(right, 4), patients)}, params())
        _, low, high = evaluation.summary(evaluation.measures("classic", "0", 0)["accuracy", "all"])
        widths.append(high - low)
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.1)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Lesions of a patient share a chance of success, 0.75 on average; 90 % intervals hold it in 90 % of cohorts."""
    generator = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        lesions = generator.integers(1, 5, 60)
        chance = np.repeat(generator.beta(3, 1, 60), lesions)
        patients = np.repeat(np.arange(60), lesions)
        weights = stats.patient_weights(patients, 400, generator)
        right = generator.random(len(chance)) < chance
        low, high = stats.interval(weights[1:] @ right / weights[1:].sum(axis=1), 0.9)
        covered += low <= 0.75 <= high
    assert covered / 300 == pytest.approx(0.9, abs=0.05)  # 0.05 is 2.9 standard errors


def test_undefined_resamples_are_left_out():
    values = np.array([np.nan, 0.0, 0.5, 1.0])
    assert stats.interval(values, 0.5) == pytest.approx((0.25, 0.75))
    assert np.isnan(stats.interval(np.array([np.nan]), 0.95)).all()


def test_arms_and_seeds_share_their_resamples():
    correct = np.random.default_rng(5).random(120) < 0.7
    patients = np.arange(120) // 2
    pools = {("classic", "0", 0): pool(correct, patients), ("dcgan", "0", 0): pool(correct, patients)}
    evaluation = stats.Evaluation(pools, params(200))
    one, other = (evaluation.measures(arm, "0", 0)["accuracy", "all"] for arm in ("classic", "dcgan"))
    assert (one == other).all()
    assert evaluation.summary(one - other) == (0, 0, 0)


def test_blocks_change_no_result(monkeypatch):
    pools = {("classic", "0", 0): pool(np.random.default_rng(6).random(50) < 0.6, np.arange(50))}
    whole = stats.Evaluation(pools, params(300)).measures("classic", "0", 0)
    monkeypatch.setattr(stats, "BLOCK", 7)
    for key, values in stats.Evaluation(pools, params(300)).measures("classic", "0", 0).items():
        assert np.array_equal(values, whole[key], equal_nan=True), key


def test_seed_all_is_the_mean_over_seeds_and_always_there():
    generator = np.random.default_rng(7)
    pools = {("classic", "0", seed): pool(generator.random(60) < 0.7, np.arange(60) // 2, seed) for seed in (0, 1)}
    table = stats.metrics_table(pools, params(100)).set_index(["seed", "metric", "class"])
    for key in (("accuracy", "all"), ("sensitivity", "a"), ("auc", "all")):
        assert table.loc[("all", *key), "value"] == pytest.approx(
            (table.loc[("0", *key), "value"] + table.loc[("1", *key), "value"]) / 2
        )
    alone = stats.metrics_table({("classic", "0", 0): pools["classic", "0", 0]}, params(100))
    columns = ["metric", "class", "value", "low", "high", "n"]
    by_seed = {seed: rows[columns].to_numpy().tolist() for seed, rows in alone.groupby("seed")}
    assert by_seed["all"] == by_seed["0"]


def test_n_counts_the_lesions_of_each_measure():
    table = stats.metrics_table({("classic", "0", 0): pool(np.arange(9) < 5, np.arange(9))}, params(10))
    counted = table[table["seed"] == "all"].set_index(["metric", "class"])["n"]
    assert counted["sensitivity", "a"] == 5
    assert counted["specificity", "a"] == 4
    assert counted["accuracy", "all"] == counted["auc", "b"] == 9
