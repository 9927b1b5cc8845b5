"""Masks that draw the ground, lie in an alpha channel or are numbered by a palette; windows beside all values."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from steps import roi_cutting
from synthaug.classification import rois
from synthaug.cohort import annotations, cases
from synthaug.errors import InputError
from synthaug.imaging import volumes

SHAPE = (40, 50)
LESION = np.hypot(*(np.indices(SHAPE) - np.array([20, 25])[:, None, None])) <= 9
PARAMS = cases.Params(classes=["cyst"])
CUT = {"margin": 0.25, "scale": "replace", "antialias": False, "padding": "edge"}


@pytest.fixture
def image(tmp_path):
    gray = np.random.default_rng(0).integers(0, 200, SHAPE).astype(np.uint8)
    Image.fromarray(gray).save(tmp_path / "i.png")
    return tmp_path / "i.png"


def checked(folder, mask, of_slices=False):
    (folder / "table.csv").write_text(f"lesion,patient,class,image,mask,label\nL,p,cyst,i.png,{mask},\n")
    return cases.check(folder / "table.csv", replace(PARAMS, of_slices=of_slices)).iloc[0]


def save(array, path, mode=None):
    picture = Image.fromarray(array, mode) if mode else Image.fromarray(array)
    picture.save(path)


@pytest.mark.parametrize("of_slices", [False, True])
@pytest.mark.parametrize("value", [1, 128, 255])
@pytest.mark.parametrize("name", ["whole", "inverted", "one corner free"])
def test_a_mask_that_draws_the_ground(image, caplog, name, value, of_slices):
    mask = {"whole": np.ones(SHAPE, bool), "inverted": ~LESION, "one corner free": ~LESION.copy()}[name]
    if name == "one corner free":
        mask[:4, :4] = False
    save((mask * value).astype(np.uint8), image.parent / "m.png")
    if of_slices:
        checked(image.parent, "m.png", True)
        assert "reaches all four borders" in caplog.text
    else:
        with pytest.raises(
            InputError, match=r"m\.png: .* all four borders of slice 0 and its corners: an inverted mask"
        ):
            checked(image.parent, "m.png")


def test_a_large_lesion_within_a_tight_image_is_read_with_a_word(image, caplog):
    rows, columns = np.indices(SHAPE)
    save((((rows - 19.5) / 20) ** 2 + ((columns - 24.5) / 25) ** 2 <= 1).astype(np.uint8), image.parent / "m.png")
    assert checked(image.parent, "m.png")["diameter_px"] == pytest.approx(50, abs=1)
    assert "reaches all four borders" in caplog.text
    caplog.clear()
    save(LESION.astype(np.uint8), image.parent / "m.png")
    checked(image.parent, "m.png")
    assert caplog.text == ""


@pytest.mark.parametrize("gray", [1, 128, 255])
@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_a_mask_in_the_alpha_channel(image, mode, gray):
    alpha = (LESION * 255).astype(np.uint8)
    save(np.dstack([np.full(SHAPE, gray, np.uint8)] * (len(mode) - 1) + [alpha]), image.parent / "m.png")
    with pytest.raises(InputError, match=r"m\.png: .* the lesion may be in the alpha channel"):
        checked(image.parent, "m.png")


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("clear_ground", [False, True])
def test_a_mask_beside_an_alpha_channel(image, mode, clear_ground):
    alpha = np.where(LESION | (not clear_ground), 255, 0).astype(np.uint8)
    save(np.dstack([(LESION * 255).astype(np.uint8)] * (len(mode) - 1) + [alpha]), image.parent / "m.png")
    assert checked(image.parent, "m.png")["diameter_px"] == pytest.approx(19, abs=1)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize(
    "colours", [[(0, 0, 0), (128, 128, 128), (255, 255, 255)], [(0, 0, 0), (128, 0, 0), (0, 9, 0)]]
)
def test_a_label_of_a_palette_is_its_index(image, colours, suffix):
    picture = Image.fromarray(LESION.astype(np.uint8)).convert("P")
    picture.paste(2, (0, 0, SHAPE[1], 5))
    picture.putpalette([value for colour in colours for value in colour])
    path = image.parent / f"m.{suffix}"
    picture.save(path)
    labels = annotations.read_labels(path, volumes.open_image(image).geometry)
    assert list(labels.names) == [1, 2]
    np.testing.assert_array_equal(labels.lesion(1)[0], LESION)


@pytest.mark.parametrize("offset", [-32768, -500, 500, 32768])
@pytest.mark.parametrize("window", [(-60, 200), (0, 80)])
def test_a_window_beside_all_values(offset, window):
    image = np.random.default_rng(0).integers(*window, SHAPE).astype(np.float32)
    place = {"center_x_px": 25, "center_y_px": 20, "diameter_px": 10, "spacing_x_mm": 1, "spacing_y_mm": 1}
    row = pd.DataFrame([{"lesion": "L", **place}]).itertuples()
    params = rois.Params(**CUT, intensity={"mode": "window", "low": window[0], "high": window[1]})
    (row,) = row
    _, roi, _ = roi_cutting.cut(row, image, "i.png", params, rois.Reach(0.4, 0.1, 4))
    assert roi.std() > 20
    image += offset
    image[:3] = window[0] + 1  # as the padding of a scanner's circle, within the window
    with pytest.raises(InputError, match=rf"lesion L, i\.png: .* the gray value {255 * (offset > 0)} alone"):
        roi_cutting.cut(row, image, "i.png", params, rois.Reach(0.4, 0.1, 4))
