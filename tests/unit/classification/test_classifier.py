import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import forked
from tests.helpers.augmentations import PRESETS

from synthaug import seeding
from synthaug.classification import classifier
from synthaug.classification.stored_classifier import classifier as read_classifier
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.training import device, weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
CPU = torch.device("cpu")
PARAMS = {
    "master_seed": 1,
    "classes": ["dark", "bright"],
    "architecture": "cnn",
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


def params(**changes) -> classifier.Params:
    return classifier.Params(**PARAMS | changes)


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
    network = device.place(classifier.build(images, settings, NAMES), where)
    return network, classifier.train(network, images, labels, settings, NAMES, where)


@pytest.fixture(scope="module")
def trained():
    return train(*discs(200, 0))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_learns_what_is_easy(precision, trained):
    network, history = trained if precision == "float32" else train(*discs(200, 0), params(precision=precision))
    images, labels = discs(100, 1)
    probabilities, features = classifier.predict(network, images, CPU)
    assert (probabilities.argmax(1) == labels).mean() > 0.95
    assert probabilities.dtype == features.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    assert features.shape == (100, 16)
    assert (features >= 0).all()
    assert history.dtype.names == ("epoch", "loss", "accuracy")
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert np.isfinite(pd.DataFrame(history).to_numpy()).all()


def test_same_training_gives_the_same_bits(trained):
    torch.rand(7)  # someone else's draw changes nothing
    network, history = train(*discs(200, 0))
    for again, before in zip(network.state_dict().values(), trained[0].state_dict().values(), strict=True):
        assert torch.equal(again, before)
    assert np.array_equal(history, trained[1])


def test_prediction_depends_on_its_own_image_only(trained):
    images, _ = discs(70, 2)
    together, _ = classifier.predict(trained[0], images, CPU)
    alone, _ = classifier.predict(trained[0], images[66:67], CPU)
    assert np.array_equal(together[66:67], alone)


def test_features_lead_to_the_probabilities(trained):
    images, _ = discs(10, 3)
    probabilities, features = classifier.predict(trained[0], images, CPU)
    last = trained[0].classify
    logits = features @ last.weight.detach().numpy().T + last.bias.detach().numpy()
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(probabilities, expected, rtol=1e-4)


def test_steps_follow_nesterovs_formula(float64):
    """v <- m v + g, w <- w - lr (g + m v) with g at w: the look-ahead form, written for the shifted variable."""
    images, labels = discs(12, 0)
    settings = params(epochs=3, dropout=0.0)
    network, _ = train(images, labels, settings)

    expected = classifier.build(images, settings, NAMES)
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
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_mean_of_the_training_images():
    images = np.zeros((4, 64, 64), np.uint8)
    images[:, 0, 0] = [0, 51, 102, 255]  # mean 102, which is 0.4
    assert classifier.train_mean(images, "image").shape == (64, 64)
    assert classifier.train_mean(images, "image")[0, 0].item() == pytest.approx(0.4)
    assert classifier.train_mean(images, "image")[1:].abs().max() == 0
    assert classifier.train_mean(images, "value").shape == (1, 1)
    assert classifier.train_mean(images, "value").item() == pytest.approx(0.4 / 4096)


def test_divergence_names_the_key_to_lower():
    with pytest.raises(InputError, match="lower learning_rate"):
        train(*discs(40, 0), params(learning_rate=1e18))


def test_mixup_steps_follow_its_formula(float64):
    images, labels = discs(16, 0)
    settings = params(epochs=1, batch=8, dropout=0.0, momentum=0.5, mixup=0.7)
    where = device.pick(settings)
    network = classifier.build(images, settings, NAMES)
    expected = copy.deepcopy(network)
    classifier.train(network, images, labels, settings, NAMES, where, mix=True)
    order = seeding.stream(1, *NAMES, "order").permutation(16)
    shares = seeding.stream(1, *NAMES, "mixup")
    update = torch.optim.SGD(expected.parameters(), 0.02, 0.5, nesterov=True)
    for rows in (order[:8], order[8:]):
        share, partner = shares.beta(0.7, 0.7), np.roll(rows, 1)
        mixed = share * images[rows, None].astype(float) + (1 - share) * images[partner, None]
        target = share * np.eye(2)[labels[rows]] + (1 - share) * np.eye(2)[labels[partner]]
        logits = expected(torch.from_numpy(mixed).float())
        loss = -(torch.from_numpy(target) * logits.log_softmax(1)).sum(1).mean()
        update.zero_grad()
        loss.backward()
        update.step()
    for found, wanted in zip(network.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("count", "batches"), [(20, [8, 8, 8]), (16, [8, 8]), (5, [5])])
def test_the_first_images_of_an_epoch_fill_up_its_last_batch(float64, count, batches):
    images, labels = discs(count, 0)
    settings = params(epochs=2, batch=8, dropout=0.0)
    network, history = train(images, labels, settings)
    expected = classifier.build(images, settings, NAMES)
    update = torch.optim.SGD(expected.parameters(), settings.learning_rate, settings.momentum, nesterov=True)
    orders = seeding.stream(1, *NAMES, "order")
    for epoch in range(2):
        order, right = orders.permutation(count).tolist(), 0
        order += order[: sum(batches) - count]
        for rows in np.split(np.array(order), np.cumsum(batches)[:-1]):
            logits, truth = expected(torch.from_numpy(images[rows]).unsqueeze(1)), torch.from_numpy(labels[rows])
            loss = torch.nn.functional.cross_entropy(logits, truth)
            update.zero_grad()
            loss.backward()
            update.step()
            right += (logits.argmax(1) == truth).sum().item()
        assert history["accuracy"][epoch] == pytest.approx(right / sum(batches))
    for found, wanted in zip(network.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_redrawn_images_are_those_of_their_epoch():
    images, labels = discs(32, 0)
    where = device.pick(params())
    asked = []

    def redraw(epoch: int) -> np.ndarray:
        asked.append(epoch)
        return images if epoch == 4 else 255 - images  # the classes exchange their looks in the last epoch

    network = classifier.build(images, params(), NAMES)
    first = 255 - images
    history = classifier.train(network, first, labels, params(learning_rate=0.01), NAMES, where, redraw=redraw)
    assert asked == [2, 3, 4]
    assert history["accuracy"][3] < history["accuracy"][2]


@pytest.mark.parametrize("mean", ["value", "image"])
def test_a_written_classifier_returns(tmp_path, mean):
    images, _ = discs(20, 0)
    network = classifier.build(images, params(mean=mean), NAMES)
    weights.save(network, tmp_path / "weights.safetensors")
    (tmp_path / "model.json").write_text(json.dumps({"params": PARAMS | {"mean": mean}}))
    found, written = (classifier.predict(each, images, CPU) for each in (read_classifier(tmp_path), network))
    assert np.array_equal(found[0], written[0])
    assert np.array_equal(found[1], written[1])
    (tmp_path / "model.json").write_text('{"params": {"mean": "value"}}')
    with pytest.raises(InputError, match="expected the params of a classifier, found no 'classes'"):
        read_classifier(tmp_path)


def run(cohort: Path, out: Path, settings: dict, *further: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable, SCRIPTS / "train_classifier.py",
        "--rois", cohort / "rois.csv", "--roi-images", cohort / "rois.npy",
        "--pool-index", cohort / "index.csv", "--pool-images", cohort / "pool.npy", "--folds", cohort / "folds.csv",
        "--crops", cohort / "crops.npz",
        "--seed", "0", "--train-folds", "12", *further,
        "--params", json.dumps(settings), "--out-dir", out, "--log", out / "log.txt",
    ]  # fmt: skip
    return forked.run(command)


@pytest.fixture
def cohort(tmp_path) -> Path:
    images, labels = discs(30, 0)
    lesions = [f"lesion-{i:02d}" for i in range(30)]
    classes = np.array(["dark", "bright"])[labels]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": classes, "set": "main"})
    artifacts.write_csv(rois.assign(diameter_px=20.0, low=0.0, high=255.0), tmp_path / "rois.csv")
    artifacts.write_array(images, tmp_path / "rois.npy")
    crops = {lesion: image.astype(np.float32) for lesion, image in zip(lesions, images, strict=True)}
    artifacts.write_arrays(crops.items(), tmp_path / "crops.npz")
    artifacts.write_csv(pd.DataFrame({"lesion": np.repeat(lesions, 2), "rank": [0, 1] * 30}), tmp_path / "index.csv")
    artifacts.write_array(np.repeat(images, 2, axis=0)[:, ::-1], tmp_path / "pool.npy")
    artifacts.write_csv(rois.drop(columns="set").assign(fold=np.arange(30) // 2 % 3), tmp_path / "folds.csv")
    artifacts.write_array(images[labels == 0][:8], tmp_path / "dark.npy")
    artifacts.write_array(images[labels == 1][:8], tmp_path / "bright.npy")
    return tmp_path


def history_of(out: Path) -> pd.DataFrame:
    return artifacts.read_csv(out / "history.csv")


def share_right(cohort: Path, out: Path) -> float:
    """Return the share of what a network in ``out`` trained on that it gets right, by its stored weights."""
    rows = artifacts.read_csv(out / "train_set.csv")
    images = {"roi": artifacts.read_array(cohort / "rois.npy"), "pool": artifacts.read_array(cohort / "pool.npy")}
    network, right = read_classifier(out), []
    for row in rows.itertuples():
        array = images[row.source] if row.source in images else artifacts.read_array(cohort / f"{row[4]}.npy")
        probabilities, _ = classifier.predict(network, array[[row.row]], CPU)
        right.append(PARAMS["classes"][probabilities.argmax()] == row[4])
    return float(np.mean(right))


def test_script(cohort):
    synthetic = ["--synthetic", f"12/dark={cohort}/dark.npy", f"12/bright={cohort}/bright.npy"]
    arm = ["--arm", "dcgan", "--size", "15+4x2"]
    settings = PARAMS | {"epochs": 1, "mixup": 0.0, "rois": None, "augmentation": None}
    finished = run(cohort, cohort / "out", settings, *arm, *synthetic)
    assert finished.returncode == 0, finished.stderr
    out = cohort / "out/train-12"
    table = artifacts.read_csv(out / "predictions.csv")
    chosen = [i for i in range(30) if i // 2 % 3 == 0]
    assert table["lesion"].tolist() == [f"lesion-{i:02d}" for i in chosen]
    assert table["truth"].tolist() == [["dark", "bright"][i % 2] for i in chosen]
    assert table.columns.tolist() == ["lesion", "patient", "fold", "truth", "predicted", "p_dark", "p_bright"]
    assert artifacts.read_array(out / "features.npy").shape == (10, 16)
    train_set = artifacts.read_csv(out / "train_set.csv")
    assert train_set["source"].value_counts().to_dict() == {"roi": 20, "pool": 30, "synthetic": 16}
    assert train_set.columns.tolist() == ["source", "lesion", "rank", "class", "generator", "row"]
    rows = train_set.groupby("source")["row"]
    assert set(rows.get_group("roi")) == set(range(30)) - set(chosen)
    assert sorted(rows.get_group("synthetic")) == sorted([*range(8)] * 2)
    others = {"blocks": None, "weights": None, "early_stopping": None}
    model = artifacts.read_json(out / "model.json")
    assert model["params"] == settings | others
    assert model["accuracy"] == {"last_epoch": history_of(out)["accuracy"].iloc[-1], "at_end": share_right(cohort, out)}

    failed = run(cohort, cohort / "failed", settings, *arm)
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert failed.stderr.startswith("ERROR [train_classifier] training set: expected 8 or more synthetic images")
    assert not (cohort / "failed/train-12/predictions.csv").exists()


@pytest.mark.parametrize("arm", ["dcgan", "placebo"])
def test_script_stops_early_by_training_patients_and_starts_from_a_file(cohort, arm):
    shape = {"architecture": "resnet", "widths": [8], "blocks": 1, "learning_rate": 0.05}
    shape |= {"epochs": 9, "early_stopping": {"share": 0.3, "patience": 1}, "weights": "a digest"}
    settings = {key: value for key, value in PARAMS.items() if key not in ("kernel", "dense", "dropout")} | shape
    other = classifier.build(discs(20, 5)[0], classifier.Params(**settings), ("other",))
    weights.save(other, cohort / "given.safetensors")
    further = ["--arm", arm, "--size", "12+4x2" if arm == "dcgan" else "12"]
    further += ["--synthetic", f"12/dark={cohort}/dark.npy", f"12/bright={cohort}/bright.npy"]
    finished = run(cohort, cohort / "out", settings, *further, "--weights", cohort / "given.safetensors")
    assert finished.returncode == 0, finished.stderr
    out = cohort / "out/train-12"
    table, history = artifacts.read_csv(out / "train_set.csv"), artifacts.read_csv(out / "history.csv")
    assert table["source"].value_counts().to_dict() == {
        "roi": 14, "pool": 24, "validation": 6, **({"synthetic": 16} if arm == "dcgan" else {}),
    }  # fmt: skip
    folds = artifacts.read_csv(cohort / "folds.csv").set_index("lesion")
    held = set(table.loc[table["source"] == "validation", "lesion"])  # each is a patient of its own
    assert folds.loc[sorted(held), "class"].value_counts().to_dict() == {"dark": 3, "bright": 3}
    assert set(folds.loc[sorted(held), "fold"]) <= {1, 2}
    assert held.isdisjoint(table.loc[table["source"] != "validation", "lesion"])
    # It stopped one epoch after the best, or after all nine; what was used is in the history and in the weights.
    best = history["validation_loss"].argmin()
    assert history["used"].tolist() == [int(place == best) for place in range(len(history))]
    assert len(history) == min(best + 2, 9)
    network = read_classifier(out)
    images = artifacts.read_array(cohort / "rois.npy")[sorted(int(lesion.removeprefix("lesion-")) for lesion in held)]
    truth = folds.loc[sorted(held), "class"].map(settings["classes"].index).to_numpy()
    probabilities, _ = classifier.predict(network, images, CPU)
    loss = -np.log(probabilities[range(6), truth]).mean()
    assert loss == pytest.approx(history["validation_loss"][best], rel=1e-5)

    anew = run(cohort, cohort / "anew", settings | {"weights": None}, *further)
    assert anew.returncode == 0, anew.stderr
    assert artifacts.read_csv(cohort / "anew/train-12/train_set.csv").equals(table)
    assert not artifacts.read_csv(cohort / "anew/train-12/history.csv")["loss"].equals(history["loss"])

    refused = run(cohort, cohort / "refused", settings, *further, "--weights", cohort / "dark.npy")
    assert refused.returncode == 1
    assert refused.stderr.startswith("ERROR [train_classifier] classifier: weights: expected a safetensors file, found")
    assert refused.stderr.count("\n") == 1


def test_the_placebo_differs_from_classic_by_its_random_numbers_alone(cohort):
    settings = PARAMS | {"epochs": 2, "rois": None, "mixup": 0.0}
    for arm in ("classic", "placebo"):
        done = run(cohort, cohort / arm, settings, "--arm", arm, "--size", "15")
        assert done.returncode == 0, done.stderr
    classic, placebo = (cohort / arm / "train-12" for arm in ("classic", "placebo"))
    for name, same in (("train_set.csv", True), ("weights.safetensors", False), ("history.csv", False)):
        assert ((classic / name).read_bytes() == (placebo / name).read_bytes()) is same, name
    assert (
        artifacts.read_json(classic / "model.json")["params"] == artifacts.read_json(placebo / "model.json")["params"]
    )


def test_folds_are_trained_apart_and_arms_differ(cohort):
    how = {
        "margin": 0.25,
        "scale": "replace",
        "antialias": True,
        "padding": "edge",
        "intensity": {"mode": "window", "low": 0, "high": 255},
    }
    settings = PARAMS | {"epochs": 2, "rois": how, "augmentation": PRESETS["ct-lesion"], "mixup": 0.2}
    both = run(cohort, cohort / "both", settings, "--train-folds", "02", "12", "--arm", "online", "--size", "15")
    alone = run(cohort, cohort / "alone", settings, "--arm", "online", "--size", "15")
    mixed = run(cohort, cohort / "mixed", settings, "--arm", "mixup", "--size", "15")
    for done in (both, alone, mixed):
        assert done.returncode == 0, done.stderr
    read = [(cohort / name / "train-12/weights.safetensors").read_bytes() for name in ("both", "alone", "mixed")]
    assert read[0] == read[1] != read[2]
    train_set = artifacts.read_csv(cohort / "alone/train-12/train_set.csv")
    assert train_set["source"].value_counts().to_dict() == {"roi": 20, "fresh": 30}


def test_log_tells_epochs_and_speed(caplog):
    caplog.set_level("INFO")
    images, labels = discs(40, 0)
    train(images, labels, params(epochs=3, batch=16))
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all(float(line.split()[-2]) > 0 for line in lines)
