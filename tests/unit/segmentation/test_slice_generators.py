"""The scripts of LcGAN from slices to the images of the chosen candidate; no slice beyond the share is read by them."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked, painted_discs

from steps import lineage_audit, slice_generators
from synthaug.audit import lineage
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.segmentation import segmenter, shares
from synthaug.training import device, weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
PRESET = painted_discs.PRESET | {"epochs": 3, "candidates": [1, 3], "batch": 4}
COMPUTE = painted_discs.COMPUTE
CLASSES = painted_discs.CLASSES
SEGMENTER = {
    "classes": CLASSES, "architecture": "unet", "widths": [4, 8], "epochs": 30, "batch": 4, "optimiser": "adam",
    "learning_rate": 0.01, "momentum": 0.9, "loss": {"cross_entropy": 1, "dice": 1}, "ema": 0.9, **COMPUTE,
}  # fmt: skip
JUDGE = {"widths": [8, 8], "steps": 5, "batch": 4, "learning_rate": 0.003, "threshold": 0.1}
MOVED = {"copies": 0, "shift": 0.1, "turn": 10.0, "scale": 0.1}
PATIENTS, EACH = 9, 4  # slices of each, the last of which is empty
FOLDS, SHARE = "12", "500"  # three patients of the six of two folds
GENERATOR = ("lcgan", SHARE, 0, FOLDS, "all")
PLACE = ["--seed", 0, "--train-folds", FOLDS, "--share", SHARE]


def cohort(folder: Path, spoilt: np.ndarray | None = None) -> pd.DataFrame:
    """Write slices, label maps and folds, the slices ``spoilt`` with marks instead; return slices.csv."""
    labels = painted_discs.label_maps(PATIENTS * EACH, 0)
    labels[EACH - 1 :: EACH] = 0
    images = painted_discs.images(labels, 0)
    units = pd.DataFrame(
        {
            "slice": [f"P{number // EACH}-0-{number % EACH}" for number in range(len(labels))],
            "patient": np.repeat([f"P{number}" for number in range(PATIENTS)], EACH),
        }
    )
    units[[f"{cls}_px" for cls in CLASSES]] = np.array([[(each == 1).sum(), (each == 2).sum()] for each in labels])
    if spoilt is not None:
        images[spoilt], labels[spoilt] = 255, 1
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_array(labels, folder / "labels.npy")
    artifacts.write_csv(units, folder / "slices.csv")
    folds = units[["slice", "patient"]].assign(fold=np.arange(len(units)) // EACH % 3)
    artifacts.write_csv(folds, folder / "folds.csv")
    return units


def chosen_rows(folder: Path) -> pd.DataFrame:
    units, folds = (
        artifacts.read_csv(folder / name, numbers=[f"{c}_px" for c in CLASSES]) for name in ("slices.csv", "folds.csv")
    )
    return shares.training_slices(units, folds, FOLDS, SHARE, classes=CLASSES, seed=0, master_seed=1)


def script(name: str, folder: Path, params: dict, *more: object) -> subprocess.CompletedProcess:
    files = ["--units", folder / "slices.csv", "--labels", folder / "labels.npy"]
    files += [] if name == "sample_lcgan" else ["--images", folder / "images.npy"]
    command = [sys.executable, SCRIPTS / f"{name}.py", *files, "--folds", folder / "folds.csv", *PLACE]
    return forked.run([*map(str, [*command, "--params", json.dumps(params), *more])])


def store_segmenter(folder: Path, rows: pd.DataFrame) -> None:
    """Train a small segmenter on ``rows`` and write what its folder has."""
    params = segmenter.Params(**SEGMENTER)
    where = device.pick(params)
    network = device.place(segmenter.build(params, ("segmenter",)), where)
    images, labels = (artifacts.read_array(folder / f"{name}.npy")[rows.index] for name in ("images", "labels"))
    segmenter.train(network, images, labels, params, ("segmenter",), where, ends=[60])
    weights.save(network, folder / "segmenter/weights.safetensors")
    artifacts.write_json({"params": asdict(params)}, folder / "segmenter/model.json")
    table = pd.DataFrame({"source": "slice", "slice": rows["slice"], "rank": -1, "generator": ""})
    artifacts.write_csv(table, folder / "segmenter/train_set.csv")


def draw(folder: Path, trained: Path, copies: int = 0) -> subprocess.CompletedProcess:
    sampling = {"classes": CLASSES, "moved_masks": MOVED | {"copies": copies}, **COMPUTE}
    return script("sample_lcgan", folder, sampling, "--generator", trained, "--out-dir", folder / "candidates")


def choose(folder: Path, out: Path, **changes: object) -> subprocess.CompletedProcess:
    choosing = {
        "classes": CLASSES, "candidates": [1, 3], "choose_by": ["fcn_score", "real_share", "sharpness"],
        "fcn_score": "share", "real_or_fake": JUDGE, "filter_images": False, **COMPUTE,
    }  # fmt: skip
    return script(
        "choose_candidate", folder, choosing | changes, "--candidates", folder / "candidates", "--generator", "lcgan",
        "--segmenter", folder / "segmenter", "--choice-dir", out / "candidates", "--out-dir", out / "synthetic",
    )  # fmt: skip


def run(folder: Path) -> dict[str, bytes]:
    """Run the three scripts; return the content of all files that they write, by their names."""
    done = [
        script("train_lcgan", folder, PRESET, "--out-dir", folder / "lcgan"),
        draw(folder, folder / "lcgan"),
        choose(folder, folder),
    ]
    assert [each.returncode for each in done] == [0, 0, 0], [each.stderr for each in done]
    paths = [path for part in ("lcgan", "candidates", "synthetic") for path in sorted((folder / part).iterdir())]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    cohort(folder)
    store_segmenter(folder, chosen_rows(folder))
    return folder, run(folder)


def test_it_ends_in_pairs_of_the_share(clean):
    folder, written = clean
    rows = chosen_rows(folder)
    rows = rows[rows[[f"{cls}_px" for cls in CLASSES]].any(axis=1)]  # an empty mask says nothing of the image
    assert rows["patient"].nunique() == 3
    assert len(rows) == 9
    train_set = artifacts.read_csv(folder / "lcgan/train_set.csv", numbers=("rank",))
    assert train_set.to_dict("list") == {
        "source": ["slice"] * 9, "slice": rows["slice"].tolist(), "rank": [-1] * 9, "generator": [""] * 9,
    }  # fmt: skip
    assert {"lcgan/generator-1.safetensors", "lcgan/generator-3.safetensors"} < set(written)

    index = artifacts.read_csv(folder / "synthetic/index.csv", numbers=("sample", "epochs", "copy"))
    choice = artifacts.read_csv(folder / "candidates/choice.csv")
    epochs = choice["epochs"][choice["chosen"] == 1].item()
    assert index.columns.tolist() == ["sample", "slice", "generator", "epochs", "copy"]
    assert index["slice"].tolist() == rows["slice"].tolist()
    assert set(index["epochs"]) == {epochs}
    labels = artifacts.read_array(folder / "synthetic/labels.npy")
    assert np.array_equal(labels, artifacts.read_array(folder / "labels.npy")[rows.index])
    images = artifacts.read_array(folder / "candidates/images.npy")
    assert images.shape == (2, 9, 32, 32)
    assert np.array_equal(artifacts.read_array(folder / "synthetic/images.npy"), images[[1, 3].index(epochs)])

    facts = artifacts.read_json(folder / "candidates/choice.json")
    assert (facts["epochs"], facts["images"], facts["leaking"]) == (epochs, {"drawn": 9, "kept": 9}, False)
    assert facts["real"]["fcn_score"] > 0.8
    assert choice["leaking"].tolist() == [0, 0]


def test_no_slice_beyond_the_share_is_read(clean, tmp_path):
    _, written = clean
    known = cohort(tmp_path)
    rows = chosen_rows(tmp_path)
    cohort(tmp_path, ~known["slice"].isin(rows["slice"]).to_numpy())
    assert (artifacts.read_array(tmp_path / "images.npy") == 255).all(axis=(1, 2)).sum() == (PATIENTS - 3) * EACH
    store_segmenter(tmp_path, rows)
    assert run(tmp_path) == written


@pytest.fixture
def results(clean, tmp_path):
    """The folders of a generator and of the choice among its candidates, as the workflow lays them out."""
    folder, _ = clean
    for source, name in (
        ("lcgan", lineage.generator_name(*GENERATOR)),
        ("candidates", lineage.choice_name(*GENERATOR[:4])),
    ):
        shutil.copytree(folder / source, tmp_path / name)
    units, folds = (artifacts.read_csv(folder / name, numbers=()) for name in ("slices.csv", "folds.csv"))
    return lineage_audit.Audited(tmp_path, units, "slice", "", {0: folds}, "segment", [], [GENERATOR])


def test_the_audit_counts_the_choice_and_says_whether_it_leaks(results):
    report = lineage_audit.report(results)
    (choice,) = report["choices"]
    assert report["counts"] == {"generators": {"models": 1, "inner": 0}, "models": {"models": 0, "inner": 0}}
    assert choice["model"] == "seed-0/candidates/lcgan/on-500/train-12"
    assert choice["training_images"] == {"slice": 9 + 12}  # of the network that tells real ones, and of the segmenter
    assert (choice["training_patients"], choice["test_patients"], choice["leaking"]) == (3, 3, False)
    path = results.results / choice["model"] / "choice.json"
    artifacts.write_json(artifacts.read_json(path) | {"leaking": True}, path)
    assert lineage_audit.report(results)["choices"][0]["leaking"] is True


@pytest.mark.parametrize("name", [lineage.generator_name(*GENERATOR), lineage.choice_name(*GENERATOR[:4])])
def test_a_planted_test_slice_makes_the_audit_fail(results, name):
    path = results.results / name / "train_set.csv"
    rows = artifacts.read_csv(path, numbers=("rank",))
    artifacts.write_csv(pd.concat([rows, rows[-1:].assign(slice="P0-0-0")]), path)
    with pytest.raises(InputError, match=f"{name}: slice P0-0-0 of test patient P0 is in the training set"):
        lineage_audit.report(results)


def test_moved_masks_and_the_full_segmenter(clean, tmp_path):
    folder, _ = clean
    cohort(tmp_path)
    store_segmenter(tmp_path, chosen_rows(folder))
    done = draw(tmp_path, folder / "lcgan", copies=2), choose(tmp_path, tmp_path, fcn_score="full")
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    index = artifacts.read_csv(tmp_path / "synthetic/index.csv", numbers=("sample", "epochs", "copy"))
    assert index["copy"].tolist() == [0] * 9 + [1] * 9 + [2] * 9
    assert index["slice"].tolist() == index["slice"][:9].tolist() * 3
    labels = artifacts.read_array(tmp_path / "synthetic/labels.npy")
    # The masks themselves come first, with the same images as without copies.
    candidates = [artifacts.read_array(each / "candidates/images.npy") for each in (folder, tmp_path)]
    assert np.array_equal(candidates[0], candidates[1][:, :9])
    moved = [(labels[:9] != labels[first : first + 9]).any(axis=(1, 2)).mean() for first in (9, 18)]
    assert min(moved) > 0.8
    assert (labels.max(axis=(1, 2)) == np.tile(labels[:9].max(axis=(1, 2)), 3)).all()
    choice = artifacts.read_csv(tmp_path / "candidates/choice.csv")
    assert set(choice["leaking"]) == {1}
    assert set(choice["fcn_score_of"]) == {"full"}


def test_a_filter_that_nothing_passes_is_one_line(clean, tmp_path):
    folder, _ = clean
    judge = JUDGE | {"threshold": 1.1}
    done = choose(folder, tmp_path, choose_by=["sharpness"], filter_images=True, real_or_fake=judge)
    assert done.returncode == 1
    assert re.search(
        r"\nERROR \[choose_candidate\] generators: lcgan: filter_images: expected images that are taken for real, "
        r"found none among the 9 of generator-\d; lower real_or_fake: threshold, or set filter_images: false\n$",
        done.stderr,
    )
    assert not (tmp_path / "synthetic").exists()


def test_a_share_of_one_slice_is_one_line(tmp_path):
    units = cohort(tmp_path)
    units = units.assign(**{f"{cls}_px": 0 for cls in CLASSES})
    rows = chosen_rows(tmp_path)
    units.loc[rows.index[:1], [f"{cls}_px" for cls in CLASSES]] = 9
    artifacts.write_csv(units, tmp_path / "slices.csv")
    done = script("train_lcgan", tmp_path, PRESET, "--out-dir", tmp_path / "lcgan")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "ERROR [train_lcgan] share 500, seed 0, training folds 12: expected 2 or more slices with a lesion for a "
        "generator, found 1; raise the share"
    )


def test_slices_of_one_patient_stand_for_themselves():
    rows = pd.DataFrame({"slice": ["a", "b", "c"], "patient": ["P1", "P1", "P1"]})
    assert slice_generators.kept_apart(rows).to_dict() == {"a": "a", "b": "b", "c": "c"}
    rows["patient"] = ["P1", "P1", "P2"]
    assert slice_generators.kept_apart(rows).to_dict() == {"a": "P1", "b": "P1", "c": "P2"}
