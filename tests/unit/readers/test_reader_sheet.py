"""The sheet of images that fooled every reader: each in its place, with its number and what chance would give."""

import numpy as np
import pandas as pd
import pytest

from synthaug.readers import fooled_sheet

CLASSES = ["cyst", "metastasis"]


def fooling(real, synthetic):
    rows = []
    for origin, number in (("synthetic", synthetic), ("real", real)):
        for i in range(number):
            rows.append(
                {
                    "image": f"{origin}{i}",
                    "origin": origin,
                    "class": CLASSES[i % 2],
                    "lesion": f"a-lesion-with-a-very-long-name-{i}" if origin == "real" else "",
                    "generator": "dcgan",
                    "folds": "12",
                    "sample": str(i),
                    "confidence": 5 - i / 50,
                }
            )
    return pd.DataFrame(
        rows, columns=["image", "origin", "class", "lesion", "generator", "folds", "sample", "confidence"]
    )


@pytest.mark.parametrize(("real", "synthetic", "drawn"), [(0, 0, 0), (3, 9, 12), (1, 30, 25)])
def test_sheet_of_what_fooled_the_readers(real, synthetic, drawn):
    table = fooling(real, synthetic)
    images = {name: np.full((64, 64), i, np.uint8) for i, name in enumerate(table["image"])}
    expected = {"real": (0.5, 40), "synthetic": (7.25, 60)}
    figure = fooled_sheet.sheet(table, images, expected, 2, CLASSES)
    assert len(figure.axes) == drawn
    texts = [text.get_text() for text in figure.texts]
    heading = (
        f"Synthetic, taken for real by both readers: {synthetic} of 60; 7.2 expected if readers erred independently"
    )
    assert any(text.startswith(heading) for text in texts)
    assert texts.count("none") == (real == 0) + (synthetic == 0)
    assert any("the surest 24" in text for text in texts) == (synthetic > 24)
    shown = [axes.images[0].get_array()[0, 0] for axes in figure.axes]
    assert shown[: min(synthetic, 24)] == list(range(min(synthetic, 24)))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.texts] + [axes.get_window_extent() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert box.x1 <= figure.bbox.x1
        assert box.y0 >= figure.bbox.y0
        assert not any(box.overlaps(other) for other in boxes[i + 1 :]), texts


def test_sheet_of_one_reader_expects_nothing():
    figure = fooled_sheet.sheet(
        fooling(1, 0),
        {"real0": np.zeros((64, 64), np.uint8)},
        dict.fromkeys(("real", "synthetic"), (1.0, 4)),
        1,
        CLASSES,
    )
    texts = [text.get_text() for text in figure.texts]
    assert "Real, taken for synthetic by the one reader: 1 of 4" in texts
