"""The built-in cohort of heads: counts, boxes against the pixels, rough boxes against their ceiling, the same bytes."""

import dataclasses
import hashlib
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synthaug.errors import InputError
from synthaug.phantom import head_cohort, head_lesions, rough_boxes
from synthaug.phantom.head_scanner import PIXEL

SLICES = 5


def params(count=14, extra=2, seed=5, slices=SLICES):
    return head_cohort.Params(seed, {"metastasis": count}, {"metastasis": extra}, slices)


def write(folder, **changes):
    return head_cohort.write_cohort(params(**changes), folder / "patients", Path("patients"), logging.getLogger("test"))


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    return folder, write(folder)


def test_the_case_table_has_the_boxes_asked_for(cohort):
    folder, table = cohort
    boxes = table[table["box"] != ""]
    assert list(table) == head_cohort.COLUMNS
    assert boxes["set"].value_counts().to_dict() == {"main": 14, "extra": 2}
    assert set(boxes["class"]) == {"metastasis"}
    assert (table[table["box"] == ""][["class", "finding"]] == "").all(axis=None)
    assert table["lesion"].is_unique
    assert (table.groupby("patient")["set"].nunique() == 1).all()
    assert table.groupby("patient")["image"].nunique().tolist() == [SLICES] * table["patient"].nunique()
    sizes = {Image.open(folder / image).size for image in table["image"]}
    assert sizes == {(256, 256)}
    counts = table.assign(boxes=table["box"] != "").groupby("patient")["boxes"].sum()
    assert counts.max() > 1
    assert (counts == 0).mean() <= head_cohort.HEALTHY


def test_boxes_enclose_what_a_lesion_adds_to_the_picture():
    """The same patient with and without one ball differs in a disc, whose extent is that of the true box."""
    patient = next(head_cohort.plan(params()))[0]
    z = float(patient.heights[2])
    ball = head_lesions.Lesion(22.0, -15.0, z + 3, 12.0, 2.2, 0.0, 1.0)
    small = dataclasses.replace(ball, x=-30.0, y=20.0, z=z, radius=4.0)
    for lesion in (ball, small):
        ill, healthy = (dataclasses.replace(patient, lesions=lesions) for lesions in ([lesion], []))
        added = head_cohort.simulate(5, ill).astype(float) - head_cohort.simulate(5, healthy)
        boxes = ill.boxes()
        assert set(np.flatnonzero(np.abs(added).max(axis=(1, 2)) > 0)) == set(boxes["slice"])
        row = boxes.set_index("slice").loc[2]
        columns, rows = (np.flatnonzero((added[2] > 0.5 * added[2].max()).any(axis=axis)) for axis in (0, 1))
        edges = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert row[["x0", "y0", "x1", "y1"]].tolist() == pytest.approx(edges, abs=1.5)
    assert boxes["x1"].iloc[0] - boxes["x0"].iloc[0] == pytest.approx(8 / PIXEL)


def test_other_parts_of_the_head_are_as_bright_as_lesions():
    """So a threshold finds no lesion: vessels are the paper's false positives."""
    brighter = []
    for patient, _ in head_cohort.plan(params(40)):
        pictures = head_cohort.simulate(5, patient)
        brain = np.hypot(*np.indices(pictures.shape[1:]) - 127.5) < 60
        for row in patient.boxes().itertuples():
            lesion = np.zeros_like(brain)
            lesion[int(row.y0) : int(row.y1) + 1, int(row.x0) : int(row.x1) + 1] = True
            rest = pictures[row.slice][brain & ~lesion]
            brighter.append((rest > np.median(pictures[row.slice][lesion])).sum())
    assert np.mean(np.array(brighter) > 10) > 0.5


def test_sizes_are_those_of_the_design():
    sides = [
        row.x1 - row.x0 for each, _ in head_cohort.plan(params(200, slices=3)) for row in each.boxes().itertuples()
    ]
    assert 8 - 1e-6 <= min(sides) < 10
    assert 25 < max(sides) <= 40 + 1e-6


@pytest.mark.parametrize("iou", [0.25, 0.5, 0.75])
def test_true_boxes_reach_the_ceiling(iou):
    """The share of rough boxes that the true ones find, over a cohort, is the ceiling, within three standard errors."""
    rng = np.random.default_rng(0)
    true = np.vstack([each.boxes()[["x0", "y0", "x1", "y1"]] for each, _ in head_cohort.plan(params(800, slices=6))])
    rough = rough_boxes.draw(rng, true)
    shared = np.clip(np.minimum(true[:, 2:], rough[:, 2:]) - np.maximum(true[:, :2], rough[:, :2]), 0, None).prod(1)
    areas = [(box[:, 2:] - box[:, :2]).prod(1) for box in (true, rough)]
    found = (shared / (areas[0] + areas[1] - shared) >= iou).mean()
    expected = rough_boxes.ceiling(iou)
    assert abs(found - expected) <= 3 * np.sqrt(expected * (1 - expected) / len(true)) + 2e-3


def test_no_other_box_does_better_than_the_true_one():
    """Larger, smaller and moved boxes find fewer of the rough ones, so the ceiling is one."""
    rough = rough_boxes.draw(np.random.default_rng(1), np.tile([0.0, 0, 1, 1], (20_000, 1)))

    def found(x0, y0, x1, y1):
        shared = np.clip(np.minimum(rough[:, 2:], [x1, y1]) - np.maximum(rough[:, :2], [x0, y0]), 0, None).prod(1)
        together = (rough[:, 2:] - rough[:, :2]).prod(1) + (x1 - x0) * (y1 - y0) - shared
        return (shared / together >= 0.5).mean()

    best = found(0, 0, 1, 1)
    assert best == pytest.approx(rough_boxes.ceiling(0.5), abs=0.005)
    for other in ((-0.15, -0.15, 1.15, 1.15), (0.12, 0.12, 0.88, 0.88), (0.1, 0.1, 1.1, 1.1), (0.15, 0, 1.15, 1)):
        assert found(*other) < best - 0.01


def test_the_table_has_the_rough_boxes_of_the_true_ones(cohort):
    _, table = cohort
    true = pd.concat([each.boxes() for each, _ in head_cohort.plan(params())])
    drawn = np.array([[float(part) for part in cell.split(",")] for cell in table["box"] if cell])
    true = true[["x0", "y0", "x1", "y1"]].to_numpy()
    sides = np.tile(true[:, 2:] - true[:, :2], 2)
    deviates = (drawn - true) / sides
    assert 0.06 < deviates.std() < 0.2
    assert np.abs(deviates).max() < 0.5


def test_the_same_params_give_the_same_bytes(cohort, tmp_path):
    folder, table = cohort
    pd.testing.assert_frame_equal(table, write(tmp_path))
    assert digests(folder) == digests(tmp_path)


def test_other_counts_change_no_patient(cohort, tmp_path):
    folder, _ = cohort
    write(tmp_path, count=9, extra=0)
    before, after = digests(folder), digests(tmp_path)
    shared = before.keys() & after.keys()
    assert len({name.split("/")[1] for name in shared}) >= 3
    assert {name: before[name] for name in shared} == {name: after[name] for name in shared}


def test_another_class_is_refused():
    with pytest.raises(InputError, match="phantom lesions: expected the class metastasis, found cyst"):
        head_cohort.Params(1, {"cyst": 3}, {}, 2)
