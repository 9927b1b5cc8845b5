"""Sheets of slices with boxes: boxes lie where they should, and slices are chosen by rule."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from tests.helpers import boxed_discs, forked

from synthaug.cohort import example_slices
from synthaug.detection import box_sheets, found_boxes, prediction_table
from synthaug.files import artifacts
from synthaug.report import figure_style
from synthaug.terms import model_lists

SCRIPTS = Path(__file__).parents[3] / "scripts"
BOX = np.array([[4.0, 6.0, 12.0, 16.0]])


def frames(axes) -> list[tuple]:
    found = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in found]


def test_a_crop_has_what_lies_in_the_box():
    """A ramp is sampled exactly, at the centres of 32 px within 8.5 to 24.5; pixel u has its value at u + 1/2."""
    ramp = np.tile(np.arange(64) * 4 + 2, (64, 1)).astype(np.uint8)  # 4 x at its centre
    found = box_sheets.crop(ramp, np.array([8.5, 10, 24.5, 40]))
    assert found.shape == (32, 32)
    expected = 4 * (8.5 + (np.arange(32) + 0.5) * 16 / 32)
    np.testing.assert_allclose(found[5], expected, atol=0.5)
    assert (found == found[0]).all()


def test_whole_pixels_are_cropped_as_they_are():
    image = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    np.testing.assert_array_equal(box_sheets.crop(image, np.array([3, 5, 35, 37])), image[5:37, 3:35])


def test_slices_stand_above_what_lies_in_their_largest_boxes():
    images = boxed_discs.images([BOX, BOX], 0)
    four = np.array([[0, 0, 2, 2], [0, 0, 9, 9], [0, 0, 5, 5], [0, 0, 7, 7]], dtype=float)
    real = [box_sheets.DrawnSlice(images[0], BOX, ["b"]), box_sheets.DrawnSlice(images[1], four, ["a"] * 4)]
    made = [box_sheets.DrawnSlice(images[1], BOX, ["a"]), box_sheets.DrawnSlice(images[0], BOX[:0], [])]
    figure = box_sheets.examples({"real": real, "synthetic": made}, ["x", "y"], ["a", "b", "c"])
    first, _, second, *crops = figure.axes[:6]
    assert frames(first) == [(3.5, 5.5, 8, 10)]  # the centre of pixel 0 is at 0
    assert first.patches[0].get_edgecolor()[:3] == pytest.approx(
        [int(figure_style.class_colour(["a", "b"], "b")[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    )
    assert len(frames(second)) == 4
    for axes, box in zip(crops, four[[1, 3, 2]], strict=True):
        shown = np.asarray(axes.get_images()[0].get_array())
        np.testing.assert_array_equal(shown, box_sheets.crop(images[1], box))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_what_one_arm_alone_finds_is_marked():
    slices = [box_sheets.DrawnSlice(boxed_discs.images([BOX], 0)[0], np.concatenate([BOX, BOX + 15]), ["a", "a"])]
    without = [box_sheets.Detected(np.concatenate([BOX, BOX - 4]), np.array([0, -1]))]
    with_them = [box_sheets.Detected(np.concatenate([BOX + 1, BOX + 15]), np.array([0, 1]))]
    figure = box_sheets.detections(slices, {"real": without, "cpggan": with_them}, ["gain: x"])
    assert [axes.get_xlabel() for axes in figure.axes] == ["gain: x", "1 of 2 found, 1 false", "2 of 2 found, 0 false"]
    marks = [[line.get_data() for line in axes.get_lines()] for axes in figure.axes]
    assert marks == [[], [], [([18.5], [20.5])]]
    styles = [[patch.get_linestyle() for patch in axes.patches] for axes in figure.axes]
    assert styles == [["-", "-"], ["-", "--"], ["-", "-"]]


def test_a_sheet_without_a_slice_says_so():
    figure = box_sheets.detections([], {"real": [], "cpggan": []}, [])
    assert [text.get_text() for text in figure.texts] == [
        "There is no slice on which one arm hits more boxes than the other."
    ]


def test_the_largest_gains_and_losses_are_of_different_patients():
    names = [f"S{number}" for number in range(8)]
    patients = pd.Series(list("AABBCCDD"), index=names)
    before = pd.Series([0, 0, 1, 1, 3, 2, 1, 0], index=names)
    after = pd.Series([3, 2, 2, 1, 0, 1, 0, 0], index=names)
    chosen = example_slices.by_change(before, after, patients, 2)
    assert chosen == {"gain": ["S0", "S2"], "loss": ["S4", "S6"]}
    assert example_slices.by_change(before, before, patients, 2) == {"gain": [], "loss": []}


FOUND = pd.DataFrame(
    [
        ("P1-0", "test", "met", 0.9, "exact"), ("P1-0", "test", "met", 0.8, "off"), ("P1-1", "test", "met", 0.7, "off"),
        ("P1-1", "test", "met", 0.6, "exact"), ("P1-2", "test", "met", 0.5, "off"),
        ("P1-2", "test", "met", 0.4, "exact"),
    ],
    columns=["slice", "set", "class", "score", "where"],
)  # fmt: skip


def network(folder: Path, trained: str, missing: tuple[str, ...] = ()) -> None:
    """Write what score_detector writes, for detections in `FOUND` of each test patient, but the slices ``missing``."""
    folds, boxes = artifacts.read_csv(folder.parent / "folds.csv"), artifacts.read_csv(folder.parent / "boxes.csv")
    test = folds[folds["fold"].astype(str) != trained]
    corners = boxes.set_index("slice")[["x0", "y0", "x1", "y1"]]
    parts = [
        FOUND.assign(slice=FOUND["slice"].str.replace("P1", each), patient=each) for each in test["patient"].unique()
    ]
    found = pd.concat(parts, ignore_index=True)
    found = found[~found["slice"].isin(missing) | (found["where"] == "off")].reset_index(drop=True)
    at = corners.loc[found["slice"]].reset_index(drop=True)
    at[found["where"] == "off"] = [0.0, 0.0, 3.0, 3.0]
    found = found.join(at)
    settings = prediction_table.Params(["met"], [0.5], 1)
    predictions, matches = prediction_table.table(test, boxes, found, [], settings)
    for name, table in (("detections", found), ("predictions", predictions), ("matches", matches)):
        artifacts.write_csv(table, folder / f"{name}.csv")


def test_detections_count_from_the_threshold_of_their_own_network(tmp_path):
    """Three false positives on the four slices of a patient: half a one a slice are two of them, so from 0.6 on."""
    boxed_discs.cohort(tmp_path)
    network(tmp_path / "real", "0")
    tables = [
        artifacts.read_csv(tmp_path / "real" / f"{name}.csv") for name in ("predictions", "detections", "matches")
    ]
    found = found_boxes.of_network(tables[0]["slice"], *tables[1:], 0.5, 0.5)
    assert found.hits(pd.Index(["P1-0", "P1-1", "P1-2", "P3-0"])).tolist() == [1, 1, 0, 1]
    on_slice = found.on("P1-0", pd.Series(["P1-0-0"]))
    assert on_slice.hits.tolist() == [0, -1]
    assert on_slice.boxes[1].tolist() == [0, 0, 3, 3]
    everything = found_boxes.of_network(tables[0]["slice"], *tables[1:], 0.5, 1)
    assert everything.hits(pd.Index(["P1-2"])).tolist() == [1]


def plot_slices(folder: Path) -> str:
    """Draw Fig 1 of the synthetic slices in ``folder``/made; return the drawing."""
    done = forked.run(
        [
            sys.executable, SCRIPTS / "plot_slices_detection.py", "--slices", folder / "slices.csv",
            "--slice-boxes", folder / "boxes.csv", "--slice-images", folder / "images.npy",
            "--images", folder / "made/images.npy", "--boxes", folder / "made/boxes.csv",
            "--index", folder / "made/index.csv", "--params", json.dumps({"classes": ["met"], "master_seed": 1}),
            "--png", folder / "1.png", "--svg", folder / "1.svg",
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (folder / "1.svg").read_text(encoding="utf-8")


def test_synthetic_slices_stand_below_the_real_ones_that_they_were_made_for(tmp_path):
    boxed_discs.synthetic(tmp_path / "made", boxed_discs.cohort(tmp_path), "0")
    drawing = plot_slices(tmp_path)
    assert "<!-- real -->" in drawing
    assert drawing.count("<image ") == 2 * 2 * 6  # slices and what lies in their box
    index = artifacts.read_csv(tmp_path / "made/index.csv")
    artifacts.write_csv(index.assign(slice=""), tmp_path / "made/index.csv")
    drawing = plot_slices(tmp_path)
    assert "<!-- real -->" not in drawing
    assert "<!-- slice " in drawing
    assert drawing.count("<image ") == 2 * 6


def test_gains_and_losses_are_drawn(tmp_path):
    boxed_discs.cohort(tmp_path)
    runs = [[arm, size, 0, trained] for arm, size in (("real", "0"), ("cpggan", "100")) for trained in "01"]
    for arm, size, _, trained in runs:
        folder = tmp_path / f"seed-0/detect/{arm}/{size}/train-{trained}"
        for name in ("folds.csv", "boxes.csv"):
            artifacts.write_csv(artifacts.read_csv(tmp_path / name), folder.parent / name)
        network(folder, trained, ("P1-0", "P2-1") if arm == "real" else ("P3-0",))
    done = forked.run(
        [
            sys.executable, SCRIPTS / "plot_detections.py", "--slices", tmp_path / "slices.csv",
            "--boxes", tmp_path / "boxes.csv", "--images", tmp_path / "images.npy", "--results", tmp_path,
            "--stage", "detect", "--runs", model_lists.written(runs),
            "--params", json.dumps({"iou": 0.5, "false_positives": 1}),
            "--png", tmp_path / "2.png", "--svg", tmp_path / "2.svg",
        ]
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    drawing = (tmp_path / "2.svg").read_text(encoding="utf-8")
    for text in ("gain: P1-0", "gain: P2-1", "loss: P3-0"):
        assert f"<!-- {text} -->" in drawing
