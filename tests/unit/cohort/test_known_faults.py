"""A folder of inputs that were once handled wrongly, each with its right result; SYNTHAUG_CASES names the folder.

What each is made of stands in its README. The tests of the mechanisms behind them make their own files.
"""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from steps import roi_cutting
from synthaug.classification import rois
from synthaug.cohort import cases
from synthaug.errors import InputError
from synthaug.imaging import volumes

FOLDER = Path(os.environ.get("SYNTHAUG_CASES") or Path(__file__).parents[4] / "shared" / "cases")
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no folder of known faults at {FOLDER}; SYNTHAUG_CASES may name it"
)
PARAMS = cases.Params(classes=["cyst", "metastasis"])
REFUSED = {  # in the order of the rows, what their lines say
    "01-nifti-sform-qform-mirrored": [r"image\.nii\.gz: .* sform and qform \(codes 2 and 1\)"],
    "03-tiff-grey-alpha": [r"i\.tif: .* found 2 samples a pixel"],
    "04-tiff-float16": [r"i\.tif: .* found float samples of 16 bits"],
    "06-jpeg-exif-rotated": [r"i\.jpg: .* found the EXIF orientation 6"],
    "09-mask-whole-image": [r"inverted\.png: .* all four borders", r"alpha\.png: .* alpha channel"],
    "11-two-phases-in-one-series": [r"ct: expected one scan, found 2 of different AcquisitionNumber"],
    "13-one-slice-without-rescale": [r"im02\.dcm: expected a RescaleSlope"],
    "15-highbit-left-justified": [r"0\.dcm: expected HighBit 11"],
    "17-raw-longer-than-header": [r"v\.mhd: expected 12800 bytes of voxels in v\.raw, found 13152"],
    "18-polygon-decimal-comma-and-line": [r"polygon: expected \"x,y x,y", r"polygon: .* found a line"],
    "20-tiff-directory-loop": [r"i\.tif: expected a whole TIFF file, .* damaged directory"],
    "30-foreign-objects-in-the-series-folder": [
        r"DIRFILE: expected a slice, found a DICOM file without pixels; move it"
    ],
    "32-rtstruct-open-planar": [r"rs\.dcm, ROI 1 \(lesion\), contour 1: expected closed contours, found OPEN_PLANAR"],
    "34-nifti-names-and-compression": [
        r"plain\.nii\.gz: .* found a NIfTI-1 file; rename it to end in \.nii$",
        r"packed\.nii: .* found a NIfTI-1 file in gzip; rename it to end in \.nii\.gz$",
    ],
    "39-jpeg-with-trailer-and-wrong-extensions": [
        r"png\.jpg: .* found a PNG file; rename it",
        r"jpg\.png: .* found a JPEG file; rename it",
    ],
    "40-series-uid-per-slice": [r"ct: expected one DICOM series, found 120: .{60,400} and 117 more;"],
    "42-dangling-link-in-the-folder": [r"im04\.dcm: .* a link to a file that is not there; .*git annex get"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_right_is_refused_in_one_line_that_names_the_cause(name, tmp_path, capfd):
    folder = FOLDER / name
    if name.startswith("42"):
        folder = shutil.copytree(folder, tmp_path / name)
        (folder / "ct").chmod(0o755)
        (folder / "ct/im04.dcm").symlink_to("../../nowhere/im04.dcm")
    with pytest.raises(InputError) as caught:
        cases.check(folder / "table.csv", PARAMS)
    head, *lines = str(caught.value).split("\n")
    assert head.endswith("problems" if len(lines) > 1 else "1 problem")
    assert len(lines) == len(REFUSED[name])
    for line, expected in zip(lines, REFUSED[name], strict=True):
        assert re.search(expected, line), line
        assert len(line) < 600
    assert capfd.readouterr() == ("", "")


def case(name: str) -> Path:
    return FOLDER / name


def located(folder: Path, lesion: str = "L0") -> tuple[float, ...]:
    """Return slice, centre and diameter of a lesion as the workflow has them."""
    checked = cases.check(folder / "table.csv", PARAMS).set_index("lesion").loc[lesion]
    return tuple(checked[["slice", "center_x_px", "center_y_px", "diameter_px"]])


@pytest.mark.parametrize(
    ("name", "slice_", "x", "y", "diameter"),
    [
        ("07-rtstruct-duplicate-contour", 2, 20, 20, 16),
        ("31-rtstruct-without-preamble", 2, 20, 20, 17),
        ("33-folder-of-one-rtstruct", 2, 20, 20, 17),
        ("35-nifti-2", 1, 12.5, 12.5, 15),
        ("38-palette-mask", 0, 20, 30, 13),
        ("43-slicer-cropped-segmentation", 2, 13.5, 15.5, 11.3),  # x 10 to 17, y 12 to 19
    ],
)
def test_annotations_that_are_read(name, slice_, x, y, diameter, capfd):
    found = located(case(name))
    assert found[0] == slice_
    if name.startswith(("38", "43")):
        assert found[1:3] == (x, y)
    assert found[3] == pytest.approx(diameter, abs=1)
    assert capfd.readouterr() == ("", "")


def test_a_tiled_tiff_file_has_its_values():
    image, mask = (volumes.open_image(case("02-tiff-tiled-16-bit") / name) for name in ("i.tif", "m.tif"))
    image.check()
    np.testing.assert_array_equal(image.slice(0), tifffile.imread(image.path))
    assert (image.slice(0).min(), image.slice(0).max()) == pytest.approx((1000, 1600), abs=1)
    assert set(np.unique(mask.volume())) == {0, 1}


def test_a_jpeg_file_with_bytes_behind_its_end_is_read():
    path = case("39-jpeg-with-trailer-and-wrong-extensions") / "t.jpg"
    source = volumes.open_image(path)
    source.check()
    with Image.open(path) as picture:
        np.testing.assert_array_equal(source.slice(0), np.array(picture.convert("L")))


def test_a_window_beside_all_values_is_refused():
    folder = case("10-window-outside-the-values")
    checked = cases.check(folder / "table.csv", PARAMS)
    params = rois.Params(0.25, "replace", False, "edge", {"mode": "window", "low": -60, "high": 200})
    reach = rois.Reach(0.4, 0.1, 4)
    refused = {}
    for path, _, image, lesions in roi_cutting.key_slices(checked, folder / "table.csv"):
        for row in lesions.itertuples():
            try:
                roi_cutting.cut(row, image, path, params, reach)
            except InputError as error:
                refused[row.lesion] = str(error)
    assert {"L0", "L1"} <= set(refused)
    assert "found the gray value 255 alone" in refused["L0"]


def test_a_slice_without_preamble_is_in_the_stack():
    source = volumes.open_image(case("12-last-slice-not-recognised") / "ct")
    assert source.geometry.size[0] == 5
    source.volume()
