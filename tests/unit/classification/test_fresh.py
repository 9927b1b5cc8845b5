import numpy as np
import pandas as pd
from tests.helpers.augmentations import PAPER, PRESETS

from synthaug import seeding
from synthaug.classification import augment, augmentation_draws, fresh, rois, training_images, training_sets
from synthaug.classification.augmentation_choice import Choice

PARAMS = rois.Params(
    margin=0.25, scale="replace", antialias=False, padding="edge", intensity={"mode": "window", "low": 0, "high": 255}
)
INDEX = pd.DataFrame({"lesion": ["a", "b"], "diameter_px": [20.0, 60.0], "low": 0.0, "high": 255.0})
CROPS = {
    "a": np.full((200, 200), 50, np.float32),
    "b": np.random.default_rng(0).uniform(0, 255, (200, 200)).astype(np.float32),
}


def rows(*lesions: str) -> pd.DataFrame:
    drawn = [(training_sets.FRESH, lesion, "cyst", -1) for lesion in lesions]
    return pd.DataFrame([(training_sets.ROI, "a", "cyst", 0), *drawn], columns=["source", "lesion", "class", "row"])


def filled(table: pd.DataFrame, *epoch: int, choice: Choice = PAPER) -> np.ndarray:
    array = training_images.gather(table, np.full((1, 64, 64), 7, np.uint8), np.zeros((0, 64, 64), np.uint8), {})
    crops = fresh.prepare(CROPS, INDEX, PARAMS)
    fresh.redraw(array, table, crops, INDEX, PARAMS, choice, seeding.stream(1, "online", *epoch))
    return array


def test_each_place_shows_its_own_lesion_and_rois_stay():
    found = filled(rows("b", "a", "b"), 1)
    assert (found[0] == 7).all()
    assert (found[2] == 50).all()
    assert found[[1, 3]].std(axis=(1, 2)).min() > 20
    assert not np.array_equal(found[1], found[3])


def test_epochs_differ_and_repeat():
    table = rows(*"ab" * 4)
    assert np.array_equal(filled(table, 2), filled(table, 2))
    assert not np.array_equal(filled(table, 2), filled(table, 3))


def test_fresh_images_are_of_the_chosen_augmentations():
    """Lesion a is of one gray value, 50, which only changes of the gray values move."""
    table = rows(*"a" * 200)
    assert (filled(table, 1)[1:] == 50).all()
    found = filled(table, 1, choice=Choice(**PRESETS["ultrasound"]))[1:]
    changed = (found != 50).any(axis=(1, 2))
    assert 0.05 < changed.mean() < 0.25  # 2 of 16
    assert found[changed].std(axis=(1, 2)).max() > 3  # noise


def test_drawn_augmentations_are_those_of_the_pool_in_kind_and_range():
    some = augmentation_draws.draw_some(seeding.stream(0, "some"), 30.0, 16_000, PAPER)
    pool = pd.concat([augmentation_draws.draw(seeding.stream(0, "pool", i), 30.0, PAPER) for i in range(30)])
    for table in (some, pool):
        shifted = (table["shift_x_px"] != 0) | (table["shift_y_px"] != 0)
        kinds = pd.DataFrame({"flip": table["flip"] != "none", "shift": shifted, "scale": table["surround"].notna()})
        assert kinds.sum(axis=1).max() == 1
        np.testing.assert_allclose(kinds.mean() * 16, [3, 7, 5], atol=0.25)
        assert set(table["flip"]) == set(augment.FLIP_SIGNS)
        assert table["shift_x_px"].abs().max() <= 3.0
    for column in ["rotation_deg", "shift_x_px", "surround"]:
        one, two = (table[column][table[column] != 0].dropna().quantile([0.1, 0.5, 0.9]) for table in (some, pool))
        np.testing.assert_allclose(one, two, atol=0.08 * (two.max() - two.min()))
