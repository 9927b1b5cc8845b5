import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from synthaug import artifacts, classify, device
from synthaug.errors import InputError

SCRIPTS = Path(__file__).parents[2] / "scripts"
CPU = torch.device("cpu")
PARAMS = {
    "master_seed": 1,
    "classes": ["dark", "bright"],
    "widths": [4, 8],
    "kernel": 3,
    "dense": 16,
    "dropout": 0.25,
    "epochs": 4,
    "batch": 16,
    "learning_rate": 0.02,
    "momentum": 0.9,
    "mean": "value",
    "device": "cpu",
    "threads": 1,
    "precision": "float32",
}
NAMES = ("classifier", 0, "12")


def params(**changes) -> classify.Params:
    return classify.Params(**PARAMS | changes)


def discs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images with a disc at a random place that is darker (class 0) or brighter (class 1) than the ground."""
    draws = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    y, x = np.mgrid[:64, :64]
    images = np.full((count, 64, 64), 128.0)
    for image, label in zip(images, labels, strict=True):
        center_y, center_x = draws.uniform(20, 44, 2)
        image[(y - center_y) ** 2 + (x - center_x) ** 2 < 100] += 60 if label else -60
    images += draws.normal(0, 20, images.shape)
    return images.clip(0, 255).astype(np.uint8), labels


def train(images, labels, settings=None):
    settings = settings or params()
    where = device.pick(settings)
    network = device.place(classify.build(images, settings, NAMES), where)
    return network, classify.train(network, images, labels, settings, NAMES, where)


@pytest.fixture(scope="module")
def trained():
    return train(*discs(200, 0))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_learns_what_is_easy(precision, trained):
    network, history = trained if precision == "float32" else train(*discs(200, 0), params(precision=precision))
    images, labels = discs(100, 1)
    probabilities, features = classify.predict(network, images, CPU)
    assert (probabilities.argmax(1) == labels).mean() > 0.95
    assert probabilities.dtype == features.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    assert features.shape == (100, 16)
    assert (features >= 0).all()
    assert history.columns.tolist() == ["epoch", "loss", "accuracy"]
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert np.isfinite(history.to_numpy()).all()


def test_same_training_gives_the_same_bits(trained):
    torch.rand(7)  # someone else's draw changes nothing
    network, history = train(*discs(200, 0))
    for again, before in zip(network.state_dict().values(), trained[0].state_dict().values(), strict=True):
        assert torch.equal(again, before)
    pd.testing.assert_frame_equal(history, trained[1], check_exact=True)


def test_prediction_depends_on_its_own_image_only(trained):
    images, _ = discs(70, 2)
    together, _ = classify.predict(trained[0], images, CPU)
    alone, _ = classify.predict(trained[0], images[66:67], CPU)
    assert np.array_equal(together[66:67], alone)


def test_features_lead_to_the_probabilities(trained):
    images, _ = discs(10, 3)
    probabilities, features = classify.predict(trained[0], images, CPU)
    last = trained[0].classify
    logits = features @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4)


def test_steps_follow_nesterovs_formula():
    """v <- m v + g, w <- w - lr (g + m v) with g at w: the look-ahead form, written for the shifted variable."""
    images, labels = discs(12, 0)
    settings = params(epochs=3, dropout=0.0)
    network, _ = train(images, labels, settings)

    expected = classify.build(images, settings, NAMES)
    velocity = [torch.zeros_like(weight) for weight in expected.parameters()]
    for _ in range(3):  # twelve images are one batch, so the order does not matter
        logits = expected(torch.from_numpy(images).unsqueeze(1))
        loss = -logits.log_softmax(1)[range(12), labels].mean()
        gradients = torch.autograd.grad(loss, list(expected.parameters()))
        with torch.no_grad():
            for weight, v, g in zip(expected.parameters(), velocity, gradients, strict=True):
                v.mul_(settings.momentum).add_(g)
                weight -= settings.learning_rate * (g + settings.momentum * v)
    for found, wanted in zip(network.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_mean_of_the_training_images():
    images = np.zeros((4, 64, 64), np.uint8)
    images[:, 0, 0] = [0, 51, 102, 255]  # mean 102, which is 0.4
    assert classify.train_mean(images, "image").shape == (64, 64)
    assert classify.train_mean(images, "image")[0, 0].item() == pytest.approx(0.4)
    assert classify.train_mean(images, "image")[1:].abs().max() == 0
    assert classify.train_mean(images, "value").shape == (1, 1)
    assert classify.train_mean(images, "value").item() == pytest.approx(0.4 / 4096)


def test_divergence_names_the_key_to_lower():
    with pytest.raises(InputError, match="lower learning_rate"):
        train(*discs(40, 0), params(learning_rate=1e18))


def test_predictions_table():
    test = pd.DataFrame(
        {"lesion": ["a", "b"], "patient": ["p", "q"], "class": ["bright", "dark"], "fold": [0, 2]}, index=[5, 9]
    )
    table = classify.predictions(test, np.array([[0.75, 0.25], [0.5, 0.5]], np.float32), ["dark", "bright"])
    assert table.to_csv(index=False) == (
        "lesion,patient,fold,truth,predicted,p_dark,p_bright\na,p,0,bright,dark,0.75,0.25\nb,q,2,dark,dark,0.5,0.5\n"
    )


def run(cohort: Path, out: Path, settings: dict, *further: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable, SCRIPTS / "train_classifier.py",
        "--rois", cohort / "rois.csv", "--roi-images", cohort / "rois.npy",
        "--pool-index", cohort / "index.csv", "--pool-images", cohort / "pool.npy", "--folds", cohort / "folds.csv",
        "--seed", "0", "--train-folds", "12", *further,
        "--params", json.dumps(settings), "--out-dir", out, "--log", out / "log.txt",
    ]  # fmt: skip
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def test_script(tmp_path):
    images, labels = discs(30, 0)
    lesions = [f"lesion-{i:02d}" for i in range(30)]
    classes = np.array(["dark", "bright"])[labels]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": classes, "set": "main"})
    artifacts.write_csv(rois, tmp_path / "rois.csv")
    artifacts.write_array(images, tmp_path / "rois.npy")
    artifacts.write_csv(pd.DataFrame({"lesion": np.repeat(lesions, 2), "rank": [0, 1] * 30}), tmp_path / "index.csv")
    artifacts.write_array(np.repeat(images, 2, axis=0)[:, ::-1], tmp_path / "pool.npy")
    artifacts.write_csv(rois.drop(columns="set").assign(fold=np.arange(30) // 2 % 3), tmp_path / "folds.csv")
    artifacts.write_array(images[labels == 0][:8], tmp_path / "dark.npy")
    artifacts.write_array(images[labels == 1][:8], tmp_path / "bright.npy")
    synthetic = ["--synthetic", f"{tmp_path}/dark.npy", f"{tmp_path}/bright.npy"]
    arm = ["--arm", "dcgan", "--size", "15+4x2"]

    settings = PARAMS | {"epochs": 1}
    finished = run(tmp_path, tmp_path / "out", settings, *arm, *synthetic)
    assert finished.returncode == 0, finished.stderr
    table = artifacts.read_csv(tmp_path / "out/predictions.csv")
    assert table["lesion"].tolist() == [name for i, name in enumerate(lesions) if i // 2 % 3 == 0]
    assert (table["truth"].to_numpy() == classes[[i for i in range(30) if i // 2 % 3 == 0]]).all()
    assert table.columns.tolist() == ["lesion", "patient", "fold", "truth", "predicted", "p_dark", "p_bright"]
    assert artifacts.read_array(tmp_path / "out/features.npy").shape == (10, 16)
    train_set = artifacts.read_csv(tmp_path / "out/train_set.csv")
    assert train_set["source"].value_counts().to_dict() == {"roi": 20, "pool": 30, "synthetic": 16}
    assert train_set.columns.tolist() == ["source", "lesion", "rank", "class", "generator"]
    assert artifacts.read_json(tmp_path / "out/model.json")["params"] == settings

    failed = run(tmp_path, tmp_path / "failed", settings, *arm)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert failed.stderr.startswith("ERROR [train_classifier] training set: expected 8 or more synthetic images")
    assert not (tmp_path / "failed/predictions.csv").exists()
