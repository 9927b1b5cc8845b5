"""Texture features against closed forms, plain loops and other libraries."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats
from skimage.filters import gabor_kernel
from sklearn.metrics import mutual_info_score
from tests.helpers import forked

from synthaug.classification import texture
from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
PARAMS = {
    "master_seed": 1,
    "threads": 1,
    "classes": ["fine", "coarse"],
    "levels": 32,
    "distances": [1, 2, 4],
    "frequencies": [0.05, 0.1, 0.2, 0.4],
    "orientations": 6,
    "svm": {"c": [-1, 7, 4], "gamma": [-7, -1, 3], "inner_folds": 3},
}


def noise(count: int, sigma: float, seed: int) -> np.ndarray:
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(count, 64, 64)), (0, sigma, sigma))
    return (128 + 40 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


def symmetric_matrix(levels: int, seed: int) -> np.ndarray:
    counts = np.random.default_rng(seed).integers(0, 9, (levels, levels))
    return counts + counts.T


def test_haralick_of_equal_neighbours():
    """Neighbours always have the same level, and every level occurs as often: formulas of the uniform distribution."""
    n = 8
    found = texture.haralick(np.eye(n)[:, :, None] / n)[:, 0]
    variance = (n**2 - 1) / 12
    expected = [
        1 / n, 0, 1, variance, 1, n - 1, 4 * variance, math.log(n), math.log(n), 0, 0, -1, math.sqrt(1 - 1 / n**2),
    ]  # fmt: skip
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_haralick_of_independent_neighbours():
    n = 8
    found = texture.haralick(np.full((n, n, 1), 1 / n**2))[:, 0]
    variance = (n**2 - 1) / 12
    difference_mean = (n**2 - 1) / (3 * n)
    np.testing.assert_allclose(found[[0, 1, 2, 3]], [1 / n**2, 2 * variance, 0, variance], atol=1e-12)
    np.testing.assert_allclose(found[[5, 6, 8]], [n - 1, 2 * variance, 2 * math.log(n)])
    np.testing.assert_allclose(found[9], 2 * variance - difference_mean**2)
    np.testing.assert_allclose(found[[11, 12]], 0, atol=1e-7)


def test_haralick_is_the_papers_formulas():
    """Each feature as printed (1973, appendix I), by loops over levels."""
    n = 6
    counts = symmetric_matrix(n, 0)
    p = counts / counts.sum()
    px = p.sum(axis=1)
    mean = sum(i * px[i] for i in range(n))
    variance = sum((i - mean) ** 2 * px[i] for i in range(n))
    sums = [sum(p[i, k - i] for i in range(n) if 0 <= k - i < n) for k in range(2 * n - 1)]
    differences = [sum(p[i, j] for i in range(n) for j in range(n) if abs(i - j) == k) for k in range(n)]
    cells = [(i, j, p[i, j]) for i in range(n) for j in range(n)]

    def entropy(values):
        return -sum(value * math.log(value) for value in values if value > 0)

    sum_average = sum(k * value for k, value in enumerate(sums))
    difference_average = sum(k * value for k, value in enumerate(differences))
    hxy, hx = entropy(p.ravel()), entropy(px)
    hxy1 = -sum(value * math.log(px[i] * px[j]) for i, j, value in cells)
    hxy2 = -sum(px[i] * px[j] * math.log(px[i] * px[j]) for i, j, _ in cells)
    expected = [
        sum(value**2 for *_, value in cells),
        sum((i - j) ** 2 * value for i, j, value in cells),
        (sum(i * j * value for i, j, value in cells) - mean**2) / variance,
        sum((i - mean) ** 2 * value for i, _, value in cells),
        sum(value / (1 + (i - j) ** 2) for i, j, value in cells),
        sum_average,
        sum((k - sum_average) ** 2 * value for k, value in enumerate(sums)),
        entropy(sums),
        hxy,
        sum((k - difference_average) ** 2 * value for k, value in enumerate(differences)),
        entropy(differences),
        (hxy - hxy1) / hx,
        math.sqrt(1 - math.exp(-2 * (hxy2 - hxy))),
    ]
    found = texture.haralick(p[:, :, None])[:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    information = mutual_info_score(None, None, contingency=counts)
    assert found[11] == pytest.approx(-information / hx)
    assert found[12] == pytest.approx(math.sqrt(1 - math.exp(-2 * information)))


@pytest.mark.parametrize("distance", [1, 2, 4])
def test_neighbours_are_as_many_rows_and_columns_away_as_the_distance(distance):
    image = noise(1, 1.5, 0)[0]
    coarse = image // 8
    matrices = []
    for down, right in ((0, distance), (distance, 0), (distance, -distance), (distance, distance)):
        counts = np.zeros((32, 32))
        for y in range(64 - down):
            for x in range(max(0, -right), 64 - max(0, right)):
                counts[coarse[y, x], coarse[y + down, x + right]] += 1
        matrices.append((counts + counts.T) / (counts + counts.T).sum())
    each = texture.haralick(np.stack(matrices, axis=2))
    expected = np.concatenate([each.mean(axis=1), each.max(axis=1) - each.min(axis=1)])
    np.testing.assert_allclose(texture.glcm(image, 32, [distance]), expected, rtol=1e-10, atol=1e-12)


def test_glcm_features_do_not_change_with_a_quarter_turn():
    image = noise(1, 2, 0)[0]
    image[:20] //= 2
    turned = texture.glcm(np.rot90(image), 32, [1, 2, 4])
    np.testing.assert_allclose(turned, texture.glcm(image, 32, [1, 2, 4]), rtol=1e-9, atol=1e-12)


def test_numbers_of_features():
    images = noise(2, 1, 0)
    settings = texture.Params(**PARAMS)
    assert texture.features(images, texture.GLCM, settings).shape == (2, 13 * 2 * 3)
    assert texture.features(images, texture.GABOR, settings).shape == (2, 4 * 6 * 4)


@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("arm", [texture.GLCM, texture.GABOR])
def test_flat_images_have_finite_features(arm, value):
    found = texture.features(np.full((1, 64, 64), value, np.uint8), arm, texture.Params(**PARAMS))
    assert np.isfinite(found).all()
    if arm == texture.GABOR:
        np.testing.assert_allclose(found[0, 3::4], math.log(64 * 64), rtol=1e-6)


def test_gabor_responses_are_direct_convolutions():
    images = noise(3, 1, 0)
    found = texture.gabor(images, [0.2], 3)
    for orientation in range(3):
        kernel = gabor_kernel(0.2, theta=math.pi * orientation / 3, bandwidth=1)
        image = images[1] / 255
        parts = [ndimage.convolve(image, part, mode="reflect") for part in (kernel.real, kernel.imag)]
        magnitude = np.hypot(*parts).ravel()
        expected = [magnitude.mean(), magnitude.std(), (magnitude**2).mean(), stats.entropy(magnitude)]
        np.testing.assert_allclose(found[1, 4 * orientation : 4 * orientation + 4], expected, rtol=1e-9)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("orientation", range(6))
def test_the_filter_of_a_waves_frequency_and_direction_answers(scale, orientation):
    """A wave of amplitude a passes its own filter as a complex wave of amplitude a / 2, and others less."""
    y, x = np.mgrid[:64, :64]
    angle = math.pi * orientation / 6
    frequency = PARAMS["frequencies"][scale]
    wave = np.cos(2 * math.pi * frequency * (x * math.cos(angle) + y * math.sin(angle)))
    image = (127.5 + 100 * wave).round().astype(np.uint8)
    means = texture.gabor(image[None], PARAMS["frequencies"], 6)[0, ::4].reshape(4, 6)
    assert np.unravel_index(means.argmax(), means.shape) == (scale, orientation)
    assert means.max() == pytest.approx(100 / 255 / 2, rel=0.15)


def test_magnitude_features():
    rows = np.array([[1.0, 1, 1, 1], [0, 0, 0, 4], [0, 0, 0, 0]])
    mean, deviation, energy, entropy = texture.magnitude_features(rows)
    assert mean.tolist() == [1, 1, 0]
    np.testing.assert_allclose(deviation, [0, math.sqrt(3), 0])
    assert energy.tolist() == [1, 4, 0]
    np.testing.assert_allclose(entropy, [math.log(4), 0, math.log(4)])


def run(cohort: Path, out: Path, arm: str, settings: dict) -> subprocess.CompletedProcess:
    command = [
        sys.executable, SCRIPTS / "train_texture.py",
        "--rois", cohort / "rois.csv", "--roi-images", cohort / "rois.npy", "--folds", cohort / "folds.csv",
        "--seed", "0", "--arm", arm, "--train-folds", "12", "0",
        "--params", json.dumps(settings), "--out-dir", out, "--log", out / "log.txt",
    ]  # fmt: skip
    return forked.run(command)


@pytest.fixture
def cohort(tmp_path):
    """Thirty-six lesions of fine and coarse noise; the array is in the reverse order of the folds."""
    images = np.stack([noise(18, 0.5, 0), noise(18, 3, 1)], axis=1).reshape(36, 64, 64)
    lesions = [f"lesion-{i:02d}" for i in range(36)]
    cases = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": ["fine", "coarse"] * 18})
    artifacts.write_csv(cases.assign(set="main")[::-1], tmp_path / "rois.csv")
    artifacts.write_array(images[::-1], tmp_path / "rois.npy")
    artifacts.write_csv(cases.assign(fold=np.arange(36) // 2 % 3), tmp_path / "folds.csv")
    return tmp_path


@pytest.mark.parametrize("arm", [texture.GLCM, texture.GABOR])
def test_script(cohort, arm):
    finished = run(cohort, cohort / "out", arm, PARAMS)
    assert finished.returncode == 0, finished.stderr
    folds = artifacts.read_csv(cohort / "folds.csv")
    for train_folds in ("12", "0"):
        held_out = ~folds["fold"].astype(str).isin([*train_folds])
        table = artifacts.read_csv(cohort / f"out/train-{train_folds}/predictions.csv")
        assert table.columns.tolist() == ["lesion", "patient", "fold", "truth", "predicted", "p_fine", "p_coarse"]
        assert table["lesion"].tolist() == folds["lesion"][held_out].tolist()
        assert (table["truth"].to_numpy() == folds["class"][held_out].to_numpy()).all()
        assert (table["truth"] == table["predicted"]).all()
        train_set = artifacts.read_csv(cohort / f"out/train-{train_folds}/train_set.csv")
        assert sorted(train_set["lesion"]) == folds["lesion"][~held_out].tolist()
        model = artifacts.read_json(cohort / f"out/train-{train_folds}/model.json")
        assert model["params"] == PARAMS
        assert set(model["svm"]) == {"c", "gamma", "inner_score"}


def test_script_names_an_unknown_class(cohort):
    failed = run(cohort, cohort / "failed", "glcm", PARAMS | {"classes": ["fine", "cyst"]})
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "expected the classes ['fine', 'cyst'], found also ['coarse']" in failed.stderr
