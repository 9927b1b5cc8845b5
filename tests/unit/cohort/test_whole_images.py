"""Images that are classified as a whole: nothing is drawn on them, and their ROI is all of them."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image
from skimage.transform import resize
from tests.helpers import pdf_content
from tests.helpers.augmentations import REACH

from steps import roi_cutting
from synthaug.classification import rois
from synthaug.cohort import cases, contour_sheets
from synthaug.errors import InputError

WHOLE = cases.Params(classes=["normal", "ill"], whole_images=True)
CUT = rois.Params(
    margin=0, scale="replace", antialias=True, padding="constant", intensity={"mode": "window", "low": 0, "high": 255}
)
SHAPES = {"A": (96, 96), "B": (120, 80), "C": (900, 900), "D": (50, 64)}  # rows, columns


def texture(shape, seed):
    coarse = np.random.default_rng(seed).uniform(20, 230, (shape[0] // 8 + 1, shape[1] // 8 + 1))
    return np.rint(resize(coarse, shape, order=3)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """A table without any column of annotations, and its pictures."""
    rows = []
    for place, (name, shape) in enumerate(SHAPES.items()):
        Image.fromarray(texture(shape, place)).save(tmp_path / f"{name}.png")
        rows.append([name, f"p{name}", WHOLE.classes[place % 2], f"{name}.png"])
    pd.DataFrame(rows, columns=["lesion", "patient", "class", "image"]).to_csv(tmp_path / "table.csv", index=False)
    return tmp_path


def test_a_whole_image_is_as_large_as_its_longer_side(folder):
    checked = cases.check(folder / "table.csv", WHOLE).set_index("lesion")
    for name, (rows, columns) in SHAPES.items():
        of_image = checked.loc[name, ["rows", "columns", "center_x_px", "center_y_px", "diameter_px"]]
        assert list(of_image) == [rows, columns, (columns - 1) / 2, (rows - 1) / 2, max(rows, columns)]
    row = {**cases.read_table(folder / "table.csv").iloc[1], "slice": 0}
    image, mask = cases.lesion_on_slice(row, folder)
    np.testing.assert_array_equal(image, np.array(Image.open(folder / "B.png")))
    assert mask.all()


def test_its_roi_is_the_image_as_scikit_image_resizes_it(folder):
    """A longer image is black on both sides; a large one is made from a reduced crop."""
    checked = cases.check(folder / "table.csv", WHOLE)
    found = {}
    for path, _, image, lesions in roi_cutting.key_slices(checked, folder / "table.csv"):
        for row in lesions.itertuples():
            _, found[row.lesion], _ = roi_cutting.cut(row, image, path, CUT, REACH)
    for name, (rows, columns) in SHAPES.items():
        image = np.array(Image.open(folder / f"{name}.png")).astype(float)
        side = max(rows, columns)
        above, left = (side - rows) // 2, (side - columns) // 2
        square = np.pad(image, ((above, above), (left, left)))
        assert square.shape == (side, side)
        theirs = resize(square, (64, 64), order=3, anti_aliasing=side > 64, mode="constant")
        inner = slice(2, -2)
        difference = np.abs(found[name].astype(float) - theirs)[inner, inner]
        assert np.quantile(difference, 0.99) < 6, name  # gray levels; at the black border both overshoot a little
        assert theirs.std() > 20
    beyond = roi_cutting.index(checked, np.zeros((len(checked), 2)), 0).set_index("lesion")["beyond"]
    assert list(beyond) == pytest.approx([0, 1 / 3, 0, 1 - 50 / 64], abs=1e-4)


def test_a_volume_needs_the_slice_that_is_meant(folder):
    sitk.WriteImage(sitk.GetImageFromArray(texture((40, 30), 9)[None].repeat(3, 0)), str(folder / "v.nii.gz"))
    table = pd.read_csv(folder / "table.csv").assign(slice="")
    table.loc[0, ["image", "slice"]] = ["v.nii.gz", "1"]
    table.to_csv(folder / "table.csv", index=False)
    assert cases.check(folder / "table.csv", WHOLE)["slice"].tolist() == [1, 0, 0, 0]
    table.assign(slice="").to_csv(folder / "table.csv", index=False)
    with pytest.raises(InputError, match=r"row 2, lesion A: slice: expected the slice that is meant, found an empty"):
        cases.check(folder / "table.csv", WHOLE)


def test_its_sheet_speaks_of_no_outline(folder):
    params = contour_sheets.Params({"mode": "window", "low": 0, "high": 255}, 0.99, 0)
    checked, seen = cases.check(folder / "table.csv", WHOLE), np.zeros((len(SHAPES), 64, 64), np.uint8)
    units = checked[["lesion"]].assign(beyond=0.0)
    contour_sheets.write(checked, folder / "table.csv", params, units, seen, folder / "contours.pdf")
    first, *_ = pdf_content.pages((folder / "contours.pdf").read_bytes())
    legend = pdf_content.texts(first)[1][2]
    assert legend.startswith("Nothing is outlined: the network sees whole images, as in the middle")


@pytest.mark.parametrize(("column", "cell"), [("mask", "B.png"), ("box", "0,0,9,9"), ("polygon", "1,1 2,5 7,7")])
def test_what_is_drawn_contradicts_the_config(folder, column, cell):
    table = pd.read_csv(folder / "table.csv").assign(**{column: ""})
    table.loc[1, column] = cell
    table.to_csv(folder / "table.csv", index=False)
    with pytest.raises(InputError, match=f"row 3, lesion B: .*annotation: none, found {column}; clear the cell"):
        cases.check(folder / "table.csv", WHOLE)


def test_nothing_drawn_is_refused_where_the_config_does_not_say_so(folder):
    drawn = cases.Params(classes=WHOLE.classes)
    with pytest.raises(InputError, match="row 1: expected a column mask, polygon or box, found none; add one"):
        cases.check(folder / "table.csv", drawn)
    pd.read_csv(folder / "table.csv").assign(mask="").to_csv(folder / "table.csv", index=False)
    with pytest.raises(InputError, match="4 problems") as caught:
        cases.check(folder / "table.csv", drawn)
    assert "row 2, lesion A: expected one of mask, polygon and box, found none" in str(caught.value)


def test_the_sheet_shows_the_image_itself_not_its_surroundings():
    row = pd.Series({"diameter_px": 120.0, "center_x_px": 39.5, "center_y_px": 59.5})
    assert contour_sheets.close_up(row, 0) == (-20.5, -0.5, 120)
