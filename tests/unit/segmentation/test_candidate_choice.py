"""The criteria are what they are called, and the choice prefers sharp, faithful images to blurred ones and to noise."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from scipy import ndimage
from tests.helpers import painted_discs

from synthaug.quality import real_or_fake
from synthaug.segmentation import candidate_choice, candidate_scores
from synthaug.training import device

BY = ["fcn_score", "real_share", "sharpness"]


def test_dice_is_that_of_simpleitk():
    draws = np.random.default_rng(0)
    truth, predicted = draws.integers(0, 4, (2, 12, 16, 16)).astype(np.uint8)
    truth[0][truth[0] == 2] = 0  # a class that a slice has not does not count for it
    predicted[1] = 0
    predicted[2] = truth[2]
    expected = []
    for of_truth, of_predicted in zip(truth, predicted, strict=True):
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(sitk.GetImageFromArray(of_truth), sitk.GetImageFromArray(of_predicted))
        present = [cls for cls in (1, 2, 3) if (of_truth == cls).any()]
        expected.append(np.mean([overlap.GetDiceCoefficient(cls) for cls in present]))
    np.testing.assert_allclose(candidate_scores.dice(truth, predicted, 3), expected)
    assert expected[1:3] == [0, 1]
    assert np.isnan(candidate_scores.dice(np.zeros_like(truth), predicted, 3)).all()


def test_mean_spectrum_of_a_point_and_of_white_noise():
    point = np.zeros((2, 32, 32), np.uint8)
    point[1, 5, 7] = 255  # every frequency has the same magnitude, and the sum of squares is kept
    np.testing.assert_allclose(candidate_scores.mean_spectrum(point), [0, 1 / 32])
    noise = np.random.default_rng(0).normal(128, 25, (8, 64, 64)).round().astype(np.uint8)
    expected = 25 / 255 * np.sqrt(np.pi) / 2 + 128 / 255 / 64  # Rayleigh; mean gray level
    assert candidate_scores.mean_spectrum(noise).mean() == pytest.approx(expected, rel=0.01)


def scores(**columns) -> pd.DataFrame:
    return pd.DataFrame({"epochs": [10, 50, 100]} | columns)


def test_ranks_are_means_over_the_criteria_that_count():
    table = candidate_choice.ranked(
        scores(fcn_score=[0.1, 0.6, 0.5], real_share=[0.9, 0.9, 0.2], sharpness=[3, 1, 2]), BY
    )
    assert table["rank"].tolist() == [(3 + 1.5 + 1) / 3, (1 + 1.5 + 3) / 3, (2 + 3 + 2) / 3]
    assert table["chosen"].tolist() == [1, 0, 0]  # of two equal ones the one with fewer epochs
    table = candidate_choice.ranked(table.drop(columns=["rank", "chosen"]).iloc[::-1], ["fcn_score"])
    assert table["epochs"].tolist() == [10, 50, 100]
    assert table["chosen"].tolist() == [0, 1, 0]


def segmented(images: np.ndarray) -> np.ndarray:
    """A segmenter that knows the gray levels of the classes."""
    smooth = ndimage.gaussian_filter(images.astype(float), (0, 1, 1))
    return np.abs(smooth[..., None] - painted_discs.LEVELS).argmin(axis=-1).astype(np.uint8)


@pytest.fixture(scope="module")
def made():
    """Real images, and those of three candidates: noise, blurred ones, and others of the same kind as the real ones."""
    labels = painted_discs.label_maps(60, 0)
    faithful = painted_discs.images(labels, 1, noise=20.0)
    images = {
        10: np.random.default_rng(2).integers(0, 256, labels.shape, np.uint8),
        50: ndimage.gaussian_filter(faithful.astype(float), (0, 1.5, 1.5)).astype(np.uint8),
        100: faithful,
    }
    index = pd.DataFrame({"sample": range(60), "slice": [f"s{number:02d}" for number in range(60)], "copy": 0})
    return painted_discs.images(labels, 3, noise=20.0), candidate_scores.Candidates(images, labels, index)


def test_sharp_and_faithful_images_are_chosen(made):
    real, candidates = made
    where = device.pick(device.Compute(device="cpu", threads=1, precision="float32"))
    judge = real_or_fake.Params(widths=[8, 16], steps=200, batch=16, learning_rate=1e-2, threshold=0.1)
    patients = np.repeat([f"P{number:02d}" for number in range(20)], 3)
    origins = [real_or_fake.Images(images, patients) for images in candidates.images.values()]
    taken = real_or_fake.probabilities(real_or_fake.Images(real, patients), origins, judge, 1, ("a",), where)
    table = candidate_scores.table(candidates, taken, judge.threshold, 2, segmented).set_index("epochs")
    assert table.columns.tolist() == list(candidate_scores.CRITERIA)
    assert table["fcn_score"][100] > 0.9 > 0.3 > table["fcn_score"][10]
    assert table["real_share"][100] > 0.8 > 0.2 > table["real_share"][[10, 50]].max()
    assert table["sharpness"].rank().tolist() == table["spectrum"].rank().tolist() == [3, 1, 2]
    chosen = {
        tuple(by): candidate_choice.ranked(table.reset_index(), by).set_index("epochs")["chosen"].idxmax()
        for by in (BY, ["sharpness"])
    }
    assert list(chosen.values()) == [100, 10]  # noise is sharp
