"""Comparisons on the reference paper's tables and on hand-made arms: pairs, differences, tests and verdicts."""

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference
from tests.helpers import forked

from synthaug.classification import measures
from synthaug.errors import InputError
from synthaug.evaluation import comparisons, operating_points, paired_tests
from synthaug.evaluation.pools import pooled
from synthaug.files import artifacts

CLASSES = ["cyst", "met", "hem"]
TABLE2 = np.array([[52, 1, 0], [2, 44, 18], [0, 18, 47]])  # the paper's CNN-AUG
TABLE3 = np.array([[53, 0, 0], [2, 52, 10], [1, 13, 51]])  # and with synthetic images
PARAMS = comparisons.Params(
    1, folds=3, bootstrap=200, confidence=0.95, smallest_gain=0.03, primary="dcgan", operating_point="fixed"
)
COLUMNS = [name if name != "units" else "lesions" for name in comparisons.COLUMNS]
MEASURES = measures.Classification(CLASSES)
POINT = operating_points.Params(folds=3, classes=3, group=5000, synthetic=1000, plateau=0.01)


def predictions(arm, size, predicted, truth, *, seed=0, patients=None):
    """Return predictions of lesions in three folds, one lesion a patient unless ``patients`` says otherwise."""
    n = len(truth)
    patients = np.arange(n) if patients is None else patients
    table = pd.DataFrame({"arm": arm, "size": size, "seed": seed}, index=range(n))
    table["fold"] = patients % 3
    table["folds"] = table["fold"].map({0: "12", 1: "02", 2: "01"})
    table["lesion"] = [f"L{i:03d}" for i in range(n)]
    table["patient"] = [f"P{i:03d}" for i in patients]
    table["truth"] = [CLASSES[i] for i in truth]
    table["predicted"] = [CLASSES[i] for i in predicted]
    return table.assign(**{f"p_{name}": (table["predicted"] == name).astype(float) for name in CLASSES})


def of_counts(arm, size, counts):
    truth, predicted = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    return predictions(arm, size, predicted, truth)


def compared(table, params=PARAMS, task=MEASURES):
    choice = operating_points.choose(table, task, replace(POINT, classes=len(task.classes)))
    return comparisons.table(pooled(table, task, 3), choice, task, params)


def noisy(generator, truth, share):
    """Return predictions that are right for about ``share`` of the lesions."""
    return np.where(generator.random(len(truth)) < share, truth, generator.integers(0, 3, len(truth)))


@pytest.fixture(scope="module")
def paper():
    table = pd.concat([of_counts("classic", "5000", TABLE2), of_counts("dcgan", "5000+1000x3", TABLE3)])
    return compared(table)


def test_the_papers_gain(paper):
    rows = paper[paper["against"] == "fixed"].set_index(["metric", "class"])
    assert list(paper) == COLUMNS
    assert list(rows.index) == [
        ("accuracy", "all"),
        *[("sensitivity", name) for name in CLASSES],
        *[("specificity", name) for name in CLASSES],
        ("specificity", "all"),
    ]
    points = (100 * rows["delta"]).to_dict()
    assert points["accuracy", "all"] == pytest.approx(100 * 13 / 182)
    assert points["sensitivity", "met"] == pytest.approx(81.25 - 68.75)
    assert points["specificity", "all"] == pytest.approx(92.4 - 88.4, abs=0.1)  # as printed in the paper's Table 7
    assert rows["lesions"].tolist() == [182, 53, 64, 65, 129, 118, 117, 182]
    assert rows["patients"].tolist() == rows["lesions"].tolist()
    assert (rows["seeds"] == 1).all()


def test_every_reason_to_compare_is_there_once(paper):
    accuracy = paper[paper["metric"] == "accuracy"]
    columns = ["against", "arm_a", "size_a", "arm_b", "size_b"]
    assert accuracy[columns].to_numpy().tolist() == [
        ["classic group", "dcgan", "5000+1000x3", "classic", "5000"],
        ["best classic", "dcgan", "5000+1000x3", "classic", "5000"],
        ["fixed", "dcgan", "fixed", "classic", "fixed"],
        ["best classic, at the operating point", "dcgan", "fixed", "classic", "5000"],
        ["published", "dcgan", "published", "classic", "published"],
        ["nested", "dcgan", "nested", "classic", "nested"],
    ]
    assert accuracy["p_mcnemar"].nunique() == 1
    assert paper[paper["metric"] != "accuracy"]["p_mcnemar"].isna().all()


def test_pairs_of_a_full_experiment():
    generator = np.random.default_rng(0)
    truth = np.arange(30) % 3
    right = {"0": 20, "400": 25, "850": 29, "1000": 29}  # 850 and 1000 tie: the smaller is the best
    pools = {}
    for size, count in right.items():
        pools |= pooled(
            predictions("classic", size, np.where(np.arange(30) < count, truth, (truth + 1) % 3), truth), MEASURES, 3
        )
    for arm, size in [
        ("online", "850"),
        ("mixup", "400"),
        ("dcgan", "400+150x3"),
        ("extra", "400+50x3"),
        ("gabor", "0"),
    ]:
        pools |= pooled(predictions(arm, size, noisy(generator, truth, 0.5), truth), MEASURES, 3)
    dcgan, extra = ("dcgan", "400+150x3"), ("extra", "400+50x3")
    assert comparisons.pairs(pools, MEASURES) == [
        ("best classic", ("online", "850"), ("classic", "850")),
        ("equal number", ("online", "850"), ("classic", "850")),
        ("best classic", ("mixup", "400"), ("classic", "850")),
        ("equal number", ("mixup", "400"), ("classic", "400")),
        ("classic group", dcgan, ("classic", "400")),
        ("best classic", dcgan, ("classic", "850")),
        ("equal number", dcgan, ("classic", "850")),
        ("online at equal steps", dcgan, ("online", "850")),
        ("classic group", extra, ("classic", "400")),
        ("best classic", extra, ("classic", "850")),  # 550 images in all: neither classic nor online has that
    ]


def test_no_augmentation_that_does_best_does_not_go_unseen():
    """Of 60 lesions 48 are right without augmentations, 42 with 500 (the operating point), and 44 with the GAN's."""
    truth = np.arange(60) % 3
    right = {("classic", "0"): 48, ("classic", "500"): 42, ("dcgan", "500+1000x3"): 44}
    tables = [
        predictions(arm, size, np.where(np.arange(60) < count, truth, (truth + 1) % 3), truth)
        for (arm, size), count in right.items()
    ]
    choice = pd.DataFrame(
        [("fixed", arm, 0, fold, size) for arm, size in list(right)[1:] for fold in range(3)],
        columns=["rule", "arm", "seed", "fold", "size"],
    )
    rows = comparisons.table(pooled(pd.concat(tables), MEASURES, 3), choice, MEASURES, PARAMS)
    deltas = rows[rows["metric"] == "accuracy"].set_index(["against", "arm_a"])["delta"]
    assert deltas["no augmentation"].to_dict() == pytest.approx({"classic": -6 / 60, "dcgan": -4 / 60})
    assert deltas["best classic, at the operating point"].to_dict() == pytest.approx({"dcgan": -4 / 60})
    assert deltas["fixed"].to_dict() == pytest.approx({"dcgan": 2 / 60})


def test_only_classic_leaves_nothing_to_compare(tmp_path):
    table = compared(of_counts("classic", "5000", TABLE2))
    assert list(table) == COLUMNS
    assert table.empty
    artifacts.write_csv(table, tmp_path / "comparisons.csv")
    assert list(artifacts.read_csv(tmp_path / "comparisons.csv")) == COLUMNS


def test_contributions_add_up_to_the_measures():
    generator = np.random.default_rng(1)
    truth = generator.choice(3, 80, p=[0.5, 0.3, 0.2])
    pool = pooled(predictions("classic", "0", noisy(generator, truth, 0.6), truth), MEASURES, 3)["classic", "0", 0]
    measured = MEASURES.values(pool, np.ones((1, 80)))
    counted = MEASURES.counted(pool)
    added = MEASURES.contributions(pool)
    assert set(MEASURES.compared()) == set(added)
    for key, values in added.items():
        count = 1 if key == ("specificity", "all") else counted[key].sum()
        assert values.sum() / count == pytest.approx(measured[key][0]), key


def test_interval_and_detectable_difference_of_independent_patients():
    """Paired difference of 400 lesions, one a patient: its variance is (b + c)/n**2 - (b - c)**2/n**3."""
    n, only_a, only_b = 400, 60, 30
    truth = np.arange(n) % 3
    wrong = (truth + 1) % 3
    a = np.where((np.arange(n) >= only_a) & (np.arange(n) < only_a + only_b), wrong, truth)
    b = np.where(np.arange(n) < only_a, wrong, truth)
    table = pd.concat([predictions("classic", "5000", b, truth), predictions("dcgan", "5000+1000x3", a, truth)])
    rows = compared(table)
    row = rows[(rows["against"] == "classic group") & (rows["metric"] == "accuracy")].iloc[0]
    error = np.sqrt((only_a + only_b) / n**2 - (only_a - only_b) ** 2 / n**3)
    delta = (only_a - only_b) / n
    assert row["delta"] == pytest.approx(delta)
    assert row["error"] == pytest.approx(error * np.sqrt(n / (n - 1)))
    assert (row["low"], row["high"]) == pytest.approx((delta - 1.96 * error, delta + 1.96 * error), abs=0.001)
    assert row["detectable"] == pytest.approx((1.95996 + 0.84162) * error, rel=0.005)
    exact = reference.binomtest(only_a, only_a + only_b).pvalue
    assert (row["p"], row["p_mcnemar"]) == pytest.approx((exact, exact))  # the larger of this and the t test's
    around = np.sqrt(row["error"] ** 2 + (delta - 0.03) ** 2 / (n - 1))
    assert row["p_no_gain"] == pytest.approx(reference.t.cdf((delta - 0.03) / around, n - 1))
    assert row["verdict"] == "gain"


def test_permutation_test_of_each_measure_is_that_of_its_patient_sums():
    """Sensitivity of metastases: the lesions of that class, summed by patient, and no others."""
    generator = np.random.default_rng(2)
    truth, patients = generator.integers(0, 3, 120), np.sort(generator.integers(0, 70, 120))
    a, b = noisy(generator, truth, 0.8), noisy(generator, truth, 0.5)
    table = pd.concat(
        [
            predictions("classic", "5000", b, truth, patients=patients),
            predictions("dcgan", "5000+1000x3", a, truth, patients=patients),
        ]
    )
    rows = compared(table).query("against == 'fixed'").set_index(["metric", "class"])
    of_class = {
        ("accuracy", "all"): (a == truth).astype(int) - (b == truth),
        ("sensitivity", "met"): ((a == 1).astype(int) - (b == 1)) * (truth == 1),
        ("specificity", "met"): ((b == 1).astype(int) - (a == 1)) * (truth != 1),
    }
    for key, differences in of_class.items():
        sums = pd.Series(differences).groupby(patients).sum()
        exact = paired_tests.sign_flip(sums.to_numpy(dtype=float), None)
        of_t = 2 * reference.t.sf(abs(rows.loc[key, "delta"] / rows.loc[key, "error"]), rows.loc[key, "patients"] - 1)
        assert rows.loc[key, "p"] == pytest.approx(max(exact, of_t)), key
    assert rows.loc[("sensitivity", "met"), "patients"] == len(np.unique(patients[truth == 1]))
    assert rows.loc[("accuracy", "all"), "patients"] == len(np.unique(patients))


def test_equal_predictions_decide_nothing():
    table = pd.concat([of_counts("classic", "5000", TABLE2), of_counts("dcgan", "5000+1000x3", TABLE2)])
    rows = compared(table)
    assert (rows["delta"] == 0).all()
    assert (rows["p"] == 1).all()
    assert rows[["low", "high", "error", "p_no_gain", "p_equivalent", "detectable"]].isna().all(axis=None)
    assert (rows["verdict"] == "undecidable").all()


def test_a_class_without_lesions_is_undecidable():
    counts = TABLE2 * np.array([[1], [1], [0]])
    table = pd.concat([of_counts("classic", "5000", counts), of_counts("dcgan", "5000+1000x3", counts)])
    row = compared(table).query("metric == 'sensitivity' and `class` == 'hem'").iloc[0]
    undefined = ["delta", "low", "high", "p", "p_adjusted", "p_no_gain", "p_equivalent", "detectable"]
    assert np.isnan(row[undefined].astype(float)).all()
    assert (row["verdict"], row["lesions"]) == ("undecidable", 0)


@pytest.mark.parametrize(
    ("delta", "high", "p_difference", "p_no_gain", "p_equivalent", "expected"),
    [
        (0.05, 0.09, 0.049, 0.9, 0.9, "gain"),
        (0.01, 0.02, 0.01, 0.001, 0.001, "gain"),  # real, however small
        (0.05, 0.1, 0.05, 0.9, 0.9, "undecidable"),
        (-0.05, -0.01, 0.01, 0.001, 0.9, "worse"),
        (-0.05, 0.0, 0.06, 0.001, 0.9, "no gain"),
        (-0.05, -0.01, 0.06, 0.001, 0.9, "likely worse"),  # its own interval is not corrected for the other arms
        (-0.05, -0.01, 0.06, 0.025, 0.9, "undecidable"),
        (-0.01, -0.001, 0.06, 0.001, 0.001, "equivalent"),
        (0.0, 0.02, 1.0, 0.02, 0.024, "equivalent"),
        (0.0, 0.02, 1.0, 0.024, 0.025, "no gain"),
        (0.0, 0.03, 1.0, 0.025, 0.025, "undecidable"),
        (np.nan, np.nan, np.nan, np.nan, np.nan, "undecidable"),
    ],
)
def test_verdict(delta, high, p_difference, p_no_gain, p_equivalent, expected):
    assert comparisons.verdict(delta, high, p_difference, p_no_gain, p_equivalent, 0.05, 20) == expected


def test_few_differing_patients_exclude_nothing():
    # One of 24 lesions lost, none won: an exact bound on the share of lesions that could be won is 14 %, not 0.
    assert comparisons.verdict(-0.04, 0.01, 1.0, 0.01, 0.01, 0.05, 9) == "undecidable"
    assert comparisons.verdict(-0.04, 0.01, 1.0, 0.01, 0.01, 0.05, 10) == "equivalent"


def of_study(generator, arms, patients=90):
    """Return predictions of `classic` and of ``arms``, each right for its share of the lesions."""
    truth = np.arange(patients) % 3
    tables = [predictions("classic", "5000", noisy(generator, truth, 0.6), truth)]
    for arm, share in arms.items():
        size = "0" if arm in ("gabor", "glcm") else "5000+1000x3"
        tables.append(predictions(arm, size, noisy(generator, truth, share), truth))
    return pd.concat(tables)


def test_the_primary_comparison_comes_first_and_the_others_wait_for_it():
    table = of_study(np.random.default_rng(6), {"dcgan": 0.6, "acgan": 0.95, "gabor": 0.3, "glcm": 0.3})
    of_dcgan, of_acgan = (
        compared(table, replace(PARAMS, primary=arm)).query("against == 'fixed' and metric == 'accuracy'")
        for arm in ("dcgan", "acgan")
    )
    assert of_dcgan["arm_a"][of_dcgan["primary"]].tolist() == ["dcgan"]
    p = of_dcgan.set_index("arm_a")
    assert p.loc["acgan", "p"] < 0.001
    assert p.loc["dcgan", "p_adjusted"] == p.loc["dcgan", "p"] > 0.05
    assert p.loc["acgan", "p_adjusted"] == p.loc["dcgan", "p"]  # nothing is claimed of it
    assert set(of_dcgan["verdict"]) <= {"undecidable", "no gain", "likely worse"}
    assert p.loc["gabor", "verdict"] == "likely worse"
    assert (of_dcgan["high"][of_dcgan["verdict"] == "likely worse"] < 0).all()
    assert not (of_dcgan["high"][of_dcgan["verdict"] == "no gain"] < 0).any()
    assert of_acgan.set_index("arm_a").loc["acgan", "verdict"] == "gain"
    detectable = of_dcgan.set_index("arm_a")["detectable_adjusted"] / of_dcgan.set_index("arm_a")["detectable"]
    assert detectable["dcgan"] == pytest.approx(1)
    bonferroni = (reference.norm.isf(0.025 / 3) + 0.84162) / (1.95996 + 0.84162)  # of the three others
    assert detectable[["acgan", "gabor", "glcm"]].to_numpy() == pytest.approx(bonferroni, rel=0.01)


def test_only_the_comparison_with_classic_at_the_operating_point_is_primary():
    table = of_study(np.random.default_rng(6), {"dcgan": 0.8})
    rows = compared(table)
    assert rows[rows["primary"]][["against", "metric", "class"]].to_numpy().tolist() == [["fixed", "accuracy", "all"]]
    assert not compared(table, replace(PARAMS, primary=None))["primary"].any()


def test_families_are_corrected_apart_and_the_order_of_arms_changes_nothing():
    generator = np.random.default_rng(3)
    truth, patients = np.arange(150) % 3, np.arange(150) // 2
    tables = [predictions("classic", "5000", noisy(generator, truth, 0.6), truth, patients=patients)]
    for further, share in ((100, 0.7), (500, 0.75), (1000, 0.8)):
        size = f"5000+{further}x3"
        tables.append(predictions("dcgan", size, noisy(generator, truth, share), truth, patients=patients))
    rows = compared(pd.concat(tables))
    for (against, *_), family in rows.groupby(["against", "metric", "class"]):
        assert len(family) == (3 if against in ("classic group", "best classic") else 1), against
        ordered = family.sort_values("p")
        by_hand = np.minimum(np.maximum.accumulate(ordered["p"] * np.arange(len(family), 0, -1)), 1)
        assert ordered["p_adjusted"].tolist() == pytest.approx(by_hand.tolist())
    key = comparisons.COLUMNS[:7]
    again = compared(pd.concat(tables[::-1]))
    pd.testing.assert_frame_equal(
        again.sort_values(key, ignore_index=True), rows.sort_values(key, ignore_index=True), check_exact=True
    )


def test_seeds_are_averaged_and_are_a_sample_too():
    """Two seeds of opposite outcome: delta is their mean and McNemar's p their median."""
    truth = np.arange(120) % 3
    better, worse = (np.where(np.arange(120) < count, truth, (truth + 1) % 3) for count in (110, 70))
    tables = []
    for seed, (a, b) in enumerate([(better, worse), (worse, better), (better, worse)]):
        tables.append(predictions("classic", "5000", b, truth, seed=seed))
        tables.append(predictions("dcgan", "5000+1000x3", a, truth, seed=seed))
    one = compared(pd.concat(tables[:2])).query("against == 'fixed' and metric == 'accuracy'").iloc[0]
    rows = compared(pd.concat(tables)).query("against == 'fixed' and metric == 'accuracy'").iloc[0]
    assert one["delta"] == pytest.approx(1 / 3)
    assert rows["delta"] == pytest.approx(1 / 9)
    assert rows["seeds"] == 3
    assert rows["p_mcnemar"] == one["p_mcnemar"]  # equal in each seed
    # The seeds differ by 1/3, -1/3 and 1/3, alike in every patient, so they are all that is uncertain: 2 degrees.
    error = np.std([1 / 3, -1 / 3, 1 / 3], ddof=1) / np.sqrt(3)
    assert rows["error"] == pytest.approx(error, rel=0.03)
    assert rows["p"] == pytest.approx(2 * reference.t.sf(1 / 9 / error, 2), abs=0.02)
    assert (one["speaks_of"], rows["speaks_of"]) == ("these trainings", "these trainings")
    assert rows["verdict"] == "undecidable"


def test_mcnemars_p_of_several_seeds_is_their_median():
    truth, place = np.arange(60) % 3, np.arange(60)
    only = [(4, 0), (12, 5), (8, 1)]  # lesions that only `dcgan` and only `classic` has right, by seed
    tables = []
    for seed, (only_a, only_b) in enumerate(only):
        a, b = (np.where(wrong, (truth + 1) % 3, truth) for wrong in (place >= 60 - only_b, place < only_a))
        tables.append(predictions("classic", "5000", b, truth, seed=seed))
        tables.append(predictions("dcgan", "5000+1000x3", a, truth, seed=seed))
    row = compared(pd.concat(tables)).query("against == 'fixed' and metric == 'accuracy'").iloc[0]
    by_seed = [reference.binomtest(pair[0], sum(pair)).pvalue for pair in only]
    assert row["p_mcnemar"] == pytest.approx(sorted(by_seed)[1])


def test_other_seeds_are_named():
    table = pd.concat([of_counts("classic", "5000", TABLE2), of_counts("dcgan", "5000+1000x3", TABLE3).assign(seed=1)])
    with pytest.raises(InputError, match=r"arm dcgan, size 5000\+1000x3 was run with seeds \[1\], arm classic"):
        compared(table)


def test_script(tmp_path):
    table = pd.concat([of_counts("classic", "5000", TABLE2), of_counts("dcgan", "5000+1000x3", TABLE3)])
    artifacts.write_csv(table, tmp_path / "predictions.csv")
    artifacts.write_csv(operating_points.choose(table, MEASURES, POINT), tmp_path / "points.csv")
    params = {"master_seed": 1, "measures": {"classes": CLASSES}, "folds": 3, "bootstrap": 50, "confidence": 0.95}
    command = [sys.executable, "scripts/compare_arms_classification.py", "--predictions", tmp_path / "predictions.csv"]
    command += ["--operating-points", tmp_path / "points.csv", "--out", tmp_path / "comparisons.csv"]
    command += [
        "--params",
        json.dumps(params | {"smallest_gain": 0.03, "primary": "dcgan", "operating_point": "fixed"}),
        "--log",
        tmp_path / "log",
    ]
    forked.run(command, check=True)
    written = artifacts.read_csv(tmp_path / "comparisons.csv")
    expected = compared(table, replace(PARAMS, bootstrap=50))
    pd.testing.assert_frame_equal(written, expected, check_dtype=False)
