"""The names of the measures of detection, as they stand in tables and figures."""

PRIMARY = "sensitivity at equal false positives"
MEAN = "mean sensitivity, IoU {iou:g}"
PER_LESION = "lesion sensitivity at equal false positives, IoU {iou:g}"
PER_PATIENT = "sensitivity per patient at equal false positives, IoU {iou:g}"
SIZES = ("small", "medium", "large")
OF_SIZE = "sensitivity of {size} boxes at equal false positives, IoU {iou:g}"
AP, AP_101 = "AP, IoU {iou:g}", "AP of 101 recalls, IoU {iou:g}"
AT_SCORE = "sensitivity from score {score:g}, IoU {iou:g}"
VALIDATED = "sensitivity at the validation threshold, IoU {iou:g}"
# With a minus, so that larger is better.
FALSE_AT_SENSITIVITY = "-false positives a slice at sensitivity {sensitivity:g}, IoU {iou:g}"
FALSE_AT_SCORE = "-false positives a slice from score {score:g}, IoU {iou:g}"
DUPLICATES_AT_SCORE = "-duplicates a slice from score {score:g}, IoU {iou:g}"
FALSE_WITHOUT_BOXES = "-false positives a slice without boxes from score {score:g}, IoU {iou:g}"
FALSE_VALIDATED = "-false positives a slice at the validation threshold, IoU {iou:g}"
FRACTIONS = {1 / 8: "1/8", 1 / 4: "1/4", 1 / 2: "1/2"}


def at_rate(rate: float, iou: float) -> str:
    """Return the name of the sensitivity at ``rate`` false positives a slice.

    >>> at_rate(0.125, 0.5), at_rate(1, 0.25)
    ('sensitivity at 1/8 false positives a slice, IoU 0.5', 'sensitivity at 1 false positive a slice, IoU 0.25')
    """
    return f"sensitivity at {FRACTIONS.get(rate, f'{rate:g}')} false positive{'s' * (rate != 1)} a slice, IoU {iou:g}"
