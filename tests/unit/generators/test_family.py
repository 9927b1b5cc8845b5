"""A family that is no adversarial one goes the way of all families; what they share names no class, lesion or fold."""

import argparse
import ast
import logging
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from tests.helpers import family_checks, painters
from tests.helpers.small_trainings import COMPUTE, GAN, discs

from steps import command, generator_training, roi_generators, synthetic_pools
from synthaug import seeding
from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts
from synthaug.generators import acgan, dcgan, family
from synthaug.training import checkpoints

SCRIPTS = Path(__file__).parents[3] / "scripts"
CPU = torch.device("cpu")
NAMES = ("generator", 0, "12")
PARAMS = painters.Params(**painters.PRESET)
BOXES = painters.boxes(37, 0)  # four steps an epoch; five images are left out
FAMILIES = {"mask": (painters.OfMasks(), painters.masks(BOXES)), "boxes": (painters.OfBoxes(), BOXES)}
FILES = ["history.csv", "model.json", "painter.safetensors", "samples.npy", "train_set.csv"]


@pytest.fixture(params=FAMILIES)
def painter(request):
    return FAMILIES[request.param]


@pytest.fixture
def train(monkeypatch, painter):
    """Train the family by the path of all scripts, into a folder; stop after some steps, if any are given."""
    kind, conditions = painter
    table = pd.DataFrame({"slice": range(len(BOXES)), "row": range(len(BOXES))})
    examples = generator_training.Examples(table, painters.paintings(BOXES, 0), conditions)

    def run(folder: Path, steps: int = 0) -> Path:
        monkeypatch.setattr(command, "stop_requests", lambda: family_checks.stopping_after(steps))
        generator_training.run(kind, PARAMS, examples, NAMES, folder)
        return folder

    return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != checkpoints.NAME}


def test_it_ends_in_the_files_of_all_families(train, tmp_path):
    folder = train(tmp_path / "whole")
    assert list(contents(folder)) == FILES
    history = artifacts.read_csv(folder / "history.csv")
    assert history.columns.tolist() == ["epoch", "loss_painter"]
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["loss_painter"].iloc[-1] < 0.3 * history["loss_painter"].iloc[0]
    model = artifacts.read_json(folder / "model.json")
    assert model["params"] == painters.PRESET
    assert (model["images"], model["snapshot_epochs"]) == (37, [1, 2, 3, 4])
    assert model["parameters"] == 2 * 8 * 9 + 8 + 8 * 9 + 1
    assert "discriminator_parameters" not in model
    assert artifacts.read_array(folder / "samples.npy").shape == (4, family.PREVIEWS, painters.SIDE, painters.SIDE)
    assert artifacts.read_csv(folder / "train_set.csv").columns.tolist() == ["slice", "row"]


@pytest.mark.parametrize("steps", [1, 4, 7, 16])
def test_stopped_anywhere_it_goes_on_to_the_same_bytes(train, tmp_path, caplog, steps):
    caplog.set_level(logging.INFO)
    whole = contents(train(tmp_path / "whole"))
    with pytest.raises(Interrupted, match="saved; run the same command again"):
        train(tmp_path / "cut", steps)
    torch.manual_seed(123)  # another process starts with another state
    assert contents(train(tmp_path / "cut")) == whole
    assert f"goes on in epoch {(steps - 1) // 4 + 1} after {(steps - 1) % 4 + 1} steps of it" in caplog.text


def test_a_candidate_is_what_is_kept_then(tmp_path):
    # With averaged weights, these and not the last ones; a training of as many epochs keeps the same.
    preset = GAN | {"ema": 0.9, "epochs": 2}
    images, _ = discs(32, 0)
    examples = generator_training.Examples(pd.DataFrame({"row": range(32)}), images, None)

    def run(epochs: int, candidates: tuple[int, ...]) -> dict[str, bytes]:
        folder = tmp_path / f"{epochs}"
        params = dcgan.Params(**preset | {"epochs": epochs}, **COMPUTE, precision="float32")
        generator_training.run(dcgan.FAMILY, params, examples, NAMES, folder, candidates)
        return contents(folder)

    longer, shorter = run(2, (1, 2)), run(1, ())
    assert longer["generator-1.safetensors"] == shorter["generator.safetensors"]
    assert longer["generator-2.safetensors"] == longer["generator.safetensors"] != shorter["generator.safetensors"]


def test_samples_show_what_they_are_asked_for(train, painter, tmp_path):
    kind, _ = painter
    trained, networks = synthetic_pools.load(kind, train(tmp_path / "generator"), NAMES, CPU)
    assert list(networks) == ["painter"]
    wanted = painters.boxes(70, 1)
    masks = painters.masks(wanted)
    conditions = masks if kind.conditioned_on == family.MASK else wanted

    def draw(count: int) -> np.ndarray:
        sampling = family.SamplingParams(samples=count, **painters.COMPUTE)
        return kind.sample(networks, conditions[:count], seeding.stream(1, "samples"), trained, sampling, CPU)

    images = draw(70)
    assert images.shape == (70, painters.SIDE, painters.SIDE)
    assert images.dtype == np.uint8
    assert np.array_equal(draw(3), images[:3])
    assert (images[masks > 0] > 135).mean() > 0.98
    assert (images[masks == 0] < 135).mean() > 0.98

    synthetic_pools.write(images, {"generator": "mine"}, tmp_path / "pool")
    assert np.array_equal(artifacts.read_array(tmp_path / "pool/images.npy"), images)
    index = artifacts.read_csv(tmp_path / "pool/index.csv")
    assert index.to_csv(index=False).startswith("sample,generator\n0,mine\n1,mine\n")


def test_conditions_are_one_for_each_image(painter):
    kind, conditions = painter
    images = painters.paintings(BOXES, 0)
    for wrong in (None, conditions[:3]):
        with pytest.raises(ValueError, match=f"conditioned on {kind.conditioned_on}: expected 37 conditions, found"):
            kind.train(kind.build(PARAMS, NAMES), images, wrong, PARAMS, NAMES, CPU)
    with pytest.raises(ValueError, match="conditioned on nothing: expected None conditions, found 2"):
        dcgan.FAMILY.sample({}, np.zeros(2), None, None, family.SamplingParams(samples=2, **painters.COMPUTE), CPU)


def test_rois_have_no_masks(painter, tmp_path):
    kind, _ = painter
    lesions = [f"lesion-{number}" for number in range(4)]
    rois = pd.DataFrame({"lesion": lesions, "patient": lesions, "class": "cyst", "set": "main"})
    artifacts.write_csv(rois, tmp_path / "rois.csv")
    artifacts.write_csv(rois.assign(fold=[0, 0, 1, 1]), tmp_path / "folds.csv")
    artifacts.write_csv(pd.DataFrame({"lesion": lesions, "rank": 0}), tmp_path / "index.csv")
    artifacts.write_array(np.zeros((4, 64, 64), np.uint8), tmp_path / "images.npy")
    arguments = argparse.Namespace(
        rois=tmp_path / "rois.csv", pool_index=tmp_path / "index.csv", folds=tmp_path / "folds.csv", train_folds="1",
        group=1, cls="all", seed=0, roi_images=tmp_path / "images.npy", pool_images=tmp_path / "images.npy",
    )  # fmt: skip
    with pytest.raises(InputError, match=f"found painter, conditioned on {kind.conditioned_on}; choose another one"):
        roi_generators.examples(kind, PARAMS, arguments, logging.getLogger())


@pytest.mark.parametrize("architecture", ["dcgan", "acgan", "mask", "boxes"])
def test_every_family_keeps_its_promises(architecture, tmp_path):
    if architecture in FAMILIES:
        kind, conditions = FAMILIES[architecture]
        sampling = family.SamplingParams(samples=20, **painters.COMPUTE)
        family_checks.check(kind, PARAMS, sampling, painters.paintings(BOXES, 0), conditions, tmp_path)
        return
    kind = {"dcgan": dcgan.FAMILY, "acgan": acgan.FAMILY}[architecture]
    images, labels = discs(32, 0)
    compute = {**COMPUTE, "precision": "bfloat16"}
    classes = {"classes": ["dark", "bright"]} if kind.conditioned_on == family.CLASS else {}
    small = {"generator_maps": 4, "discriminator_maps": 4, "ema": 0.9, "generator_updates": 2, "init_std": 0.1}
    params = kind.Params(**GAN | small | {"architecture": architecture}, **classes, **compute)
    sampling = kind.SamplingParams(samples=20, sampling_latent="normal", **compute)
    family_checks.check(kind, params, sampling, images, labels if classes else None, tmp_path)
    assert kind.networks == ("generator", "discriminator")
    assert kind.sampled_with == ("generator",)


SHARED = ["generators/loop.py", "generators/adversarial.py", "generators/family.py", "training/*.py"]
TASKS = {
    "class",
    "classes",
    "cls",
    "label",
    "labels",
    "lesion",
    "lesions",
    "fold",
    "folds",
    "patient",
    "patients",
    "roi",
}


def words(tree: ast.AST) -> set[str]:
    """Return the words of all names that code gives and uses, and of the modules that it imports."""
    fields = ("id", "attr", "arg", "name", "asname", "module")
    names = {getattr(node, field, None) for node in ast.walk(tree) for field in fields}
    return {word for name in names if isinstance(name, str) for word in re.findall(r"[a-z]+", name.lower())}


@pytest.mark.parametrize(
    "path", [path for pattern in SHARED for path in (SCRIPTS / "synthaug").glob(pattern)], ids=lambda path: path.stem
)
def test_the_loop_does_not_know_the_task(path):
    allowed = {"class"} if path.stem == "family" else set()  # the constant, one of what a family may be conditioned on
    assert not words(ast.parse(path.read_text(encoding="utf-8"))) & TASKS - allowed


@pytest.mark.parametrize("module", ["generator_training", "synthetic_pools"])
def test_the_shared_steps_know_neither_family_nor_task(module):
    tree = ast.parse((SCRIPTS / f"steps/{module}.py").read_text(encoding="utf-8"))
    assert not words(tree) & {"dcgan", "acgan", "adversarial", "classification", "discriminator"}


def test_words_are_found_wherever_they_stand():
    code = "from synthaug.classification import rois\ndef f(cls, *, n_folds=0): return x.class_of(lesion=1)"
    assert words(ast.parse(code)) & TASKS == {"cls", "folds", "class", "lesion"}
