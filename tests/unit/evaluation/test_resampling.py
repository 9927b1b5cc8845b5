"""The bootstrap against closed forms, SciPy and a coverage simulation, and the pairing of arms and seeds."""

import numpy as np
import pytest
from scipy import stats as reference

from synthaug.classification import measures
from synthaug.evaluation import resampling

CLASSES = ["a", "b"]
MEASURES = measures.Classification(CLASSES)


def pool(correct, patients, seed=0):
    """Return a pool of lesions of two classes in turn, right where ``correct``."""
    n = len(correct)
    truth = np.arange(n) % 2
    predicted = np.where(correct, truth, 1 - truth)
    return measures.ClassPool(
        units=np.array([f"L{i:04d}" for i in range(n)]),
        patients=np.asarray(patients, dtype=str),
        truth=truth,
        predicted=predicted,
        fold=np.arange(n) % 3,
        scores=np.random.default_rng(seed).dirichlet([1, 1], n),
    )


def params(bootstrap=2000, confidence=0.95):
    return resampling.Params(master_seed=1, folds=3, bootstrap=bootstrap, confidence=confidence)


def test_each_resample_draws_whole_patients_and_as_many_as_there_are():
    patients = np.array(["A", "A", "A", "B", "C", "C"])
    weights = resampling.patient_weights(patients, 500, np.random.default_rng(0))
    assert weights.shape == (501, 6)
    assert (weights[0] == 1).all()
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 3, 4]].sum(axis=1) == 3).all()
    assert weights[1:, 3].mean() == pytest.approx(1, abs=0.15)


def test_interval_of_independent_patients_is_wilson():
    """One lesion a patient: the interval of 143 in 182 (the paper's CNN-AUG) is near Wilson's, 72.1 % to 83.9 %."""
    correct = np.arange(182) < 143
    evaluation = resampling.Evaluation({("classic", "0", 0): pool(correct, range(182))}, MEASURES, params())
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
        evaluation = resampling.Evaluation(
            {("classic", "0", 0): pool(np.repeat(right, 4), patients)}, MEASURES, params()
        )
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
        weights = resampling.patient_weights(patients, 400, generator)
        right = generator.random(len(chance)) < chance
        low, high = resampling.interval(weights[1:] @ right / weights[1:].sum(axis=1), 0.9)
        covered += low <= 0.75 <= high
    assert covered / 300 == pytest.approx(0.9, abs=0.05)  # 0.05 is 2.9 standard errors


def test_undefined_resamples_are_left_out():
    values = np.array([np.nan, 0.0, 0.5, 1.0])
    assert resampling.interval(values, 0.5) == pytest.approx((0.25, 0.75))
    assert np.isnan(resampling.interval(np.array([np.nan]), 0.95)).all()


@pytest.mark.parametrize("values", [np.arange(30) < 27, np.random.default_rng(8).exponential(size=30)])
def test_bca_interval_is_scipys_but_for_students_quantiles(values):
    """At the confidence where Student's quantile, as it is used here, is the normal one of 95 %."""
    n, values = len(values), values.astype(float)
    confidence = 2 * reference.t.cdf(1.959964 * np.sqrt((n - 1) / n), n - 1) - 1
    generator = np.random.default_rng(9)
    resamples = resampling.patient_weights(np.arange(n), 40_000, generator)[1:] @ values / n
    interval = resampling.bca_interval(values.mean(), resamples, (values.sum() - values) / (n - 1), confidence)
    scipys = reference.bootstrap((values,), np.mean, n_resamples=40_000, method="BCa", rng=generator, batch=5000)
    width = np.subtract(*scipys.confidence_interval[::-1])
    assert interval == pytest.approx(tuple(scipys.confidence_interval), abs=0.03 * width)
    plain = resampling.interval(resamples, 0.95)
    assert abs(plain[0] - interval[0]) > 0.05 * width  # the corrections matter for these values


def test_bca_interval_of_few_patients_is_students():
    """Of symmetric values BCa is the percentile interval; with 8 patients its reach is that of Student's t.

    The resampled standard deviation divides by n, not n - 1; the expansion makes up for that too.
    """
    values = np.array([-4.0, -3, -2, -1, 1, 2, 3, 4])
    weights = resampling.patient_weights(np.arange(8), 40_000, np.random.default_rng(9))[1:]
    low, high = resampling.bca_interval(0.0, weights @ values / 8, (values.sum() - values) / 7, 0.8)
    half = reference.t.ppf(0.9, 7) * values.std(ddof=1) / np.sqrt(8)
    assert (low, high) == pytest.approx((-half, half), rel=0.05)


def test_bca_interval_without_spread_or_value():
    assert resampling.bca_interval(1.0, np.ones(50), np.ones(5), 0.95) == (1, 1)
    assert np.isnan(resampling.bca_interval(np.nan, np.full(50, np.nan), np.full(5, np.nan), 0.95)).all()
    assert np.isfinite(
        resampling.bca_interval(0.5, np.array([np.nan, 0.25, 0.5, 0.75]), np.array([np.nan]), 0.95)
    ).all()


def test_the_values_without_each_patient_are_the_jackknife():
    """With the weights of 1 and 0 that leave one patient out the measures are those of the other lesions."""
    correct, patients = np.arange(12) % 4 > 0, np.arange(12) // 3
    evaluation = resampling.Evaluation({("classic", "0", 0): pool(correct, patients)}, MEASURES, params(10))
    values = evaluation.measures("classic", "0", 0)["accuracy", "all"]
    assert values[11:].tolist() == pytest.approx([correct[patients != patient].mean() for patient in range(4)])


def test_arms_and_seeds_share_their_resamples():
    correct = np.random.default_rng(5).random(120) < 0.7
    patients = np.arange(120) // 2
    pools = {("classic", "0", 0): pool(correct, patients), ("dcgan", "0", 0): pool(correct, patients)}
    evaluation = resampling.Evaluation(pools, MEASURES, params(200))
    one, other = (evaluation.measures(arm, "0", 0)["accuracy", "all"] for arm in ("classic", "dcgan"))
    assert (one == other).all()


@pytest.mark.parametrize("share", [0, 1])
def test_a_share_that_no_resample_changes_has_the_exact_interval(share):
    """18 lesions of 12 patients, all right or all wrong: Clopper and Pearson's of 12, and none of no share."""
    patients = np.arange(18) % 12
    pools = {("classic", "0", seed): pool(np.full(18, bool(share)), patients) for seed in (0, 1, 2)}
    table = resampling.evaluate(pools, MEASURES, params(200))[0].set_index(["seed", "metric", "class"])
    low, high = reference.binomtest(12 * share, 12).proportion_ci(0.95)
    for seed in ("0", "all"):
        row = table.loc[seed, "accuracy", "all"]
        assert (row["low"], row["high"]) == pytest.approx((low, high))
        assert table.loc[(seed, "specificity", "all"), ["low", "high"]].isna().all()  # an average


@pytest.mark.slow
@pytest.mark.parametrize("patients", [18, 40])
@pytest.mark.parametrize("truth", [0.95, 0.98])
def test_intervals_near_the_ceiling_hold_the_truth(patients, truth):
    generator, simulated, covered = np.random.default_rng(8), 400, 0
    for i in range(simulated):
        pools = {("classic", "0", 0): pool(generator.random(patients) < truth, np.arange(patients))}
        evaluation = resampling.Evaluation(pools, MEASURES, resampling.Params(i, 3, 300, 0.95))
        values = evaluation.measures("classic", "0", 0, [("accuracy", "all")])["accuracy", "all"]
        _, low, high = evaluation.summary(values, np.ones(patients, bool))
        covered += low <= truth <= high
    assert covered / simulated >= 0.93


def test_blocks_change_no_result(monkeypatch):
    pools = {("classic", "0", 0): pool(np.random.default_rng(6).random(50) < 0.6, np.arange(50))}
    whole = resampling.Evaluation(pools, MEASURES, params(300)).measures("classic", "0", 0)
    monkeypatch.setattr(resampling, "BLOCK", 7)
    for key, values in resampling.Evaluation(pools, MEASURES, params(300)).measures("classic", "0", 0).items():
        assert np.array_equal(values, whole[key], equal_nan=True), key


def test_seed_all_is_the_mean_over_seeds_and_always_there():
    generator = np.random.default_rng(7)
    pools = {("classic", "0", seed): pool(generator.random(60) < 0.7, np.arange(60) // 2, seed) for seed in (0, 1)}
    table = resampling.evaluate(pools, MEASURES, params(100))[0].set_index(["seed", "metric", "class"])
    for key in (("accuracy", "all"), ("sensitivity", "a"), ("auc", "all")):
        assert table.loc[("all", *key), "value"] == pytest.approx(
            (table.loc[("0", *key), "value"] + table.loc[("1", *key), "value"]) / 2
        )
    alone = resampling.evaluate({("classic", "0", 0): pools["classic", "0", 0]}, MEASURES, params(100))[0]
    columns = ["metric", "class", "value", "low", "high", "n"]
    by_seed = {seed: rows[columns].to_numpy().tolist() for seed, rows in alone.groupby("seed")}
    assert by_seed["all"] == by_seed["0"]


def test_intervals_of_several_seeds_cover_other_seeds():
    """Every patient right at one seed and half of them at another: patients alone give a width of about 0.1."""
    patients = np.arange(400)
    pools = {("classic", "0", 0): pool(patients >= 0, patients), ("classic", "0", 1): pool(patients % 2 == 0, patients)}
    table = resampling.evaluate(pools, MEASURES, params())[0].query("metric == 'accuracy'").set_index("seed")
    assert (table.loc["all", "low"], table.loc["all", "high"]) == pytest.approx((0.45, 1.0), abs=0.03)
    assert table.loc["0", "low"] == pytest.approx(0.025 ** (1 / 400))  # all right: the exact interval
    assert table.loc["1", "high"] - table.loc["1", "low"] == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.1)


def test_a_mean_over_seeds_varies_as_the_closed_form_says():
    """Seeds drawn with replacement: the variance of their mean is that between them, over their number."""
    pools = {("classic", "0", seed): pool(np.arange(10) < 5, np.arange(10)) for seed in range(4)}
    evaluation = resampling.Evaluation(pools, MEASURES, params(20_000))
    by_seed = {seed: np.full(20_011, float(value)) for seed, value in enumerate([1, 2, 4, 9])}
    values = evaluation.over_seeds(by_seed)
    assert values[0] == 4
    assert values[1:20_001].mean() == pytest.approx(4, abs=0.05)
    assert evaluation.standard_error(values) ** 2 == pytest.approx(np.var([1, 2, 4, 9]) / 4, rel=0.04)
    assert (values[20_001:] == 4).all()
    again = resampling.Evaluation(pools, MEASURES, params(20_000))
    again.over_seeds({5: values, 6: values})  # what was drawn before, and the order of seeds, change nothing
    assert (again.over_seeds(dict(reversed(by_seed.items()))) == values).all()
    alone = np.array([0.2, np.nan, 0.4] + [0.1] * 20_008)
    assert np.array_equal(evaluation.over_seeds({7: alone}), alone, equal_nan=True)


def test_spread_over_seeds_by_hand():
    right = [(np.arange(100) < count) for count in (70, 80, 90)]
    pools = {("classic", "0", seed): pool(correct, np.arange(100)) for seed, correct in enumerate(right)}
    _, seeds = resampling.evaluate(pools, MEASURES, params())
    assert list(seeds) == ["arm", "size", "metric", "seeds", "mean", "sd_between", "se_within"]
    row = seeds.set_index("metric").loc["accuracy"]
    assert (row["seeds"], row["mean"], row["sd_between"]) == (3, pytest.approx(0.8), pytest.approx(0.1))
    within = np.mean([np.sqrt(share * (1 - share) / 100) for share in (0.7, 0.8, 0.9)])
    assert row["se_within"] == pytest.approx(within, rel=0.03)
    _, alone = resampling.evaluate({("classic", "0", 0): pools["classic", "0", 0]}, MEASURES, params(100))
    assert alone["sd_between"].isna().all()


def test_n_counts_the_lesions_of_each_measure():
    table = resampling.evaluate({("classic", "0", 0): pool(np.arange(9) < 5, np.arange(9))}, MEASURES, params(10))[0]
    counted = table[table["seed"] == "all"].set_index(["metric", "class"])["n"]
    assert counted["sensitivity", "a"] == 5
    assert counted["specificity", "a"] == 4
    assert counted["accuracy", "all"] == counted["auc", "b"] == 9
