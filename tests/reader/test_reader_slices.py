"""A study of whole slices in a real browser: no class is asked, and each pixel of a slice is shown."""

import csv

import numpy as np
import pytest
from PIL import Image

from tests.reader.browser import Reader
from tests.reader.packs import build_pack_of_slices

pytestmark = pytest.mark.slow
SIDE = 48


def test_reader_tells_real_from_synthetic_slices(browser, studies):
    study = studies(build_pack_of_slices, side=SIDE, real=2, synthetic=2, repeats=1, training=1)
    truth, other = study.facts["training"][0]["origin"], {"real": "synthetic", "synthetic": "real"}
    reader = Reader(browser)
    reader.follow(study.links["reader-1"])
    assert "which class" not in reader.page.inner_text("#start").lower()
    reader.press("Enter")
    reader.wait_for("Practice image 1 of 2")
    assert reader.page.query_selector_all("#answer fieldset:has([name=class])") == []
    reader.press("Enter")
    reader.page.wait_for_selector("#alert:text('Choose real or synthetic first.')")
    reader.press(other[truth][0], "2", "Enter")
    reader.page.wait_for_selector("#truth:visible")
    assert reader.page.inner_text("#truth-origin") == f"{truth}; you said {other[truth]}"
    assert reader.page.query_selector("#truth-class") is None
    assert reader.page.text_content("#status") == f"Origin: {truth}; you said {other[truth]}."
    reader.go_on()
    reader.wait_for("Practice image 2 of 2")
    reader.press("r", "1", "Enter")
    reader.go_on()
    reader.page.wait_for_selector("#start:visible")
    reader.press("Enter")
    reader.wait_for("Image 1 of 5")

    # Without interpolation each pixel of the slice is a square of the canvas; no width is known, so there is no bar.
    reader.press("i")
    shown = study.facts["presentations"]["reader-1"]
    source = np.asarray(Image.open(study.folder / f"pack/images/{shown[0]}.png"))
    assert source.shape == (SIDE, SIDE)
    canvas = reader.canvas()
    at = ((np.arange(len(canvas)) + 0.5) * SIDE / len(canvas)).astype(int)
    np.testing.assert_array_equal(canvas, source[np.ix_(at, at)])
    assert not reader.page.is_visible("#scale")

    # An answer that is undone comes back with what was chosen, and is given anew.
    plan = [("real", 5), ("synthetic", 4), ("real", 3), ("synthetic", 2), ("real", 1)]
    reader.press("s", "1", "Enter")
    reader.wait_for("Image 2 of 5")
    reader.press("u")
    reader.wait_for("Image 1 of 5")
    assert reader.chosen() == ["synthetic", "1"]
    for number, (origin, confidence) in enumerate(plan, start=1):
        reader.wait_for(f"Image {number} of 5")
        reader.press(origin[0], str(confidence), "Enter")
    reader.wait_for_end()
    done = study.run("export", "--out", str(study.folder / "answers.csv"))
    assert done.returncode == 0, done.stderr
    with (study.folder / "answers.csv").open(newline="") as file:
        rows = [(row["image"], row["class"], row["origin"], int(row["confidence"])) for row in csv.DictReader(file)]
    assert rows == [(image, "all", *answer) for image, answer in zip(shown, plan, strict=True)]
    assert reader.errors == []
