"""The scripts of CPGGAN from slices to filtered images; no slice of a validation or test patient is read by them."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked, planted_spots

from synthaug.detection import detector, moved_boxes, validation_patients, yolov3
from synthaug.detection.boxes import BOX, transformed
from synthaug.files import artifacts
from synthaug.training import weights

SCRIPTS = Path(__file__).parents[3] / "scripts"
CLASSES, COMPUTE = planted_spots.CLASSES, planted_spots.COMPUTE
SIDE = planted_spots.SIDE
PATIENTS, EACH, FOLDS = 12, 4, "12"
PRESET = {**planted_spots.PRESET, "images_per_stage": [32]}
TRAINING = {"master_seed": 1, "validation": 0.25, "empty_slices": False, "preset": PRESET}
SAMPLING = {
    "classes": CLASSES, "validation": 0.25, "samples": 150, "moves": {"flip": 0.5, "shift": 0.1, "zoom": 0.1}, **COMPUTE
}  # fmt: skip
DETECTOR = {
    "master_seed": 1, "classes": CLASSES, "architecture": "yolov3", "maps": 4, "input_px": 32, "steps": 1, "batch": 4,
    "learning_rate": 1e-3, "burn_in": 1, "ignore_iou": 0.7, "nms_iou": 0.45, "floor": 0.001, "most_boxes": 300,
    "ema": 0.0, "checkpoint": "last", "evaluate_every": 1, **COMPUTE,
}  # fmt: skip


def cohort(folder: Path, spoilt: tuple[str, ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write slices, boxes, images and folds, with white images of the ``spoilt`` patients; return folds and boxes.

    Of a patient's four slices the third has no box, and the fourth one that is to be ignored.
    """
    given = planted_spots.boxes(PATIENTS * EACH, 0)
    images = planted_spots.images(given, 0)
    table = pd.DataFrame(
        {
            "slice": [f"P{number // EACH:02d}-{number % EACH}" for number in range(len(given))],
            "patient": np.repeat([f"P{number:02d}" for number in range(PATIENTS)], EACH),
        }
    )
    boxes = pd.DataFrame(np.concatenate(given)[:, :4].astype(float), columns=BOX)
    boxes = table[["slice", "patient"]].join(boxes)
    boxes = boxes.assign(
        box=[f"b{number}" for number in range(len(boxes))], lesion="",
        **{"class": [CLASSES[int(each[0, 4])] for each in given]}, ignore=np.arange(len(boxes)) % EACH // (EACH - 1),
    )[np.arange(len(boxes)) % EACH != 2]  # fmt: skip
    folds = table.assign(fold=np.repeat(np.arange(PATIENTS) % 3, EACH))
    images[table["patient"].isin(spoilt)] = 255
    artifacts.write_csv(table, folder / "slices.csv")
    artifacts.write_csv(boxes[["box", "slice", "patient", "lesion", "class", *BOX, "ignore"]], folder / "boxes.csv")
    artifacts.write_csv(folds, folder / "folds.csv")
    artifacts.write_array(images, folder / "images.npy")
    return folds, boxes


def script(name: str, params: dict, *more: object) -> subprocess.CompletedProcess:
    return forked.run([*map(str, [sys.executable, SCRIPTS / f"{name}.py", "--params", json.dumps(params), *more])])


def on_slices(folder: Path) -> list[object]:
    files = {"units": "slices.csv", "boxes": "boxes.csv", "images": "images.npy", "folds": "folds.csv"}
    paths = [part for name, file in files.items() for part in (f"--{name}", folder / file)]
    return [*paths, "--seed", 0, "--train-folds", FOLDS]


def train(folder: Path, **changes: object) -> subprocess.CompletedProcess:
    return script("train_cpggan", TRAINING | changes, *on_slices(folder), "--out-dir", folder / "cpggan")


def sample(folder: Path, out: str = "synthetic", **changes: object) -> subprocess.CompletedProcess:
    names = ["--generator", "mine", "--trained", folder / "cpggan", "--out-dir", folder / out]
    return script("sample_cpggan", SAMPLING | changes, *on_slices(folder), *names)


def run(folder: Path) -> dict[str, bytes]:
    done = [train(folder), sample(folder)]
    assert [each.returncode for each in done] == [0, 0], [each.stderr for each in done]
    paths = [path for part in ("cpggan", "synthetic") for path in sorted((folder / part).iterdir())]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    return folder, *cohort(folder), run(folder)


def split(folds: pd.DataFrame, boxes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return validation_patients.split(folds, boxes, 0.25, train_folds=FOLDS, seed=0, master_seed=1)


def test_it_learns_from_slices_with_boxes_of_training_patients(clean):
    folder, folds, boxes, written = clean
    learned, validation = split(folds, boxes)
    assert validation["patient"].nunique() == 2
    expected = learned.loc[learned["slice"].str[-1].isin(["0", "1"]), "slice"].tolist()
    rows = artifacts.read_csv(folder / "cpggan/train_set.csv")
    assert rows["slice"].tolist() == expected
    assert set(written) == {
        *(f"cpggan/{name}.safetensors" for name in ("generator", "discriminator")), "cpggan/model.json",
        "cpggan/train_set.csv", "cpggan/history.csv", "cpggan/samples.npy",
        *(f"synthetic/{name}" for name in ("images.npy", "boxes.csv", "index.csv")),
    }  # fmt: skip


def test_images_have_the_boxes_of_a_training_slice_moved(clean):
    folder, folds, boxes, _ = clean
    learned, _ = split(folds, boxes)
    index = artifacts.read_csv(folder / "synthetic/index.csv")
    assert index.columns.tolist() == ["sample", "slice", "generator", "flip", "shift_x", "shift_y", "zoom"]
    count = len(learned) * 150 // 100
    assert index["sample"].tolist() == list(range(count))
    assert set(index["slice"]) == set(artifacts.read_csv(folder / "cpggan/train_set.csv")["slice"])
    assert set(index["generator"]) == {"mine"}
    made = artifacts.read_csv(folder / "synthetic/boxes.csv")
    assert made.columns.tolist() == ["sample", "class", *BOX]
    assert artifacts.read_array(folder / "synthetic/images.npy").shape == (count, SIDE, SIDE)
    real = boxes.set_index("slice")
    for row, (_, each) in zip(index.itertuples(), made.iterrows(), strict=True):
        source = real.loc[row.slice]
        placed = transformed(source[BOX].to_numpy(float), row.flip, (row.shift_x, row.shift_y), row.zoom, SIDE)
        np.testing.assert_allclose(each[BOX].to_numpy(float), placed[0].clip(0, SIDE), atol=1e-3)
        assert each["class"] == source["class"]
    images = artifacts.read_array(folder / "images.npy")[learned.index]
    centres = made[BOX].to_numpy()[:, :2] / 2 + made[BOX].to_numpy()[:, 2:] / 2
    x, y = centres.astype(int).T
    assert moved_boxes.organ(images)[y, x].all()


def test_fewer_images_are_the_first_ones(clean):
    folder, *_ = clean
    assert sample(folder, "fewer", samples=50).returncode == 0
    few, many = (artifacts.read_csv(folder / part / "index.csv") for part in ("fewer", "synthetic"))
    assert 0 < len(few) < len(many)
    pd.testing.assert_frame_equal(few, many[: len(few)])
    few, many = (artifacts.read_array(folder / part / "images.npy") for part in ("fewer", "synthetic"))
    assert np.array_equal(few, many[: len(few)])


def test_pixels_of_validation_and_test_patients_change_nothing(clean, tmp_path):
    _, folds, boxes, written = clean
    learned, _ = split(folds, boxes)
    cohort(tmp_path, tuple(set(folds["patient"]) - set(learned["patient"])))
    assert (artifacts.read_array(tmp_path / "images.npy") == 255).all(axis=(1, 2)).sum() == (4 + 2) * EACH
    assert run(tmp_path) == written


def test_slices_without_a_lesion_are_learned_from_if_asked(clean, tmp_path):
    _, folds, boxes, _ = clean
    cohort(tmp_path)
    done = train(tmp_path, empty_slices=True)
    assert done.returncode == 0, done.stderr
    rows = artifacts.read_csv(tmp_path / "cpggan/train_set.csv")
    learned, _ = split(folds, boxes)
    assert rows["slice"].tolist() == learned.loc[learned["slice"].str[-1] != "3", "slice"].tolist()


def test_too_few_slices_is_one_line(tmp_path):
    _, boxes = cohort(tmp_path)
    boxes["ignore"] = 1
    boxes.loc[boxes["slice"].isin(["P01-0", "P02-0"]), "ignore"] = 0
    artifacts.write_csv(boxes, tmp_path / "boxes.csv")
    done = train(tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "ERROR [train_cpggan] seed 0, training folds 12: expected 2 or more slices with a lesion for a generator, "
        "found 1; add patients with boxes"
    )
    assert train(tmp_path, preset=PRESET | {"epochs": 3}).stderr.strip() == (
        "ERROR [train_cpggan] --params: got an unexpected keyword argument 'epochs'"
    )


@pytest.fixture
def judged(clean, tmp_path):
    """Return a function that filters images by a stored detector, and the detections of its validation patients."""
    folder, folds, boxes, _ = clean
    _, validation = split(folds, boxes)
    params = detector.Params(**DETECTOR)
    sizes = np.full((yolov3.ANCHORS, 2), 4.0) + np.arange(yolov3.ANCHORS)[:, None]
    weights.save(detector.build(params, ("detector",), sizes), tmp_path / "real/weights.safetensors")
    artifacts.write_json({"params": asdict(params)}, tmp_path / "real/model.json")
    table = pd.DataFrame({"source": "validation", "slice": validation["slice"], "rank": -1, "generator": ""})
    artifacts.write_csv(table, tmp_path / "real/train_set.csv")
    truth = boxes[boxes["slice"].isin(validation["slice"])].reset_index(drop=True)
    found = truth[["slice", "patient", "class", *BOX]].assign(set="validation", score=0.9)

    def run(score: float) -> tuple[pd.DataFrame, dict]:
        artifacts.write_csv(found.assign(score=score), tmp_path / "real/detections.csv")
        params = {"iou": 0.05, "reached_by": 0.5, "device": "cpu", "threads": 1, "precision": "float32"}
        files = ["--boxes", folder / "boxes.csv", "--synthetic", folder / "synthetic", "--detector", tmp_path / "real"]
        done = script("filter_synthetic", params, *files, "--out-dir", tmp_path / "filter")
        assert done.returncode == 0, done.stderr
        return artifacts.read_csv(tmp_path / "filter/filter.csv"), artifacts.read_json(tmp_path / "filter/filter.json")

    return run


def test_the_filter_keeps_what_the_detector_of_real_slices_finds(clean, judged):
    folder, *_ = clean
    table, facts = judged(0.9)
    assert table["sample"].tolist() == artifacts.read_csv(folder / "synthetic/index.csv")["sample"].tolist()
    assert table["kept"].sum() == 0  # an untrained detector is never that sure
    assert (facts["threshold"], facts["kept_share"], facts["validation_slices_kept_share"]) == (0.9, 0, 1)
    assert facts["validation_boxes"] == 2 * 2  # those to be ignored do not count
    least = table["score"].median()
    assert 0 < least < 0.9
    table, facts = judged(least)
    assert table["kept"].tolist() == (table["score"] >= least).astype(int).tolist()
    assert facts["kept"] == table["kept"].sum() >= len(table) / 2
    assert facts["kept_share"] == pytest.approx(table["kept"].mean(), abs=1e-4)
