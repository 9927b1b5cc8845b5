"""Copies of a scan must be found whatever was done to them; other scans of the same anatomy must not."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import ndimage

from synthaug.cohort import near_duplicates

THRESHOLD = 0.9


def scan(seed):
    """A bright body with an outline shared by all scans and an interior of its own."""
    rows, columns = np.indices((200, 200))
    body = ((rows - 100) / 80) ** 2 + ((columns - 100) / 60) ** 2 < 1
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(200, 200)), 6)
    return np.where(body, 120 + 40 * texture / texture.std(), 5).clip(0, 255)


def thumbnail(image):
    return near_duplicates.thumbnail(image, *np.percentile(image, [1, 99]))


def jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).astype(np.float32)


def resized(image, factor):
    size = [round(side * factor) for side in image.shape[::-1]]
    return np.asarray(Image.fromarray(image.astype(np.float32)).resize(size, Image.BICUBIC))


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: 0.6 * image + 30,
        lambda image: jpeg(image, 40),
        lambda image: resized(image, 0.6),
        lambda image: resized(image, 1.7),
        lambda image: jpeg(resized(image, 0.5) * 0.9, 50),
        lambda image: image + np.random.default_rng(0).normal(0, 5, image.shape),
    ],
)
def test_a_changed_copy_is_found(change):
    assert thumbnail(scan(1)) @ thumbnail(change(scan(1))) > THRESHOLD


def test_other_scans_with_the_same_outline_are_not():
    thumbnails = np.stack([thumbnail(scan(seed)) for seed in range(40)])
    correlation = thumbnails @ thumbnails.T
    np.testing.assert_allclose(np.diag(correlation), 1)
    assert correlation[~np.eye(40, dtype=bool)].max() < THRESHOLD - 0.1


def test_pairs_are_of_different_patients_and_sorted():
    images = [scan(1), scan(1), scan(2), resized(scan(2), 0.5), scan(3), scan(1)]
    cases = pd.DataFrame({"lesion": list("abcdef"), "patient": list("pqrsts"), "image": list("123456"), "slice": 0})
    pairs = near_duplicates.pairs(cases, np.stack([thumbnail(image) for image in images]), THRESHOLD)
    assert list(pairs.columns) == near_duplicates.COLUMNS
    assert list(zip(pairs["lesion_a"], pairs["lesion_b"], strict=True)) == [
        ("a", "b"),
        ("a", "f"),
        ("b", "f"),
        ("c", "d"),
    ]
    assert pairs["correlation"].is_monotonic_decreasing
    same = cases.assign(patient="p")
    assert near_duplicates.pairs(same, np.stack([thumbnail(image) for image in images]), THRESHOLD).empty


def test_a_slice_counts_once_however_many_lesions_it_has():
    cases = pd.DataFrame({"lesion": list("abc"), "patient": list("ppq"), "image": list("112"), "slice": 0})
    pairs = near_duplicates.pairs(cases, np.stack([thumbnail(scan(1))] * 3), THRESHOLD)
    assert pairs[["lesion_a", "lesion_b"]].to_numpy().tolist() == [["a", "c"]]


def test_constant_and_tiny_images_resemble_nothing():
    assert not near_duplicates.thumbnail(np.full((50, 50), 7.0), 0, 10).any()
    assert np.isfinite(near_duplicates.thumbnail(np.arange(12.0).reshape(3, 4), 0, 10)).all()
