"""Matches and average precision are those of pycocotools; the rest is counted by hand."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from tests.helpers import random_detections

from synthaug.detection import froc, matching, prediction_table
from synthaug.detection.boxes import BOX
from synthaug.detection.detection_pool import Ranked
from synthaug.detection.measures import Detection

CLASSES, IOUS = ["a", "b"], [0.25, 0.5]


def coco(names, boxes, detections):
    """Evaluate with pycocotools; ids start at 1, since it takes a match with 0 for none."""

    def row(each, number):
        x0, y0, x1, y1 = each[BOX]
        place = {"image_id": names.index(each["slice"]) + 1, "category_id": CLASSES.index(each["class"]) + 1}
        return place | {"id": number + 1, "bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)}

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": number + 1} for number in range(len(names))],
            "categories": [{"id": number + 1, "name": name} for number, name in enumerate(CLASSES)],
            "annotations": [row(each, n) | {"iscrowd": int(each["ignore"])} for n, each in boxes.iterrows()],
        }
        truth.createIndex()
        found = truth.loadRes([row(each, n) | {"score": each["score"]} for n, each in detections.iterrows()])
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.params.iouThrs, evaluation.params.maxDets = np.array(IOUS), [300]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


@pytest.mark.parametrize("seed", range(5))
def test_matches_are_those_of_pycocotools(seed):
    names, boxes, detections = random_detections.tables(seed)
    evaluation = coco(names, boxes, detections)
    for place, iou in enumerate(IOUS):
        ours = matching.matches(boxes, detections, iou)
        assert set(matching.OUTCOMES) == set(ours["outcome"])  # each kind is among them
        for image in filter(None, evaluation.evalImgs):
            for number, box, ignored in zip(
                image["dtIds"], image["dtMatches"][place], image["dtIgnore"][place], strict=True
            ):
                row = ours.iloc[number - 1]
                assert (row["outcome"] == matching.IGNORED) == bool(ignored)
                assert (row["outcome"] == matching.HIT) == (box > 0 and not ignored)
                if box:
                    assert row["box"] == box - 1


@pytest.mark.parametrize("seed", range(5))
def test_average_precision_of_101_recalls_is_that_of_pycocotools(seed):
    names, boxes, detections = random_detections.tables(seed)
    expected = coco(names, boxes, detections).eval["precision"].mean(axis=1)[:, :, 0, 0]  # IoU, class
    test = pd.DataFrame({"slice": names, "patient": names, "fold": 0})
    rows, _ = prediction_table.table(test, boxes, detections, [], prediction_table.Params(CLASSES, IOUS, 1))
    pool = Detection(CLASSES, IOUS, 1, 0.001).pool(rows)
    for place in range(len(IOUS)):
        for cls in range(len(CLASSES)):
            curve = froc.Curve(Ranked.of(pool, place, cls).ranking, np.ones(len(names)))
            assert curve.average_precision_101() == pytest.approx(expected[place, cls], abs=1e-6)


def table(rows, last):
    return pd.DataFrame([("S", "a", *row) for row in rows], columns=["slice", "class", *BOX, last])


def test_what_a_detection_is():
    """The surest takes the box; the second is a duplicate; what lies in a box to be ignored counts nowhere."""
    truth = table([(0, 0, 10, 10, 0), (30, 30, 60, 60, 1)], "ignore")
    found = table(
        [(0, 0, 10, 9, 0.3), (0, 0, 10, 10, 0.9), (35, 35, 40, 40, 0.8), (28, 28, 32, 32, 0.7), (20, 0, 25, 5, 0.6)],
        "score",
    )
    matched = matching.matches(truth, found, 0.5)
    assert matched["outcome"].tolist() == ["duplicate", "hit", "ignored", "false", "false"]
    assert matched["box"].tolist() == [0, 0, 1, matching.NO_BOX, matching.NO_BOX]
    assert matched["overlap"].tolist() == pytest.approx([0.9, 1, 1, 0, 0])  # half-open boxes: no pixel more
    other = found.assign(**{"class": "b"})
    assert set(matching.matches(truth, other, 0.5)["outcome"]) == {"false"}


def test_a_detection_takes_the_nearest_box_that_is_free():
    truth = table([(0, 0, 10, 10, 0), (0, 2, 10, 12, 0)], "ignore")
    found = table([(0, 0, 10, 10, 0.5), (0, 0, 10, 10, 0.9), (0, 0, 10, 10, 0.4)], "score")
    matched = matching.matches(truth, found, 0.5)
    assert matched["outcome"].tolist() == ["hit", "hit", "duplicate"]
    assert matched["box"].tolist() == [1, 0, 0]


def test_nothing_to_find_and_nothing_found():
    truth, found = table([(0, 0, 10, 10, 0)], "ignore"), table([(0, 0, 10, 10, 0.5)], "score")
    assert matching.matches(truth, found.iloc[:0], 0.5).empty
    assert matching.matches(truth.iloc[:0], found, 0.5)["outcome"].tolist() == ["false"]
