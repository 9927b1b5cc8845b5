"""Scores of readers: the paper's Table 4 from its counts, readers of known d', and values worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm, t
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from tests.helpers import made_readers

from synthaug.classification import conformance, frid_adar
from synthaug.readers import agreement, tables
from synthaug.readers import answers as reader_answers
from synthaug.readers import scores as reader_scores

CLASSES = made_readers.CLASSES
PARAMS = reader_scores.Params(1, 1000, 0.95)
EXPERTS = {"reader-1": (142, 93, 189), "reader-2": (126, 83, 177)}  # right class real, synthetic; right origin


def scored(asked, given, params=PARAMS):
    answers = given.assign(repeat=given.duplicated(["reader", "image"]))
    return reader_scores.table(reader_answers.with_truth(answers, asked), asked, params)


def one(scores, reader, task, measure, origin="all", name="all"):
    rows = scores[(scores["reader"] == reader) & (scores["task"] == task) & (scores["measure"] == measure)]
    (row,) = rows[(rows["origin"] == origin) & (rows["class"] == name)].to_dict("records")
    return row


def experts(told_synthetic):
    """Return a study with the paper's counts; it does not say how the right origins divide, so that is given."""
    asked = made_readers.study(made_readers.key())
    by_reader = {
        reader: made_readers.counted(asked.key, real, synthetic, told - told_synthetic, told_synthetic)
        for reader, (real, synthetic, told) in EXPERTS.items()
    }
    return asked, made_readers.answers(asked, by_reader)


@pytest.fixture(scope="module")
def published():
    return scored(*experts(30))


def test_the_papers_counts_give_its_table_4(published):
    """Its own total of expert 1 is 62.5, cut off from 62.58, so within 0.1 point."""
    table = tables.table4(published).set_index("Reader")
    for reader, expert in zip(EXPERTS, frid_adar.TABLE4, strict=True):
        shares = [text.split(" (")[0].split(" = ")[-1] for text in table.loc[reader].tolist()[:4]]
        assert [float(share) for share in shares] == pytest.approx(frid_adar.TABLE4[expert], abs=0.1 + 1e-9)
    assert table.loc["reader-1", "Is ROI real? right (%)"].startswith("189/302 = 62.6 (")
    assert table.loc["reader-2", "Class right, all (%)"].startswith("209/302 = 69.2 (")


@pytest.mark.parametrize("told_synthetic", [10, 30, 60])
def test_neither_of_the_papers_readers_differs_from_always_real(told_synthetic):
    table = tables.table4(scored(*experts(told_synthetic))).set_index("Reader")["Against the commoner answer"]
    for reader, (*_, told) in EXPERTS.items():
        found, lost = told_synthetic, 182 - (told - told_synthetic)  # right where "real" is wrong, and the reverse
        p = min(1, 2 * binom(found + lost, 0.5).cdf(min(found, lost)))
        assert table[reader] == f'not shown to differ from always "real" (60.3 %), p = {p:.3f}'


def test_a_reader_who_calls_a_few_images_synthetic_and_is_right_beats_always_real():
    """Ten such images are as one-sided as ten tosses of a coin; taken for another sample of images p would be 0.26."""
    asked = made_readers.study(made_readers.key(), readers=1)
    given = made_readers.counted(asked.key, 182, 120, 182, 10)
    scores = scored(asked, made_readers.answers(asked, {"reader-1": given}))
    told = one(scores, "reader-1", "origin", "accuracy")
    assert told["p"] == pytest.approx(2 * 0.5**10)
    (text,) = tables.table4(scores)["Against the commoner answer"]
    assert text == 'better than always "real" (60.3 %), p = 0.002'


def test_always_real_is_worth_nothing_whatever_its_raw_score():
    asked = made_readers.study(made_readers.key(), readers=2)
    given = made_readers.counted(asked.key, 182, 120, 182, 0)
    scores = scored(asked, made_readers.answers(asked, dict.fromkeys(asked.presentations, given)))
    told = one(scores, "reader-1", "origin", "accuracy")
    assert (told["right"], told["n"], told["chance_of"]) == ("182", 302, 'always "real"')
    assert told["value"] == told["chance"] == pytest.approx(0.6026, abs=1e-4)
    for measure in ("balanced accuracy", "auc"):
        assert one(scores, "reader-1", "origin", measure)["value"] == 0.5
    # Both rates are corrected to almost 1, which leaves an artefact of the two numbers of images, and no verdict.
    row = one(scores, "reader-1", "origin", "d'")
    assert row["value"] == pytest.approx(norm.ppf(182.5 / 183) - norm.ppf(120.5 / 121))
    assert np.isnan([row["low"], row["high"]]).all()  # no resample differs
    by_origin = scores[scores["task"] == "origin"]
    assert set(by_origin["verdict"]) == {"", reader_scores.NEITHER}  # of the readers' means too
    assert (by_origin.loc[by_origin["verdict"] != "", "p"] == 1).all()
    assert one(scores, "reader-1", "origin", "criterion")["value"] < -2
    table = tables.told_apart(scores)
    assert table["Verdict"].tolist() == ["not shown to tell them apart"] * 4
    assert table["d' (chance 0)"].tolist() == ["0.14 (no interval)"] * 4


def test_a_reader_who_sees_everything_is_above_chance():
    asked = made_readers.study(made_readers.key((8, 8, 8), (8, 8, 8)), readers=1)
    given = made_readers.counted(asked.key, 24, 24, 24, 24)
    scores = scored(asked, made_readers.answers(asked, {"reader-1": given}))
    for measure, value in (("accuracy", 1), ("balanced accuracy", 1), ("auc", 1)):
        row = one(scores, "reader-1", "origin", measure)
        assert (row["value"], row["verdict"]) == (value, reader_scores.ABOVE)
    assert one(scores, "reader-1", "origin", "d'")["value"] == pytest.approx(2 * norm.ppf(24.5 / 25))  # not infinite
    assert tables.told_apart(scores)["Verdict"].tolist() == ["tells them apart"]
    backwards = made_readers.counted(asked.key, 24, 24, 0, 0)
    scores = scored(asked, made_readers.answers(asked, {"reader-1": backwards}))
    assert one(scores, "reader-1", "origin", "auc")["verdict"] == reader_scores.BELOW


def test_values_are_those_of_scikit_learn_and_by_hand():
    asked = made_readers.study(made_readers.key((20, 30, 40), (25, 25, 15)), readers=2)
    random = np.random.default_rng(3)
    by_reader = {reader: made_readers.detecting(asked.key, 1, random) for reader in asked.presentations}
    for given in by_reader.values():
        given["class"] = random.choice(CLASSES, len(given))
    scores = scored(asked, made_readers.answers(asked, by_reader))
    real = asked.key["origin"] == "real"
    areas = []
    for reader, given in by_reader.items():
        says = given["origin"] == "real"
        rating = given["confidence"] * np.where(says, 1, -1)
        areas.append(roc_auc_score(real, rating))
        assert one(scores, reader, "origin", "auc")["value"] == pytest.approx(areas[-1])
        expected = balanced_accuracy_score(real, says)
        assert one(scores, reader, "origin", "balanced accuracy")["value"] == pytest.approx(expected)
        rates = [((says & kind).sum() + 0.5) / (kind.sum() + 1) for kind in (real, ~real)]
        assert one(scores, reader, "origin", "d'")["value"] == pytest.approx(np.subtract(*norm.ppf(rates)))
        assert one(scores, reader, "origin", "criterion")["value"] == pytest.approx(-norm.ppf(rates).mean())
        for origin, part in (("all", real | ~real), ("real", real), ("synthetic", ~real)):
            ill = part & (asked.key["class"] == "cyst")
            well = part & (asked.key["class"] != "cyst")
            says_ill = given["class"] == "cyst"
            row = one(scores, reader, "class", "sensitivity", origin, "cyst")
            assert (row["value"], row["n"]) == (pytest.approx(says_ill[ill].mean()), ill.sum())
            row = one(scores, reader, "class", "specificity", origin, "cyst")
            assert (row["value"], row["right"]) == (
                pytest.approx(1 - says_ill[well].mean()),
                str((~says_ill[well]).sum()),
            )
    assert one(scores, "all", "origin", "auc")["value"] == pytest.approx(np.mean(areas))
    row = one(scores, "reader-1", "class", "accuracy", "real")
    assert (row["chance"], row["chance_of"]) == (pytest.approx(40 / 90), 'always "hemangioma"')
    assert ((scores["low"] <= scores["value"]) & (scores["value"] <= scores["high"])).all()
    # The test of the mean is that of a reader where the readers are one; on permuted origins it differs a little.
    same = scored(asked, made_readers.answers(asked, dict.fromkeys(asked.presentations, by_reader["reader-1"])))
    for task, measure in (("origin", "auc"), ("origin", "balanced accuracy"), ("class", "accuracy")):
        mean, of_reader = (one(same, reader, task, measure)["p"] for reader in ("all", "reader-1"))
        assert mean == pytest.approx(of_reader, abs=0.04)


@pytest.mark.parametrize("d_prime", [0.0, 0.8, 2.0])
def test_known_d_prime_and_auc_of_simulated_readers_are_found(d_prime):
    """Normal evidence has an AUC of the normal distribution at d' / sqrt(2); ratings in steps lose a little."""
    asked = made_readers.study(made_readers.key((500,) * 3, (500,) * 3), readers=1)
    given = made_readers.detecting(asked.key, d_prime, np.random.default_rng(5), criterion=-0.4)
    scores = scored(asked, made_readers.answers(asked, {"reader-1": given}))
    row = one(scores, "reader-1", "origin", "d'")
    assert row["value"] == pytest.approx(d_prime, abs=0.1)
    assert row["low"] <= d_prime <= row["high"]
    assert one(scores, "reader-1", "origin", "criterion")["value"] == pytest.approx(-0.4, abs=0.06)
    assert one(scores, "reader-1", "origin", "auc")["value"] == pytest.approx(norm.cdf(d_prime / np.sqrt(2)), abs=0.03)
    verdict = reader_scores.ABOVE if d_prime else reader_scores.NEITHER
    assert {one(scores, "reader-1", "origin", measure)["verdict"] for measure in ("auc", "d'")} == {verdict}


def test_shares_of_nothing_or_all_have_the_exact_interval_of_readers():
    """All of n right: the share that gives this with probability 0.025 is its n-th root; here n are patients."""
    asked = made_readers.study(made_readers.key((12, 12, 12), (10, 10, 10), lesions_a_patient=2), readers=1)
    scores = scored(asked, made_readers.answers(asked, {"reader-1": made_readers.counted(asked.key, 36, 30, 36, 0)}))
    row = one(scores, "reader-1", "origin", "accuracy", "real")
    assert (row["value"], row["low"], row["high"]) == (1, pytest.approx(0.025 ** (1 / 18)), 1)
    row = one(scores, "reader-1", "origin", "accuracy", "synthetic")
    assert (row["value"], row["low"], row["high"]) == (0, 0, pytest.approx(1 - 0.025 ** (1 / 30)))
    row = one(scores, "reader-1", "class", "sensitivity", "synthetic", "cyst")
    assert (row["low"], row["high"]) == (pytest.approx(0.025 ** (1 / 10)), 1)


def test_three_patients_say_nothing_of_others_to_readers():
    asked = made_readers.study(made_readers.key((20,) * 3, (20,) * 3, lesions_a_patient=20), readers=2)
    given = made_readers.counted(asked.key, 9, 9, 50, 50)
    scores = scored(asked, made_readers.answers(asked, dict.fromkeys(asked.presentations, given)))
    real = scores[scores["origin"] != "synthetic"]
    assert real[["low", "high"]].isna().all(axis=None)
    assert set(real["verdict"]) == {""}
    assert one(scores, "reader-1", "origin", "accuracy", "synthetic")["low"] < 50 / 60
    assert set(tables.told_apart(scores)["Verdict"]) == {"n/a"}
    assert tables.table4(scores).iloc[0, 1] == "15.0 (no interval)"


@pytest.mark.slow
def test_the_mean_of_readers_who_see_nothing_is_seldom_called_more():
    """Two readers of d' 0 who lean to "real": of so few other answers the interval alone excludes 0.5 too often."""
    params = reader_scores.Params(1, 300, 0.95)
    asked = made_readers.study(made_readers.key((30,) * 3, (14, 13, 13), lesions_a_patient=3), readers=2)
    random = np.random.default_rng(17)
    called, excluded = [], []
    for _ in range(80):
        by_reader = {name: made_readers.detecting(asked.key, 0, random, criterion=-2) for name in asked.presentations}
        row = one(scored(asked, made_readers.answers(asked, by_reader), params), "all", "origin", "balanced accuracy")
        called.append(row["verdict"] != reader_scores.NEITHER)
        excluded.append(not row["low"] <= 0.5 <= row["high"])
    assert np.mean(called) < 0.12  # 0.05 and three standard errors of 80; of the interval alone it is 0.15
    assert np.mean(excluded) > np.mean(called)


@pytest.mark.slow
def test_intervals_of_readers_are_wide_enough_for_six_patients():
    """However many synthetic images there are beside them; taken for as many patients they would hold 0.89 of 0.95."""
    params = reader_scores.Params(1, 400, 0.95)
    asked = made_readers.study(made_readers.key((20,) * 3, (40,) * 3, lesions_a_patient=10), readers=1)
    random = np.random.default_rng(11)
    held = []
    for _ in range(150):
        given = made_readers.detecting(asked.key, 0.8, random, patient_variance=0.5)
        row = one(scored(asked, made_readers.answers(asked, {"reader-1": given}), params), "reader-1", "origin", "d'")
        held.append(row["low"] <= 0.8 <= row["high"])
    assert np.mean(held) > 0.9  # 0.95 less three standard errors of 150


@pytest.mark.slow
def test_intervals_of_readers_hold_the_truth_as_often_as_promised():
    """Six lesions a patient that share half of their variance: intervals that took them as independent would not."""
    params = reader_scores.Params(1, 400, 0.95)
    asked = made_readers.study(made_readers.key((40,) * 3, (30,) * 3, lesions_a_patient=6), readers=1)
    alone = made_readers.study(made_readers.key((40,) * 3, (30,) * 3), readers=1)
    random = np.random.default_rng(11)
    big = made_readers.key((20000,) * 3, (20000,) * 3, lesions_a_patient=6)
    given = made_readers.detecting(big, 0.8, random, patient_variance=0.5)
    rating = given["confidence"] * np.where(given["origin"] == "real", 1, -1)
    truth = {"d'": 0.8, "auc": roc_auc_score(big["origin"] == "real", rating)}
    held = {name: [] for name in [*truth, "as if independent"]}
    for _ in range(150):
        given = made_readers.detecting(asked.key, 0.8, random, patient_variance=0.5)
        exported = made_readers.answers(asked, {"reader-1": given})
        scores = scored(asked, exported, params)
        for name, value in truth.items():
            row = one(scores, "reader-1", "origin", name)
            held[name].append(row["low"] <= value <= row["high"])
        naive = one(scored(alone, exported, params), "reader-1", "origin", "d'")
        held["as if independent"].append(naive["low"] <= 0.8 <= naive["high"])
    share = {name: np.mean(values) for name, values in held.items()}

    assert share["d'"] > 0.895  # 0.95 less three standard errors of 150
    assert share["auc"] > 0.895
    assert share["as if independent"] < 0.895


def test_repeats_and_missing_answers_of_readers_do_not_change_what_the_others_score():
    asked = made_readers.study(made_readers.key((10,) * 3, (10,) * 3), readers=2)
    repeated = list(asked.key["image"][:12])
    again = made_readers.study(asked.key, readers=2, repeats=repeated)
    random = np.random.default_rng(2)
    by_reader = {reader: made_readers.detecting(asked.key, 1, random) for reader in asked.presentations}
    once, twice = made_readers.answers(asked, by_reader), made_readers.answers(again, by_reader)
    late = twice["presentation"] > 60
    twice.loc[late, "origin"] = twice.loc[late, "origin"].map({"real": "synthetic", "synthetic": "real"})
    first, second = scored(asked, once), scored(again, twice)
    pd.testing.assert_frame_equal(first, second)
    short = twice[~((twice["reader"] == "reader-2") & (twice["presentation"] > 20))]
    incomplete = scored(again, short)
    pd.testing.assert_frame_equal(
        incomplete[incomplete["reader"] == "reader-1"], second[second["reader"] == "reader-1"]
    )
    assert one(incomplete, "reader-2", "origin", "accuracy")["n"] == 20


def test_mean_of_readers_who_saw_other_images_has_no_chance_level():
    """As many answers, but of other images: what "always real" scores with one reader says nothing of the other."""
    asked = made_readers.study(made_readers.key((10,) * 3, (10,) * 3), readers=2)
    given = made_readers.answers(asked, dict.fromkeys(asked.presentations, made_readers.counted(asked.key, 9, 9, 9, 9)))
    assert one(scored(asked, given), "all", "origin", "accuracy")["chance"] == 0.5
    images = {
        origin: asked.key.loc[asked.key["origin"] == origin, "image"].tolist() for origin in ("real", "synthetic")
    }
    seen = {"reader-1": images["real"][:20] + images["synthetic"][:10]}
    seen["reader-2"] = images["real"][:10] + images["synthetic"][:20]
    kept = [image in seen[reader] for image, reader in zip(given["image"], given["reader"], strict=True)]
    scores = scored(asked, given[kept])
    for reader, name in (("reader-1", 'always "real"'), ("reader-2", 'always "synthetic"')):
        row = one(scores, reader, "origin", "accuracy")
        assert (row["n"], row["chance"], row["chance_of"]) == (30, pytest.approx(2 / 3), name)
    mean = one(scores, "all", "origin", "accuracy")
    assert mean["n"] == 60
    assert np.isnan(mean["chance"])
    assert (mean["chance_of"], mean["verdict"]) == ("", "")
    # Guessing is worth the same on any images.
    for measure, chance in (("auc", 0.5), ("balanced accuracy", 0.5), ("d'", 0)):
        mean = one(scores, "all", "origin", measure)
        assert (mean["chance"], mean["chance_of"]) == (chance, "guessing")
        assert mean["verdict"] in (reader_scores.NEITHER, reader_scores.ABOVE)


def test_real_answers_alone_leave_out_what_needs_both_kinds_for_readers():
    asked = made_readers.study(made_readers.key((5, 5, 5), (5, 5, 5)), readers=1)
    given = made_readers.answers(asked, {"reader-1": made_readers.counted(asked.key, 9, 9, 9, 9)})
    real = given["image"].isin(asked.key.loc[asked.key["origin"] == "real", "image"])
    scores = scored(asked, given[real])
    assert not {"auc", "d'", "balanced accuracy"} & set(scores["measure"])
    assert tables.told_apart(scores)["AUC (chance 0.50)"].tolist() == ["n/a"]
    assert tables.table4(scores)["Class right, synthetic (%)"].tolist() == ["n/a"]


def test_readers_without_confidences_are_scored_by_what_they_answered():
    asked = made_readers.study(made_readers.key((10,) * 3, (10,) * 3), readers=2)
    random = np.random.default_rng(1)
    given = made_readers.answers(
        asked, {reader: made_readers.detecting(asked.key, 2, random) for reader in asked.presentations}
    )
    full, bare = scored(asked, given), scored(asked, given.assign(confidence=np.nan, seconds=np.nan))
    pd.testing.assert_frame_equal(bare, full[full["measure"] != "auc"].reset_index(drop=True))
    table = tables.told_apart(bare)
    assert table["AUC (chance 0.50)"].tolist() == ["n/a"] * 4
    assert table["Verdict"].tolist() == ["tells them apart"] * 4
    answers = reader_answers.with_truth(given.assign(repeat=False, seconds=np.nan), asked)
    assert reader_scores.times(answers).empty


def over_readers(key, right):
    """Return the interval of the share of right answers, bool (readers, images) in the order of the key."""
    resampling = reader_scores.Resampling(key, reader_scores.Params(1, 2, 0.95))
    values = right @ resampling.weights.T / resampling.weights.sum(axis=1)
    return resampling.over_readers(list(values), np.arange(len(key)))


def test_interval_over_readers_is_of_the_analysis_of_variance_of_readers_and_images():
    """Of shares of right answers the error is that of two crossed random factors, (MS_r + MS_i - MS_e) / (r i)."""
    readers, images = 4, 60
    random = np.random.default_rng(3)
    easy = random.beta(1, 0.5, images) * np.array([[1], [0.9], [0.75], [0.6]])
    right = (random.random((readers, images)) < easy).astype(float)
    low, high = over_readers(made_readers.key((20,) * 3, (0,) * 3), right)
    of_readers, of_images = right.mean(1, keepdims=True), right.mean(0, keepdims=True)
    rest = np.square(right - of_readers - of_images + right.mean()).sum() / (readers - 1) / (images - 1)
    error = np.sqrt((images * of_readers.var(ddof=1) + readers * of_images.var(ddof=1) - rest) / readers / images)
    assert (low + high) / 2 == pytest.approx(right.mean())
    reach = (high - low) / 2 / error
    assert norm.ppf(0.975) < reach < t.ppf(0.975, readers - 1)


def test_interval_over_readers_speaks_of_other_readers():
    """Of five readers of unequal skill it holds the mean skill of all readers; that of these readers does not."""
    random, images, hits = np.random.default_rng(8), 150, {"these": 0, "others": 0}
    resampling = reader_scores.Resampling(made_readers.key((50,) * 3, (0,) * 3), reader_scores.Params(1, 200, 0.95))
    for _ in range(300):
        skill = random.normal(0.7, 0.08, (5, 1)).clip(0, 1)
        right = (random.random((5, images)) < skill).astype(float)
        values = right @ resampling.weights.T / resampling.weights.sum(axis=1)
        _, low, high = resampling.summary(values.mean(axis=0), np.arange(images), share=True)
        hits["these"] += low < 0.7 < high
        low, high = resampling.over_readers(list(values), np.arange(images))
        hits["others"] += low < 0.7 < high
    assert hits["others"] >= 0.92 * 300
    assert hits["these"] < 0.8 * 300


def test_numbers_of_real_and_synthetic_images_are_no_chance():
    """Readers right on nine of ten real and one of ten synthetic images: the mixture adds nothing to the error."""
    random, images = np.random.default_rng(2), 200
    key = made_readers.key((100, 0, 0), (100, 0, 0))
    right = (random.random(images) < np.where(key["origin"] == "real", 0.9, 0.1)).astype(float)
    right = np.abs(right - (random.random((4, images)) < 0.02))
    low, high = over_readers(key, right)
    assert (high - low) / 4 == pytest.approx(np.sqrt(0.9 * 0.1 / images), rel=0.25)  # not sqrt(0.5 * 0.5 / images)


def test_means_of_readers_stand_beside_their_interval_over_readers(published):
    means = published[published["reader"] == "all"]
    assert published.loc[published["reader"] != "all", "low_readers"].isna().all()
    assert (means["low_readers"] < means["value"]).all()
    table = tables.told_apart(published)
    assert table["Reader"].tolist()[-2:] == ["mean of the readers", "the same, for other readers too"]


def test_times_and_what_fooled_every_reader():
    asked = made_readers.study(made_readers.key((2, 2, 2), (2, 2, 2)), readers=2)
    images = asked.key["image"].tolist()
    by_reader = {reader: made_readers.counted(asked.key, 6, 6, 6, 6) for reader in asked.presentations}
    fools = {0: 2, 3: 2, 7: 1}  # place in the key, how many readers it fools
    for place, number in fools.items():
        for reader in list(by_reader)[:number]:
            wrong = {"real": "synthetic", "synthetic": "real"}[by_reader[reader].loc[place, "origin"]]
            by_reader[reader].loc[place, ["origin", "confidence"]] = wrong, 1 + place
    given = made_readers.answers(asked, by_reader)
    given["seconds"] = np.where(given["reader"] == "reader-1", 2.0, given["presentation"] * 1.0)
    answers = reader_answers.with_truth(given.assign(repeat=False), asked)
    table = reader_scores.fooled(answers, asked)
    assert set(table["image"]) == {images[0], images[3]}
    assert table.set_index("image").loc[images[3], ["readers", "confidence"]].tolist() == [2, 4.0]
    expected = reader_scores.expected_fooled(answers)
    origin = asked.key["origin"]
    for kind in ("real", "synthetic"):
        rates = [sum(n > i and origin[place] == kind for place, n in fools.items()) / 6 for i in range(2)]
        assert expected[kind] == (pytest.approx(6 * rates[0] * rates[1]), 6)
    times = reader_scores.times(answers).set_index(["reader", "origin"])
    assert times.loc[("reader-1", "real"), ["q1_s", "median_s", "q3_s"]].tolist() == [2, 2, 2]
    assert times.loc[("reader-2", "all"), "median_s"] == 6.5


def test_readers_stand_beside_the_paper_on_the_conformance_page(published):
    waiting = conformance.readers(None, None)
    assert [row["ours"] for row in waiting] == [[]] * 6
    assert waiting[3]["paper"] == "62.5; 58.6"
    assert [row["paper"] for row in waiting[4:]] == ["73.5", "61.3"]
    asked, given = experts(30)
    answers = reader_answers.with_truth(given.assign(repeat=False), asked)
    rows = conformance.readers(published, agreement.table(answers, asked, PARAMS))
    assert [reader for reader, _ in rows[0]["ours"]] == ["reader-1", "reader-2"]
    assert rows[2]["ours"][0][1].startswith("77.8 (")
    assert rows[3]["ours"][1][1].startswith("58.6 (")
    assert rows[3]["ours"][1][1].endswith('; always "real" scores 60.3')
    (pair,) = rows[5]["ours"]
    assert pair[0] == "reader-1 and reader-2"
    assert pair[1].startswith("69.2 (")  # whatever the worse reader has right, the other has too
