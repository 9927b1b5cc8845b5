"""The published numbers of Han et al., against each other and against what the text says of them."""

import pytest

from synthaug.detection import han_paper
from synthaug.detection.han_paper import ADDED, REAL, TABLE1, TWICE


@pytest.mark.parametrize("arm", [REAL, ADDED])
def test_both_thresholds_of_the_iou_add_up_to_as_many_detections(arm):
    """FP at 0.25 = FP at 0.5 - (sensitivity at 0.25 - that at 0.5) x boxes a slice, within 0.01.

    So a false positive is every detection that is not matched one to one.
    """
    strict, moderate = TABLE1[arm][0.5], TABLE1[arm][0.25]
    boxes = 3094 / 947
    expected = strict.false_positives - (moderate.sensitivity - strict.sensitivity) * boxes
    assert moderate.false_positives == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("arm", "detections", "precision"), [(REAL, 6.30, 0.35), (ADDED, 10.16, 0.25), (TWICE, 8.68, 0.27)]
)
def test_more_sensitivity_came_with_more_boxes(arm, detections, precision):
    row = TABLE1[arm][0.5]
    assert row.detections == pytest.approx(detections, abs=0.005)
    assert row.precision == pytest.approx(precision, abs=0.005)
    rounding = 2 * 0.005 * 3094 / 947 + 2 * 0.005  # of the two decimals of the table, at both IoUs
    assert TABLE1[arm][0.25].detections == pytest.approx(row.detections, abs=rounding)


def test_gains_are_those_of_the_text():
    """ "Improve sensitivity by 0.10 with IoU threshold 0.5 and by 0.08 with IoU threshold 0.25"."""
    gains = {iou: TABLE1[ADDED][iou].sensitivity - TABLE1[REAL][iou].sensitivity for iou in (0.5, 0.25)}
    assert gains == pytest.approx({0.5: 0.10, 0.25: 0.08})
    drawn = TABLE1[ADDED][0.5].detections / TABLE1[REAL][0.5].detections
    assert drawn == pytest.approx(1.61, abs=0.005)


def test_every_number_of_the_table_is_published_once():
    numbers = han_paper.published()
    assert len(numbers) == 2 + 3 * 4  # AP is not quoted of the conference paper's row
    assert len({(row.arm, row.measure, row.iou) for row in numbers}) == len(numbers)
    assert {row.where for row in numbers if row.arm == TWICE} == {"CIKM, Table 1, as quoted"}


def test_synthetic_images_for_100_real_ones():
    assert han_paper.PER_100_REAL == {ADDED: 142, TWICE: 284}
