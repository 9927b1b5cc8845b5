"""A synthetic image that is a copy of a test image is found whatever was done to it; one of another lesion is not."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from tests.helpers.round_lesions import round_lesions

from synthaug.quality import copied_test_images

NOISE = 0.02 * 255  # 2 % of the gray scale


@pytest.fixture(scope="module")
def tests():
    return round_lesions(6, seed=1)


@pytest.fixture(scope="module")
def search(tests):
    return copied_test_images.Search(tests)


def noisy(image):
    return image + np.random.default_rng(0).normal(0, NOISE, image.shape)


def moved(image, degrees, shift):
    return ndimage.shift(ndimage.rotate(image, degrees, reshape=False, mode="nearest"), shift, mode="nearest")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: image[:, ::-1],
        lambda image: image[::-1],
        lambda image: np.rot90(image),
        lambda image: np.rot90(image, 2),
        lambda image: np.rot90(image, 3)[::-1],
        lambda image: ndimage.shift(image, (4, -4), mode="nearest"),
        lambda image: ndimage.shift(image, (-1, 3), mode="nearest"),
        lambda image: ndimage.shift(image, (-3.5, 1.5), mode="nearest"),
        noisy,
        lambda image: 0.7 * image + 20,
        lambda image: noisy(ndimage.shift(np.rot90(image)[::-1], (3, -4), mode="nearest")),
        lambda image: noisy(moved(image, 37, (4, 4))),
        lambda image: noisy(moved(image[::-1], -103.1, (-2.3, 3.7))),
    ],
)
def test_a_copy_is_found_and_nothing_else(search, tests, change):
    changed = [np.rint(np.clip(change(image.astype(float)), 0, 255)).astype(np.uint8) for image in tests]
    pairs = search.pairs(np.stack(changed))
    certain = pairs[pairs["correlation"] >= copied_test_images.COPY]
    assert certain[["sample", "row"]].to_numpy().tolist() == [[i, i] for i in range(len(tests))]


def test_lesions_of_other_patients_are_compared_and_are_no_copies(search, tests):
    others = round_lesions(25, seed=2)
    pairs = search.pairs(others)
    assert len(pairs) > 40  # blurred, they are alike
    blurred = [ndimage.gaussian_filter(image.astype(float), 2).ravel() for image in (tests[0], others[0])]
    assert np.corrcoef(blurred)[0, 1] > 0.95
    assert pairs["correlation"].max() < copied_test_images.COPY - 0.2


def test_a_shared_bright_edge_does_not_make_a_copy(monkeypatch):
    """As of the skull: far brighter than all else, and of the same curve in two patients."""
    y, x = np.indices((64, 64))
    bone = 110 / (1 + np.exp(2 * np.abs(np.hypot(x - 45, y - 50) - 42) - 6))
    grain = ndimage.gaussian_filter(np.random.default_rng(6).normal(0, 40, (4, 64, 64)), (0, 1.5, 1.5))
    images = np.clip(80 + grain + bone, 0, 255).astype(np.uint8)
    search = copied_test_images.Search(images[:2])
    pairs = search.pairs(images).set_index(["sample", "row"])["correlation"]
    assert len(pairs) == 8  # the edge makes all of them alike
    assert pairs[[(0, 0), (1, 1)]].min() > 0.99
    assert pairs.drop([(0, 0), (1, 1)]).max() < copied_test_images.COPY - 0.1
    monkeypatch.setattr(copied_test_images, "GRAIN", np.inf)
    assert search.pairs(images)["correlation"].drop([0, 3]).max() > copied_test_images.COPY


def test_what_is_unlike_is_not_even_compared(search):
    textures = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(20, 64, 64)), (0, 3, 3))
    pairs = search.pairs((128 + 400 * textures).clip(0, 255).astype(np.uint8))
    assert list(pairs.columns) == copied_test_images.COLUMNS
    assert pairs.empty


def test_an_image_of_one_gray_is_no_copy_and_no_test_images_have_no_copies(search, tests):
    assert search.pairs(np.full((2, 64, 64), 90, np.uint8)).empty
    assert copied_test_images.Search(tests[:0]).pairs(tests).empty
    assert search.pairs(tests[:0]).empty


def test_larger_images_are_searched_too(tests):
    large = np.stack([ndimage.zoom(image.astype(float), 2.5, order=1) for image in tests])
    pairs = copied_test_images.Search(large).pairs(np.rot90(large[3:4], axes=(1, 2)))
    assert pairs.loc[pairs["correlation"].idxmax(), "row"] == 3
    assert pairs["correlation"].max() > copied_test_images.COPY


def test_a_result_does_not_depend_on_the_images_beside_it(search, tests, monkeypatch):
    images = np.concatenate([round_lesions(5, seed=4), tests[:2]])
    whole = search.pairs(images)
    monkeypatch.setattr(copied_test_images, "BLOCK", 1)
    pd.testing.assert_frame_equal(search.pairs(images), whole, rtol=1e-4)


def test_what_is_hardly_more_like_a_test_image_than_like_a_training_image_is_no_copy():
    """Two patients that are much alike, as heads are: a blurred mixture of both is a copy of neither."""
    one, other = (each[0].astype(float) for each in (round_lesions(1, seed=1), round_lesions(1, seed=9)))
    alike = [np.rint(np.clip(share * one + (1 - share) * other, 0, 255)).astype(np.uint8) for share in (0.9, 0.75, 0.7)]
    training, made, tested = (image[None] for image in alike)
    suspects = copied_test_images.Search(tested).pairs(made)
    seen = copied_test_images.Search(training).pairs(made)
    assert copied_test_images.COPY <= seen["correlation"][0] < suspects["correlation"][0]
    assert len(copied_test_images.nearer_to_others(suspects, made, training)) == 1
    copy = copied_test_images.Search(tested).pairs(tested)
    unlike = round_lesions(3, seed=2)
    assert copied_test_images.nearer_to_others(copy, tested, unlike).empty
