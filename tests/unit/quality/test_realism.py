"""Each measure against its definition, written out, and on sets whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from synthaug import seeding
from synthaug.quality import cards, realism
from synthaug.quality.copy_search import Audit

CONFIDENCE = 0.95


def draws(seed):
    return np.random.default_rng(seed)


def names(count):
    return np.arange(count).astype(str)


def streams(*name):
    return seeding.stream(1, *name)


def images(count, seed, sigma=1.0):
    noise = ndimage.gaussian_filter(draws(seed).normal(size=(count, 64, 64)), (0, sigma, sigma))
    pixels = 128 + 30 * noise / noise.std(axis=(1, 2), keepdims=True)
    return np.rint(pixels.clip(0, 255)).astype(np.uint8)


def group(count, seed, shift=0.0, sigma=1.0):
    features = {"f": draws(seed).normal(shift, 1, (count, 3))}
    return realism.Images(images(count, seed, sigma), names(count), features)


def test_kid_is_the_double_sum_over_pairs(monkeypatch):
    a, b = draws(1).normal(size=(4, 3)), draws(2).normal(1, 2, (4, 3))
    # With two units a set, and one of them drawn, a subset is one of two halves: all four pairs of halves come up.
    units = np.array(["x", "x", "y", "y"])

    def kernel(x, y):
        return (sum(x[i] * y[i] for i in range(3)) / 3 + 1) ** 3

    def mmd(x, y):
        within = kernel(x[0], x[1]) + kernel(y[0], y[1])  # (0, 1) and (1, 0), over 2 (2 - 1)
        between = sum(kernel(p, q) for p in x for q in y) / 4
        return within - 2 * between

    possible = [mmd(a[i], b[j]) for i in (slice(0, 2), slice(2, 4)) for j in (slice(0, 2), slice(2, 4))]
    monkeypatch.setattr(realism, "SUBSETS", 4000)
    estimate = realism.kid(a, b, units, units, CONFIDENCE, draws(3))
    assert estimate.low == pytest.approx(min(possible))
    assert estimate.high == pytest.approx(max(possible))
    assert estimate.value == pytest.approx(np.mean(possible), abs=3 * np.std(possible) / np.sqrt(4000))


def test_kid_is_about_zero_for_one_distribution_and_its_interval_covers_it():
    pairs = [(draws(seed).normal(size=(200, 8)), draws(500 + seed).normal(size=(200, 8))) for seed in range(20)]
    estimates = [realism.kid(a, b, names(200), names(200), CONFIDENCE, draws(0)) for a, b in pairs]
    values = np.array([estimate.value for estimate in estimates])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(20)  # unbiased
    assert sum(estimate.low <= 0 <= estimate.high for estimate in estimates) >= 16
    far = realism.kid(pairs[0][0], pairs[0][1] + 1, names(200), names(200), CONFIDENCE, draws(0))
    assert far.low > max(values)


def test_prdc_follows_its_definition():
    real, fake, k = draws(1).normal(size=(30, 2)), draws(2).normal(0.5, 1, (25, 2)), 3

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - other) for j, other in enumerate(points) if j != i)[k - 1]

    balls = [[np.linalg.norm(r - f) < radius(real, i) for f in fake] for i, r in enumerate(real)]
    around = [[np.linalg.norm(r - f) < radius(fake, j) for j, f in enumerate(fake)] for r in real]
    expected = {
        "precision": sum(any(balls[i][j] for i in range(30)) for j in range(25)) / 25,
        "density": sum(map(sum, balls)) / (k * 25),
        "recall": sum(map(any, around)) / 30,
        "coverage": sum(map(any, balls)) / 30,
    }
    found = realism.prdc(real, fake, k)
    assert {name: values.mean() for name, values in found.items()} == pytest.approx(expected)
    collapsed = realism.prdc(real, np.tile(real[0], (25, 1)) + 1e-6, k)
    assert collapsed["precision"].mean() == 1
    assert collapsed["coverage"].mean() < 0.5


def test_blur_lowers_sharpness_and_moves_the_spectrum():
    sharp, blurred = images(20, 1, 1.0), images(20, 1, 2.0)
    assert (realism.sharpness(blurred) < realism.sharpness(sharp)).all()
    a, b, c = (realism.spectra(part).mean(axis=0) for part in (sharp, blurred, images(20, 2, 1.0)))
    assert realism.spectrum_distance(a, a) == 0
    assert realism.spectrum_distance(2 * a, a) == pytest.approx(np.log10(2), abs=1e-6)
    assert realism.spectrum_distance(a, b) > 10 * realism.spectrum_distance(a, c)


def test_spectrum_of_a_wave_peaks_at_its_frequency():
    wave = 128 + 50 * np.sin(2 * np.pi * 20 * np.arange(64) / 64)
    power = realism.spectra(np.tile(wave, (1, 64, 1)))[0]
    assert power.argmax() in (19, 20)  # the Hann window spreads it over its neighbours


def test_score_tells_different_sets_only():
    real, same, other = (draws(i).normal(shift, 1, (80, 4)) for i, shift in ((1, 0), (2, 0), (3, 3)))
    assert 0.35 < realism.real_synthetic_score(real, same, names(80), names(80), CONFIDENCE, streams).value < 0.65
    assert realism.real_synthetic_score(real, other, names(80), names(80), CONFIDENCE, streams).low > 0.95
    # Patients that each have a feature of their own are not recognised: none is in training and test at once.
    units = np.repeat(names(10), 8)
    own = real + 10 * np.repeat(draws(4).normal(size=(10, 4)), 8, axis=0)
    score = realism.real_synthetic_score(own, own, units, units, CONFIDENCE, streams)
    assert score.value < 0.6


def test_assess_stands_every_measure_beside_its_reference():
    train, same, blurred, test = group(40, 1), group(40, 2), group(40, 3, 3.0, 2.0), group(40, 4)
    good = realism.assess("cyst", train, same, test, 5, CONFIDENCE, streams).set_index(["features", "measure"])
    bad = realism.assess("cyst", train, blurred, test, 5, CONFIDENCE, streams).set_index(["features", "measure"])
    assert len(good) == 9
    for table in (good, bad):
        assert (table["reference_low"] <= table["reference_high"]).all()
    pd.testing.assert_series_equal(good["reference"], bad["reference"])
    assert good.loc[("f", "KID"), "low"] <= 0.05
    assert bad.loc[("f", "KID"), "low"] > bad.loc[("f", "KID"), "reference_high"]
    assert bad.loc[("f", "precision"), "value"] < good.loc[("f", "precision"), "value"]
    assert bad.loc[("pixels", "sharpness"), "high"] < 1 / 2
    assert good.loc[("pixels", "sharpness"), "value"] == pytest.approx(1, abs=0.2)


def test_too_few_images_give_no_number():
    few = realism.assess("cyst", *(group(3, seed) for seed in (1, 2, 3)), 5, CONFIDENCE, streams)
    few = few.set_index(["features", "measure"])
    assert few.loc[("f", "KID")].isna()[["value", "low", "high"]].all()
    assert few.loc[("f", "precision"), "value"] != few.loc[("f", "precision"), "value"]


def test_averages_keep_the_widest_reading():
    table = realism.assess("cyst", *(group(20, seed) for seed in (1, 2, 3)), 5, CONFIDENCE, streams)
    both = pd.concat([table.assign(folds="12"), table.assign(folds="02", value=table["value"] + 1)])
    mean = realism.averages(both, ["features", "measure"])
    np.testing.assert_allclose(mean["value"], table["value"] + 0.5)
    np.testing.assert_allclose(mean["high"], table["high"])
    assert (mean["n_real"] == 40).all()


def test_card_is_one_row():
    keys = pd.DataFrame(cards.CARD.values(), columns=["features", "measure", "digits"])
    table = keys.assign(folds="all", value=0.12345, reference=0.5, **{"class": "all"})
    nearest = pd.DataFrame({"distance": [0.1, 0.2], "alarm": [True, False], "apart": [0.15, 0.15]})
    audit = Audit(nearest, np.array([0.3]), chance=0.02, planted=40, found=37)
    audits = pd.DataFrame([{"class": "cyst", **audit.summary()}, {"class": "met", **audit.summary(), "found": 38}])
    card = cards.card({"generator": "g", "seed": 0, "group": 4}, table, audits)
    assert len(card) == 1
    row = card.iloc[0]
    assert (row["KID"], row["precision"], row["precision, real"]) == (0.123, 0.12, 0.5)
    assert row["copies flagged"] == "2 of 4 (50.0 %)"
    assert row["distance ratio"] == 0.5
    assert row["authentic"] == "50 %"
    assert (row["controls found"], row["valid"]) == ("75 of 80", "false")  # 37 of 40 cysts are too few
    audits["found"] = 38
    assert cards.card({}, table, audits).iloc[0]["valid"] == "true"


def test_authentic_images_are_farther_from_their_nearest_real_one_than_it_is_from_the_others():
    """On a line, real images at 0, 1 and 4: the one at 4 is alone, and what is within 3 of it is its copy."""
    real = np.array([[0.0], [1.0], [4.0]])
    fake = np.array([[0.4], [-1.5], [2.6], [7.5], [1.0]])
    assert realism.authentic(real, fake).tolist() == [False, True, False, True, False]
