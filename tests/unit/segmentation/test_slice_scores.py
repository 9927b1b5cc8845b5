"""Overlaps, lesions and distances of outlines agree with SimpleITK, which did not compute them, on any masks."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from synthaug.segmentation import slice_scores, surface_distances

SIDE = 48
PARAMS = slice_scores.Params(tolerance_mm=1.5, smallest_lesion_px=0)
COLUMNS = slice_scores.COLUMNS


def blobs(seed, share):
    """Random blobs that cover a share of the slice and reach its border."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(SIDE, SIDE)), 2.5)
    return smooth > np.quantile(smooth, 1 - share)


def square(top, left, side):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


NOTHING, FULL, PIXEL, CORNER = square(0, 0, 0), square(0, 0, SIDE), square(20, 20, 1), square(0, 0, 1)
HOLE = square(10, 10, 20) & ~square(15, 15, 8)
PAIRS = [(blobs(seed, 0.1 + 0.04 * seed), blobs(seed + 50, 0.5 - 0.04 * seed)) for seed in range(10)]
PAIRS += [(blobs(3, 0.2), ndimage.shift(blobs(3, 0.2), (1, 2), order=0)), (blobs(4, 0.02), FULL), (PIXEL, CORNER)]
PAIRS += [(PIXEL, PIXEL), (FULL, FULL), (FULL, CORNER), (square(0, 5, 9), square(SIDE - 6, 5, 6)), (HOLE, PIXEL)]
PAIRS += [(HOLE, square(10, 10, 20)), (PIXEL, blobs(5, 0.3))]
EMPTY = [(NOTHING, NOTHING), (NOTHING, FULL), (PIXEL, NOTHING), (NOTHING, CORNER), (blobs(1, 0.2), NOTHING)]


def itk(mask, pixel=1.0):
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing((pixel, pixel))
    return image


def border(image):
    """Border pixels by erosion with a cross; what lies beyond the image is background."""
    eroded = sitk.BinaryErode(image, (1, 1), sitk.sitkCross, 0, 1, False)
    result = sitk.Subtract(image, eroded)
    result.CopyInformation(image)
    return result


def row(truth, predicted, pixel=np.nan, params=PARAMS):
    table = slice_scores.scores(*(each[None].astype(np.uint8) for each in (truth, predicted)), ["a"], [pixel], params)
    return [table[column.format("a")].iloc[0] for column in COLUMNS]


@pytest.mark.parametrize(("truth", "predicted"), PAIRS + EMPTY[1:])
def test_areas_and_dice(truth, predicted):
    true_px, predicted_px, overlap_px, *_ = row(truth, predicted)
    measure = sitk.LabelOverlapMeasuresImageFilter()
    measure.Execute(itk(predicted), itk(truth))
    assert 2 * overlap_px / (true_px + predicted_px) == pytest.approx(measure.GetDiceCoefficient())
    assert true_px == sitk.GetArrayViewFromImage(itk(truth)).sum()
    if true_px:
        assert overlap_px / true_px == pytest.approx(1 - measure.GetFalseNegativeError())


@pytest.mark.parametrize(("truth", "predicted"), PAIRS + EMPTY)
def test_lesions(truth, predicted):
    parts = [sitk.ConnectedComponent(itk(mask), True) for mask in (truth, predicted)]
    arrays = [sitk.GetArrayFromImage(each) for each in parts]
    statistics = sitk.LabelIntensityStatisticsImageFilter()
    touched = []
    for part, other in zip(parts, (predicted, truth), strict=True):
        statistics.Execute(part, sitk.Cast(itk(other), sitk.sitkFloat32))
        touched.append([statistics.GetMaximum(label) > 0 for label in statistics.GetLabels()])
    count, found, false_positives = row(truth, predicted)[3:6]
    assert (count, found, false_positives) == (arrays[0].max(), sum(touched[0]), touched[1].count(False))


@pytest.mark.parametrize("pixel", [1.0, 0.7])
@pytest.mark.parametrize(("truth", "predicted"), PAIRS)
def test_distances_of_outlines(truth, predicted, pixel):
    borders = [border(itk(mask, pixel)) for mask in (truth, predicted)]
    maps = [sitk.SignedMaurerDistanceMap(each, False, False, True) for each in borders]
    arrays = [np.maximum(sitk.GetArrayFromImage(each), 0) for each in (*borders, *maps)]  # on a border: negative or 0
    expected = [arrays[3][arrays[0] > 0], arrays[2][arrays[1] > 0]]
    found = surface_distances.distances(truth, predicted, pixel)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.sort(mine), np.sort(theirs), atol=1e-5)
    hausdorff = sitk.HausdorffDistanceImageFilter()
    hausdorff.Execute(*borders)
    assert max(each.max() for each in found) == pytest.approx(hausdorff.GetHausdorffDistance(), abs=1e-5)
    surface_dice, hd95 = row(truth, predicted, pixel)[6:]
    near = sum((each <= PARAMS.tolerance_mm).sum() for each in expected)
    assert surface_dice == pytest.approx(near / sum(map(len, expected)), abs=1e-6)
    assert hd95 == pytest.approx(max(np.percentile(each, 95) for each in expected), abs=1e-5)


@pytest.mark.parametrize(
    ("truth", "predicted", "surface_dice"),
    [(NOTHING, NOTHING, np.nan), (NOTHING, PIXEL, 0), (FULL, NOTHING, 0), (FULL, FULL, 1), (CORNER, CORNER, 1)],
)
def test_degenerate_outlines(truth, predicted, surface_dice):
    found, hd95 = row(truth, predicted)[6:]
    assert found == pytest.approx(surface_dice, nan_ok=True)
    assert hd95 == pytest.approx(0 if surface_dice == 1 else np.nan, nan_ok=True)


def test_known_distances_in_mm_and_px():
    """Squares of one size, three pixels apart: half of the border pixels by hand."""
    a, b = square(10, 10, 10), square(10, 13, 10)
    for pixel, unit in ((np.nan, 1.0), (0.5, 0.5)):
        assert row(a, b, pixel)[7] == pytest.approx(3 * unit)
    assert row(a, b, 0.5, slice_scores.Params(1.5, 0))[6] == 1.0  # 3 px are 1.5 mm
    # Nearer than 3 px: all of the top and bottom rows but 3 pixels at the end, and of that end the corners' neighbours.
    near = surface_distances.distances(a, b, 1)[0] <= 2.9
    assert row(a, b, np.nan, slice_scores.Params(2.9, 0))[6] == pytest.approx(near.mean())


def test_small_predictions_are_no_false_positives():
    truth = square(5, 5, 6)
    predicted = square(5, 5, 1) | square(30, 30, 3) | square(40, 10, 2)
    for smallest, count in ((0, 2), (4, 2), (5, 1), (9, 1), (10, 0)):
        assert row(truth, predicted, params=slice_scores.Params(1, smallest))[3:6] == [1, 1, count]


def test_corners_join_lesions():
    assert row(square(5, 5, 3) | square(8, 8, 3), NOTHING)[3:6] == [1, 0, 0]


def test_each_class_has_its_own_columns():
    truth = np.stack([square(5, 5, 4) * 1 + square(20, 20, 5) * 2, NOTHING * 1]).astype(np.uint8)
    predicted = np.stack([square(5, 5, 4) * 2, square(0, 0, 3) * 2]).astype(np.uint8)
    table = slice_scores.scores(truth, predicted, ["cyst", "tumour"], np.array([1.0, np.nan]), PARAMS)
    assert table["cyst_truth_px"].tolist() == [16, 0]
    assert table["cyst_predicted_px"].tolist() == [0, 0]
    assert table["tumour_truth_px"].tolist() == [25, 0]
    assert table["tumour_predicted_px"].tolist() == [16, 9]
    assert table["tumour_false_positives"].tolist() == [1, 1]
    assert len(table.columns) == 16
