import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from tests.helpers import augmentations
from tests.helpers.augmentations import PAPER

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, rois
from synthaug.classification.augmentation_choice import Choice

PARAMS = rois.Params(
    margin=0.25, scale="replace", antialias=False, padding="edge", intensity={"mode": "window", "low": 0, "high": 255}
)
DIAMETER = 40.0
ODD = Choice(
    rotations={"number": 200, "degrees": [-5, 20]},
    flips=["both", "up-down"],
    shifts={"number": 3, "diameters": 0.3, "px": 9},
    scales={"number": 4, "diameters": [0.2, 0.25]},
    intensities={"number": 5, "gain": [0.5, 0.6], "gamma": [2, 3], "noise": [0.1, 0.2]},
)


def test_counts_are_the_papers():
    assert PAPER.per_lesion == 30 * (1 + 3 + 7 + 5) == 480
    table = augmentation_draws.draw(seeding.stream(0, "x"), 25.0, PAPER)
    assert len(table) == 480
    assert table["rotation_deg"].nunique() == 30
    kinds = table.assign(
        flipped=table["flip"] != "none", moved=table["shift_x_px"] != 0, scaled=table["surround"].notna()
    )
    counts = kinds.groupby("rotation_deg")[["flipped", "moved", "scaled"]].sum()
    assert (counts == [3, 7, 5]).all().all()
    assert (kinds[["flipped", "moved", "scaled"]].sum(axis=1) <= 1).all()


@pytest.mark.parametrize(("diameter", "reach"), [(12.0, 1.2), (40.0, 4.0), (120.0, 4.0)])
def test_ranges_are_the_papers(diameter, reach):
    table = augmentation_draws.draw(seeding.stream(0, "y"), diameter, PAPER)
    assert table["rotation_deg"].between(0, 180).all()
    shifts = table[["shift_x_px", "shift_y_px"]].to_numpy()
    assert np.abs(shifts).max() <= reach
    assert np.abs(shifts).max() > 0.9 * reach
    assert table["surround"].dropna().between(0.1, 0.4).all()


def test_draws_replay_and_differ_between_lesions():
    first, again, other = (
        augmentation_draws.draw(seeding.stream(0, "pool", name), 25.0, PAPER) for name in ("a", "a", "b")
    )
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("table", "digest"),
    [
        (augmentation_draws.draw(seeding.stream(0, "pool", "a"), 25.0, PAPER), "1efd2d9424b0ad65"),
        (augmentation_draws.draw_some(seeding.stream(0, "online", 1), 25.0, 999, PAPER), "81e231ecd2932280"),
    ],
    ids=["pool", "fresh"],
)
def test_the_papers_draws_are_those_that_were_constants(table, digest):
    """Digests of the draws of version 0.4, which knew no other augmentations."""
    assert table["gain"].isna().all()
    text = table[augment.COLUMNS].round(6).to_csv(index=False)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


@pytest.mark.parametrize("preset", augmentations.PRESETS)
def test_each_preset_has_as_many_augmentations_as_it_says(preset):
    choice = Choice(**augmentations.PRESETS[preset])
    assert len(augmentation_draws.draw(seeding.stream(0, "x"), 25.0, choice)) == choice.per_lesion == 480


def kinds(table: pd.DataFrame) -> pd.DataFrame:
    """Say of each augmentation what it does besides its rotation."""
    shifted = (table["shift_x_px"] != 0) | (table["shift_y_px"] != 0)
    return pd.DataFrame(
        {"flip": table["flip"] != "none", "shift": shifted, "scale": table["surround"].notna(),
         "gray": table["gain"].notna()}
    )  # fmt: skip


def test_pool_has_what_is_chosen_and_nothing_else():
    table = augmentation_draws.draw(seeding.stream(0, "x"), DIAMETER, ODD)
    assert len(table) == ODD.per_lesion == 200 * (1 + 2 + 3 + 4 + 5)
    counts = kinds(table).groupby(table["rotation_deg"]).sum()
    assert len(counts) == 200
    assert (counts == [2, 3, 4, 5]).all().all()
    assert table["flip"].value_counts().to_dict() == {"none": 200 * 13, "up-down": 200, "both": 200}


def drawn(choice: Choice, some: bool) -> pd.DataFrame:
    """Return the augmentations of a lesion, or ``some`` that are drawn afresh."""
    random = seeding.stream(0, "x")
    if some:
        return augmentation_draws.draw_some(random, DIAMETER, 3000, choice)
    return augmentation_draws.draw(random, DIAMETER, choice)


@pytest.mark.parametrize("some", [False, True], ids=["pool", "fresh"])
def test_values_fill_the_chosen_ranges_and_leave_none(some):
    table = drawn(ODD, some)
    assert kinds(table).sum(axis=1).max() == 1
    ranges = {"rotation_deg": (-5, 20), "surround": (0.2, 0.25), "shift_x_px": (-9, 9), "shift_y_px": (-9, 9)}
    ranges |= {"gain": (0.5, 0.6), "gamma": (2, 3), "noise": (0.1, 0.2)}
    for column, (low, high) in ranges.items():
        values = table[column].dropna()
        assert values.between(low, high).all(), column
        assert values.min() < low + 0.03 * (high - low), column
        assert values.max() > high - 0.03 * (high - low), column
    further = drawn(replace(ODD, shifts={"number": 3, "diameters": 0.3, "px": None}), some)
    assert 11.5 < further["shift_x_px"].abs().max() < 12  # 0.3 x 40 px


def test_fresh_augmentations_have_each_kind_as_often_as_the_pool():
    table = drawn(ODD, some=True)
    np.testing.assert_allclose(kinds(table).mean() * 15, [2, 3, 4, 5], atol=0.4)
    assert set(table["flip"]) == {"none", "up-down", "both"}


def test_the_order_of_flips_in_the_config_changes_nothing():
    for some in (False, True):
        assert drawn(ODD, some).equals(drawn(replace(ODD, flips=["up-down", "both"]), some))


def marked(preset: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the augmentations of a lesion with a mark above it, a little to the left, and where the mark came to lie.

    Returns
    -------
    The table of augmentations, and (x, y) of the mark from the middle of the ROI, float (n, 2), y down.
    """
    choice = Choice(**augmentations.PRESETS[preset])
    crop = np.zeros((161, 161), np.float32)
    crop[62:66, 74:78] = 255  # 16.5 px above and 4.5 px left of the centre
    table = augmentation_draws.draw(seeding.stream(0, "mark"), DIAMETER, choice)
    images = augment.apply(
        crop, augment.matrices(table, DIAMETER, PARAMS), 0, 255, table.assign(noise=table["noise"] * 0),
        seeding.stream(0, "none"),
    )  # fmt: skip
    centres = np.array([ndimage.center_of_mass(image.astype(float)) for image in images])
    return table, centres[:, ::-1] - 31.5


def test_mark_above_the_lesion_stays_above_it_in_ultrasound_and_chest_xray():
    for preset in ("ultrasound", "chest-xray", "mr"):
        table, mark = marked(preset)
        assert (mark[:, 1] < -5).all(), preset
        turned = (kinds(table)[["flip", "shift"]].sum(axis=1) == 0).to_numpy()
        angle = np.rad2deg(np.arctan2(-mark[:, 0], -mark[:, 1]))[turned]  # anticlockwise from straight up
        upright = np.rad2deg(np.arctan2(4.5, 16.5))
        np.testing.assert_allclose(angle, upright + table["rotation_deg"][turned], atol=1.5)
        largest = {"mr": 15}.get(preset, 10)
        assert 0.9 * largest < np.abs(angle - upright).max() < largest + 1.5, preset
    paper = marked("ct-lesion")[1]
    assert 0.3 < (paper[:, 1] > 0).mean() < 0.7  # the test would see it below


@pytest.mark.parametrize(("preset", "mirrored"), [("chest-xray", False), ("ultrasound", True)])
def test_mark_left_of_the_lesion_changes_side_only_where_flips_are_allowed(preset, mirrored):
    table, mark = marked(preset)
    beyond = mark[:, 0] > 2 + 4.3 * (table["shift_x_px"] != 0)  # what turns and shifts alone cannot do
    assert (table["flip"] == "left-right").any() == mirrored
    assert beyond.any() == mirrored
