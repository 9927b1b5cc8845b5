"""The assessment of slices whose faults are known: lesions in their boxes or not, and copies of training slices."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import boxed_discs, forked

from synthaug.detection import detector, validation_patients
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.training import weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
COMPUTE = {"master_seed": 1, "device": "cpu", "threads": 1, "precision": "float32"}
DETECTOR = detector.Params(
    classes=["met"], architecture="yolov3", maps=2, input_px=None, steps=1, batch=1, learning_rate=0.001, burn_in=1,
    ignore_iou=0.7, nms_iou=0.45, floor=0.001, most_boxes=300, ema=0, checkpoint="last", evaluate_every=1, **COMPUTE,
)  # fmt: skip
QUALITY = {"validation": 0.25, "images": 20, "neighbours": 3, "false_alarm": 0.05, "confidence": 0.95}
TABLES = ("quality", "copies", "card", "diagnosis", "conditioning")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    """Eight patients in two folds, and detectors of both choices, not trained: features need no more here."""
    folder = tmp_path_factory.mktemp("cohort")
    boxed_discs.cohort(folder)
    for trained in "01":
        network = detector.build(DETECTOR, ("detector", trained), np.full((9, 2), 8, np.float32))
        weights.save(network, folder / f"detector-{trained}/weights.safetensors")
        artifacts.write_json({"params": asdict(DETECTOR)}, folder / f"detector-{trained}/model.json")
    return folder


def assess(cohort: Path, made: Path) -> dict[str, pd.DataFrame]:
    """Run the script on the synthetic slices below ``made``; return the tables that it writes."""
    files = {"synthetic": "images.npy", "synthetic-boxes": "boxes.csv", "train-sets": "train_set.csv"}
    pairs = {option: [f"{trained}={made}/{trained}/{name}" for trained in "01"] for option, name in files.items()}
    outputs = [part for name in TABLES for part in (f"--{name}", made / f"{name}.csv")]
    for name in ("png", "svg", "tsne-png", "tsne-svg"):
        outputs += [f"--{name}", made / f"{name}.{name[-3:]}"]
    done = forked.run(
        [
            sys.executable, SCRIPTS / "assess_slices.py", "--units", cohort / "slices.csv",
            "--images", cohort / "images.npy", "--boxes", cohort / "boxes.csv", "--folds", cohort / "folds.csv",
            "--seed", "0", "--generator", "cpggan", "--group", "all",
            *(part for name, values in pairs.items() for part in (f"--{name}", *values)),
            "--detectors", *(f"{trained}={cohort}/detector-{trained}" for trained in "01"),
            "--params", json.dumps(QUALITY | COMPUTE), *outputs,
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert all(made.joinpath(f"{name}.{name[-3:]}").stat().st_size for name in ("png", "svg", "tsne-png", "tsne-svg"))
    return {name: artifacts.read_csv(made / f"{name}.csv") for name in TABLES}


@pytest.fixture(scope="module")
def shown(cohort):
    folds = artifacts.read_csv(cohort / "folds.csv")
    for trained in "01":
        boxed_discs.synthetic(cohort / f"shown/{trained}", folds, trained)
    return assess(cohort, cohort / "shown")


def test_lesions_in_their_boxes_are_as_bright_as_real_ones(shown):
    table = shown["conditioning"].set_index(["folds", "images"])
    disc = boxed_discs.BRIGHTER * np.pi / 4  # which fills as much of its box
    for trained in "01":
        rows = table.loc[trained]
        for name in ("real, training", "real, test", "synthetic"):
            assert rows.loc[name, "contrast"] == pytest.approx(disc, abs=4)
            assert rows.loc[name, "brighter"] == 1
        assert rows.loc["synthetic", "low"] < rows.loc["synthetic", "contrast"] < rows.loc["synthetic", "high"]
        assert rows.loc["synthetic, boxes of another", "contrast"] < disc / 2
        assert rows.loc["synthetic", "slices"] == 12


def test_boxes_to_be_ignored_are_not_looked_at(cohort, shown):
    """The same slices, with a further box of its own on each that is to be ignored."""
    boxes, path = artifacts.read_csv(cohort / "boxes.csv"), cohort / "boxes.csv"
    names = artifacts.read_csv(cohort / "slices.csv")["slice"]
    more = boxes.iloc[[0] * len(names)].assign(slice=names.to_numpy(), ignore=1, x0=20, y0=24, x1=22, y1=26)
    before = path.read_bytes()
    try:
        artifacts.write_csv(pd.concat([boxes, more]), path)
        again = assess(cohort, cohort / "shown")
    finally:
        path.write_bytes(before)
    for name, table in shown.items():
        pd.testing.assert_frame_equal(table, again[name])


def test_an_imported_generator_stands_beside_slices_without_validation_patients(cohort):
    folds, boxes = (artifacts.read_csv(cohort / f"{name}.csv") for name in ("folds", "boxes"))
    slices = artifacts.read_csv(cohort / "slices.csv")
    how = {"train_folds": "0", "seed": 0, "master_seed": 1}
    _, kept = validation_patients.split(folds, boxes, QUALITY["validation"], **how)
    for trained in "01":
        boxed_discs.synthetic(cohort / f"imported/{trained}", folds, trained)
        everyone = imported_files.train_set(slices["patient"].unique(), slices, "slice")
        artifacts.write_csv(everyone, cohort / f"imported/{trained}/train_set.csv")
    nearest = assess(cohort, cohort / "imported")["copies"].query("folds == '0'")["slice"]
    conditioning = artifacts.read_csv(cohort / "imported/conditioning.csv").set_index(["folds", "images"])
    assert kept["patient"].nunique() == 1
    assert len(nearest)
    assert not set(nearest) & set(kept["slice"])
    assert (
        conditioning.loc[("0", "real, training"), "slices"] == 3 * 3
    )  # three of four patients, three slices with a box


def test_boxes_without_lesions_are_seen(cohort):
    folds = artifacts.read_csv(cohort / "folds.csv")
    for trained in "01":
        boxed_discs.synthetic(cohort / f"hidden/{trained}", folds, trained, shown=False)
    table = assess(cohort, cohort / "hidden")["conditioning"].set_index("images")
    assert table.loc["synthetic", "contrast"].abs().max() < 5
    assert (table.loc["real, training", "contrast"] > 50).all()


def test_copies_of_training_slices_raise_an_alarm(cohort, shown):
    slices, images = artifacts.read_csv(cohort / "slices.csv"), artifacts.read_array(cohort / "images.npy")
    row = dict(zip(slices["slice"], range(len(slices)), strict=True))
    for trained in "01":
        folder = cohort / f"copied/{trained}"
        folder.mkdir(parents=True)
        for name in ("boxes.csv", "train_set.csv"):
            (folder / name).write_bytes((cohort / f"shown/{trained}" / name).read_bytes())
        own = artifacts.read_csv(folder / "train_set.csv")["slice"]
        artifacts.write_array(images[own.map(row)], folder / "images.npy")
    copied = assess(cohort, cohort / "copied")
    assert copied["copies"]["alarm"].mean() > 0.9
    assert shown["copies"]["alarm"].mean() < 0.2
    names = [artifacts.read_csv(cohort / f"copied/{trained}/train_set.csv")["slice"] for trained in "01"]
    assert copied["copies"]["slice"].tolist() == pd.concat(names).tolist()
    assert copied["card"].loc[0, "group"] == "all"
