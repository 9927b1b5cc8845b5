"""Visual words: counts by hand, mutual information against scikit-learn, and textures that they must tell apart."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.metrics import mutual_info_score
from tests.helpers import forked

from synthaug.classification import bovw
from synthaug.errors import InputError
from synthaug.files import artifacts

SCRIPTS = Path(__file__).parents[3] / "scripts"
PARAMS = {
    "master_seed": 1,
    "threads": 1,
    "classes": ["rows", "columns", "noise"],
    "patch": 7,
    "stride": 6,
    "components": 5,
    "words": 30,
    "single": 12,
    "multi": 4,
    "levels": 5,
    "scheme": "one-vs-rest",
    "svm": {"c": [-1, 7, 4], "gamma": [-7, -1, 3], "inner_folds": 3},
}
NAMES = ("baseline", 0, "12")


def params(**changes) -> bovw.Params:
    return bovw.Params(**PARAMS | changes)


def textures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images in turn with a wave across the rows, across the columns, and without any."""
    draws = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    y, x = np.mgrid[:64, :64]
    phase = draws.uniform(0, 2 * np.pi, (count, 1, 1))
    wave = np.sin(np.where((labels == 0)[:, None, None], y, x) * np.pi / 4 + phase) * (labels < 2)[:, None, None]
    return (128 + 50 * wave + draws.normal(0, 20, wave.shape)).clip(0, 255).astype(np.uint8), labels


def fitted(arm: str, **changes) -> bovw.Model:
    images, labels = textures(45, 0)
    return bovw.fit(images, labels, np.arange(45).astype(str), arm, params(**changes), NAMES)


def chequered() -> tuple[np.ndarray, np.ndarray]:
    """Images of 8x8 flat squares of four intensities, and how many squares have each."""
    values = np.random.default_rng(0).integers(0, 4, (6, 8, 8))
    images = np.kron(values, np.ones((8, 8), int)) * 80
    return images.astype(np.uint8), np.stack([(values == value).sum(axis=(1, 2)) for value in range(4)], axis=1)


def test_patches_are_scikit_learns():
    images, _ = textures(2, 0)
    cut = bovw.patches(images, 11, 1)
    assert cut.shape == (2, 54 * 54, 121)
    np.testing.assert_array_equal(cut[1], extract_patches_2d(images[1], (11, 11)).reshape(-1, 121))
    every_third = bovw.patches(images, 11, 3)
    np.testing.assert_array_equal(every_third, cut.reshape(2, 54, 54, 121)[:, ::3, ::3].reshape(2, -1, 121))


def test_words_count_what_is_there():
    """Four kinds of flat patches and four words: each word is one intensity, its frequency the share of squares."""
    images, counts = chequered()
    settings = params(patch=8, stride=8, components=1, words=4)
    dictionary = bovw.learn_words(images, settings, 0)
    found = bovw.histograms(images, dictionary, settings)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(sorted(found.T.tolist()), sorted((counts / 64).T.tolist()))


def test_fewer_different_patches_than_words():
    images, _ = chequered()
    settings = params(patch=8, stride=8, components=1, words=5)
    with pytest.raises(InputError, match=r"at least 5 different patches .* found 4 in 6 ROIs"):
        bovw.learn_words(images, settings, 0)


def test_levels_have_equal_width():
    frequencies = np.array([[0.0, 0.2], [0.1, 0.2], [0.19, 0.2], [0.3, 0.2], [0.5, 0.2]])
    assert bovw.quantise(frequencies, 5).T.tolist() == [[0, 1, 1, 3, 4], [0, 0, 0, 0, 0]]


def test_mutual_information_is_scikit_learns():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 3, 50)
    values = draws.integers(0, 5, (50, 20))
    values[:, 0] = labels
    values[:, 1] = 3
    found = bovw.mutual_information(values, labels)
    np.testing.assert_allclose(found, [mutual_info_score(column, labels) for column in values.T], atol=1e-12)
    shares = np.bincount(labels) / 50
    assert found[0] == pytest.approx(-(shares * np.log(shares)).sum())
    assert found[1] == pytest.approx(0, abs=1e-12)


def test_the_most_relevant_words_are_kept():
    model = fitted(bovw.MULTI)
    images, _ = textures(45, 0)
    frequencies = bovw.histograms(images, model.dictionary, params())
    for task, machine in zip(model.tasks, model.machines, strict=True):
        levels = bovw.quantise(frequencies, 5)
        scores = np.array([mutual_info_score(column, task.labels) for column in levels.T])
        kept = machine.best_estimator_["words"].get_support()
        assert kept.sum() == 4
        assert scores[kept].min() >= scores[~kept].max() - 1e-12
    assert fitted(bovw.SINGLE).machines[0].best_estimator_["words"].get_support().sum() == 12


@pytest.mark.parametrize(
    ("arm", "scheme"),
    [(bovw.SINGLE, "one-vs-rest"), (bovw.MULTI, "one-vs-rest"), (bovw.MULTI, "one-vs-one")],
)
def test_tells_textures_apart(arm, scheme):
    images, labels = textures(60, 1)
    decision = fitted(arm, scheme=scheme).decide(images)
    assert decision.shape == (60, 3)
    assert (decision.argmax(axis=1) == labels).mean() > 0.9


def test_one_vs_rest_takes_each_classes_own_machine():
    model = fitted(bovw.MULTI)
    images, _ = textures(9, 2)
    frequencies = bovw.histograms(images, model.dictionary, params())
    assert list(model.chosen()) == ["rows vs rest", "columns vs rest", "noise vs rest"]
    own = [machine.decision_function(frequencies) for machine in model.machines]
    np.testing.assert_allclose(model.decide(images), np.stack(own, axis=1))


def test_one_vs_one_sums_the_machines_of_each_pair():
    model = fitted(bovw.MULTI, scheme="one-vs-one")
    images, _ = textures(9, 2)
    frequencies = bovw.histograms(images, model.dictionary, params())
    assert list(model.chosen()) == ["rows vs columns", "rows vs noise", "columns vs noise"]
    assert [task.rows.sum() for task in model.tasks] == [30, 30, 30]
    columns, noise, noise_not_columns = (machine.decision_function(frequencies) for machine in model.machines)
    expected = [-columns - noise, columns - noise_not_columns, noise + noise_not_columns]
    np.testing.assert_allclose(model.decide(images), np.stack(expected, axis=1))


def test_same_training_gives_the_same_decisions_and_both_arms_the_same_words():
    images, _ = textures(6, 3)
    first, again, multi = fitted(bovw.SINGLE), fitted(bovw.SINGLE), fitted(bovw.MULTI)
    np.testing.assert_array_equal(first.decide(images), again.decide(images))
    centres = [model.dictionary["cluster"].cluster_centers_ for model in (first, multi)]
    np.testing.assert_array_equal(*centres)


def test_wrong_settings_name_the_key():
    with pytest.raises(InputError, match="lower single"):
        fitted(bovw.SINGLE, single=31)
    with pytest.raises(InputError, match="found all; correct"):
        fitted(bovw.MULTI, scheme="all")


def run(cohort: Path, out: Path, settings: dict) -> subprocess.CompletedProcess:
    command = [
        sys.executable, SCRIPTS / "train_bovw.py",
        "--rois", cohort / "rois.csv", "--roi-images", cohort / "rois.npy", "--folds", cohort / "folds.csv",
        "--seed", "0", "--arm", "bovw-multi", "--train-folds", "12", "0",
        "--params", json.dumps(settings), "--out-dir", out, "--log", out / "log.txt",
    ]  # fmt: skip
    return forked.run(command)


def test_script(tmp_path):
    images, labels = textures(54, 0)
    lesions = [f"lesion-{i:02d}" for i in range(54)]
    cases = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": np.array(PARAMS["classes"])[labels]})
    fold = np.arange(54) // 3 % 3
    artifacts.write_csv(cases.assign(set="main")[::-1], tmp_path / "rois.csv")
    artifacts.write_array(images[::-1], tmp_path / "rois.npy")
    artifacts.write_csv(cases.assign(fold=fold), tmp_path / "folds.csv")

    finished = run(tmp_path, tmp_path / "out", PARAMS)
    assert finished.returncode == 0, finished.stderr
    for train_folds, held_out in (("12", fold == 0), ("0", fold != 0)):
        table = artifacts.read_csv(tmp_path / f"out/train-{train_folds}/predictions.csv")
        assert table.columns.tolist() == [
            "lesion", "patient", "fold", "truth", "predicted", "p_rows", "p_columns", "p_noise",
        ]  # fmt: skip
        assert table["lesion"].tolist() == np.array(lesions)[held_out].tolist()
        assert (table["truth"] == table["predicted"]).mean() > 0.85
        probabilities = table[["p_rows", "p_columns", "p_noise"]].to_numpy()
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        train_set = artifacts.read_csv(tmp_path / f"out/train-{train_folds}/train_set.csv")
        assert train_set.columns.tolist() == ["source", "lesion", "rank", "class", "generator", "row"]
        assert artifacts.read_csv(tmp_path / "rois.csv")["lesion"][train_set["row"]].tolist() == [*train_set["lesion"]]
        assert sorted(train_set["lesion"]) == np.array(lesions)[~held_out].tolist()
        model = artifacts.read_json(tmp_path / f"out/train-{train_folds}/model.json")
        assert model["params"] == PARAMS
        assert model["images"] == (~held_out).sum()
        assert set(model["svm"]) == {"rows vs rest", "columns vs rest", "noise vs rest"}

    failed = run(tmp_path, tmp_path / "failed", PARAMS | {"words": 5000})
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert failed.stderr.startswith("ERROR [train_bovw] bovw: expected at least 5000 different patches")
