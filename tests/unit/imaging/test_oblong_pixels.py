"""Pixels that are not square: what is a circle in mm is one in ROIs and slices, however it is stored.

One scene, a smooth function of mm, is stored in pixels of 0.5 x 0.5, 0.5 x 1 and 1 x 0.5 mm.
"""

import logging

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image
from tests.helpers import annotated
from tests.helpers.augmentations import PAPER, REACH

from steps import boxed_slices, classic_pool, roi_cutting, slice_cutting
from synthaug.classification import augment, rois
from synthaug.cohort import case_table, cases, drawn_lesions
from synthaug.detection import crops, preprocessing
from synthaug.imaging import picture_files, pixel_shapes, volumes
from synthaug.segmentation import slices

FIELD = 120  # mm
CENTER, RADIUS = (66.0, 48.0), 15.0  # x, y and radius of the disc, mm
STORED = {"square": (0.5, 0.5), "low": (0.5, 1.0), "wide": (1.0, 0.5)}  # width and height of a pixel, mm
WINDOW = {"mode": "window", "low": 0, "high": 200}
CUT = rois.Params(margin=0.25, scale="replace", antialias=True, padding="constant", intensity=WINDOW)


def distance(width, height):
    """Return how far the pixels' centres are from the disc's, mm: (rows, columns)."""
    x, y = ((np.arange(round(FIELD / size)) + 0.5) * size for size in (width, height))
    return np.hypot(x[None] - CENTER[0], y[:, None] - CENTER[1])


def scene(width, height):
    """Return a slice with a bright disc, its edge 4 mm wide, on waves: float32 (rows, columns)."""
    x, y = ((np.arange(round(FIELD / size)) + 0.5) * size for size in (width, height))
    waves = 20 * np.sin(x / 9)[None] * np.cos(y / 13)[:, None]
    return (60 + waves + 80 / (1 + np.exp(distance(width, height) - RADIUS))).astype(np.float32)


def px(width, height):
    """Return the place of the disc's centre, x and y in px."""
    return CENTER[0] / width - 0.5, CENTER[1] / height - 0.5


def roi(name, augmentations, params=CUT, scale=1.0, draws=REACH):
    """Return images of the disc, with ``scale`` times its diameter, cut from one of `STORED`."""
    width, height = STORED[name]
    diameter, aspect = 2 * RADIUS * scale / width, height / width
    crop = rois.crop(scene(width, height), *px(width, height), diameter, params, draws, 0, aspect)
    maps = augment.matrices(augmentations, diameter, params, aspect)
    return augment.apply(rois.lowpass(crop, diameter, params, aspect), maps, 0, 200)


@pytest.mark.parametrize("name", ["low", "wide"])
@pytest.mark.parametrize("scale", [1.0, 2.4])  # enlarged, and beyond the border
def test_augmentations_are_those_of_square_pixels(name, scale):
    width = STORED[name][0]
    drawn = pd.DataFrame(
        [(0.0, "none", 0.0, 0.0, np.nan), (33.0, "up-down", 0.0, 0.0, np.nan), (120.0, "none", 3.0, -2.0, np.nan),
         (75.0, "left-right", 0.0, 0.0, 0.4)],
        columns=augment.COLUMNS,
    )  # fmt: skip
    of_widths = drawn.assign(shift_x_px=drawn["shift_x_px"] * 0.5 / width, shift_y_px=drawn["shift_y_px"] * 0.5 / width)
    expected, found = roi("square", drawn, scale=scale).astype(int), roi(name, of_widths, scale=scale).astype(int)
    if scale == 1:
        assert np.abs(found - expected).max() <= 4
    assert np.abs(found - expected).mean() < 0.7
    assert np.abs(np.transpose(found, (0, 2, 1)) - expected).mean() > 2  # the test sees which way is up


def test_a_large_roi_is_reduced_along_each_axis():
    """Of 8,192 x 4,096 px: rows are reduced half as much as columns, and all is as one scaled slice."""
    params = rois.Params(margin=0, scale="replace", antialias=True, padding="edge", intensity=WINDOW)
    x, y = (np.arange(4096) + 0.5) * 0.5, (np.arange(2048) + 0.5)
    image = (100 + 60 * np.sin(x / 200)[None] * np.cos(y / 150)[:, None]).astype(np.float32)
    crop = rois.crop(image, 2047.5, 1023.5, 4096, params, rois.Reach(0, 0, None), 0, 2.0)
    assert rois.reduction(4096, params) > rois.reduction(2048, params) > 1
    maps = augment.matrices(augment.identity(), 4096, params, 2.0)
    made = augment.apply(rois.lowpass(crop, 4096, params, 2.0), maps, 0, 200)[0]
    at = (np.arange(64) + 0.5) * 32
    expected = (100 + 60 * np.sin(at / 200)[None] * np.cos(at / 150)[:, None]) * 255 / 200
    np.testing.assert_allclose(made[2:-2, 2:-2], expected[2:-2, 2:-2], atol=1.5)


@pytest.mark.parametrize("name", ["low", "wide"])
def test_the_share_beyond_the_image(name):
    width, height = STORED[name]
    shape = (round(FIELD / height), round(FIELD / width))
    found = rois.share_beyond(shape, -0.5, 10 / height - 0.5, 40 / width, 0.25, height / width)
    assert found == pytest.approx(1 - 30 * 40 / 60**2)  # of 60 mm, half lies left of the image, and 20 mm above


@pytest.mark.parametrize("seed", range(40))
def test_rectangles_that_are_square_in_mm(seed):
    random = np.random.default_rng(seed)
    rows, columns = (int(length) for length in random.integers(1, 600, 2))
    aspect = float(np.exp(random.uniform(-1.5, 1.5)))
    down, across = pixel_shapes.square(rows, columns, aspect)
    assert down >= rows
    assert across >= columns
    assert abs(down * aspect - across) <= 0.5 * max(1, aspect) + 1e-5
    assert min((down - rows) * aspect, across - columns) <= max(1, aspect) + 0.5  # no larger than it must be
    assert pixel_shapes.square(rows, columns, 1.0) == (max(rows, columns),) * 2


@pytest.mark.parametrize("name", ["low", "wide"])
def test_slices_are_those_of_square_pixels(name):
    params = slices.Params(["a"], 64, WINDOW, 0, None)
    aspect = STORED[name][1] / STORED[name][0]
    expected = slices.gray(scene(*STORED["square"]), params).astype(int)
    found = slices.gray(scene(*STORED[name]), params, aspect).astype(int)
    assert np.abs(found - expected).max() <= 6
    labels = slices.labels((distance(*STORED[name]) < RADIUS).astype(np.uint8), 64, aspect)
    at = (np.arange(64) + 0.5) * FIELD / 64
    inside = np.hypot(at[None] - CENTER[0], at[:, None] - CENTER[1])
    assert labels[inside < RADIUS - 0.75].all()
    assert not labels[inside > RADIUS + 0.75].any()
    assert slices.pixel_mm((240, 120), 1.0, 64, 0.5) == slices.pixel_mm((240, 240), 0.5, 64) == FIELD / 64


@pytest.mark.parametrize("name", ["low", "wide"])
@pytest.mark.parametrize("how", ["none", "square", "stretch"])
def test_boxes_and_crops_are_those_of_square_pixels(name, how):
    made = {}
    for each in ("square", name):
        width, height = STORED[each]
        organ = distance(width, height) < 40
        params = preprocessing.Params(["a"], 128, WINDOW, "none", how, 0)
        prepared = preprocessing.prepare(scene(width, height)[None], organ[None], params, height / width)
        box = [(CENTER[axis] + sign * RADIUS) / (width, height)[axis] for sign in (-1, 1) for axis in (0, 1)]
        made[each] = prepared, prepared.crop.moved(np.array(box), 128)[0]
    (expected, expected_box), (found, box) = made["square"], made[name]
    np.testing.assert_allclose(box, expected_box, atol=1.0)  # crops begin at whole pixels, of 1 mm here
    assert box[2] - box[0] == pytest.approx(box[3] - box[1], rel=0.015 if how != "stretch" else 0.06)
    assert np.abs(found.images.astype(int) - expected.images).mean() < 2.5


def test_organs_are_cut_out_of_squares_in_mm():
    organ = np.zeros((100, 300), bool)
    organ[20:70, 100:200] = True  # 100 x 100 mm at 1 x 2 mm
    found = crops.of(organ, "square", 2.0)
    assert found.width == pytest.approx(2 * found.height, abs=1)
    assert (found.left + found.width / 2, found.top + found.height / 2) == pytest.approx((150, 45), abs=1)


def nifti(folder, name, width, height):
    for file, values in (
        ("image", scene(width, height)),
        ("mask", (distance(width, height) < RADIUS).astype(np.uint8)),
    ):
        image = sitk.GetImageFromArray(np.stack([values * 0.9 if file == "image" else values * 0, values]))
        image.SetSpacing((width, height, 3.0))
        sitk.WriteImage(image, str(folder / f"{name}-{file}.nii.gz"))
    return {"image": f"{name}-image.nii.gz", "mask": f"{name}-mask.nii.gz"}


def series(folder, name, width, height):
    values = np.rint(scene(width, height)).astype(np.uint16) + 1000
    tags = {"PixelSpacing": [height, width], "Rows": values.shape[0], "Columns": values.shape[1]}
    annotated.write_series(folder / name, PixelData=values.tobytes(), **tags)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    x, y = px(width, height)
    points = zip(x + RADIUS / width * np.cos(angle), y + RADIUS / height * np.sin(angle), strict=True)
    return {"image": name, "polygon": " ".join(f"{a:.3f},{b:.3f}" for a, b in points), "slice": "3"}


@pytest.fixture(params=[nifti, series])
def cohort(tmp_path, request):
    """The scene as stored in each way, a patient each: its case table, and what the check finds."""
    rows = [
        {"lesion": name, "patient": name, "class": "a"} | request.param(tmp_path, name, *sizes)
        for name, sizes in STORED.items()
    ]
    table = tmp_path / "cases.csv"
    pd.DataFrame(rows).to_csv(table, index=False)
    return table, cases.check(table, cases.Params(["a"]))


def test_what_is_measured(cohort, caplog):
    table, checked = cohort
    for row in checked.itertuples():
        width, height = STORED[row.lesion]
        assert (row.spacing_x_mm, row.spacing_y_mm) == (width, height)
        assert row.diameter_mm == pytest.approx(2 * RADIUS, abs=1.2)
        assert row.diameter_px * width == pytest.approx(row.diameter_mm, abs=1e-5)
        assert (row.center_x_px, row.center_y_px) == pytest.approx(px(width, height), abs=0.51)
    with caplog.at_level(logging.WARNING):
        cases.check(table, cases.Params(["a"]))
    assert "2 images, such as low" in caplog.text
    assert pixel_shapes.REMARK in caplog.text


def extents(mask):
    return np.ptp(np.flatnonzero(mask.any(axis=0))) + 1, np.ptp(np.flatnonzero(mask.any(axis=1))) + 1


def test_circles_stay_circles_in_rois(cohort):
    table, checked = cohort
    images, limits = {}, np.tile([0.0, 200.0], (3, 1))
    for path, _, image, lesions in roi_cutting.key_slices(checked, table):
        for row in lesions.itertuples():
            crop, images[row.lesion], _ = roi_cutting.cut(row, image, path, CUT, REACH)
            images[row.lesion, "crop"] = crop
    index = roi_cutting.index(checked, limits, CUT.margin)
    assert index.set_index("lesion")["aspect"].to_dict() == {"low": 2.0, "square": 1.0, "wide": 0.5}
    square = checked["lesion"] == "square"
    assert "aspect" not in roi_cutting.index(checked[square], limits[:1], CUT.margin)
    for row in checked.itertuples():
        across, down = extents(images[row.lesion] > 100 * 255 / 200)
        assert abs(across - down) <= 2  # waves lie over the edge
        assert across == pytest.approx(64 / 1.5 * 2 * RADIUS / row.diameter_mm, abs=2.1)
    pool = {
        table["lesion"].iloc[0]: made
        for table, made in classic_pool.build(index, {row: images[row, "crop"] for row in STORED}, CUT, PAPER, 1)
    }
    for name, made in pool.items():
        whole = [made[at] for at in range(0, 480, 37)]
        for image in whole:
            across, down = extents(image > 118)
            assert abs(across - down) <= 3, name


def test_circles_stay_circles_in_slices(cohort):
    table, checked = cohort
    cut = slice_cutting.cut(checked, table, slices.Params(["a"], 64, WINDOW, 0, None))
    for row, labels in zip(cut.table.itertuples(), cut.labels, strict=True):
        across, down = extents(labels > 0)
        assert abs(across - down) <= 1
        assert across * row.pixel_mm == pytest.approx(2 * RADIUS, abs=2.5)
    boxed = boxed_slices.cut(checked, table, preprocessing.Params(["a"], 64, WINDOW, "none", "none", 0))
    for box in boxed.boxes.itertuples():
        assert box.x1 - box.x0 == pytest.approx(box.y1 - box.y0, abs=0.6)
        assert (box.x0 + box.x1) / 2 == pytest.approx(CENTER[0] * 64 / FIELD, abs=0.6)
        assert (box.y0 + box.y1) / 2 == pytest.approx(CENTER[1] * 64 / FIELD, abs=0.6)


def test_circles_stay_circles_on_sheets(cohort):
    table, checked = cohort
    read = drawn_lesions.Reader(case_table.read_table(table), table.parent, WINDOW, pd.DataFrame(), np.zeros(0)).read
    for _, row in checked.iterrows():
        lesion = read(row)
        across, down = extents(lesion.mask)
        assert abs(across - down) <= 2
        assert lesion.image.shape[0] == lesion.image.shape[1]
        middle = np.argwhere(lesion.mask).mean(axis=0)
        np.testing.assert_allclose(lesion.row[["center_y_px", "center_x_px"]].to_numpy(float), middle, atol=1.1)


def test_boxes_of_circles_are_squares_on_sheets(cohort):
    table, checked = cohort
    drawn = case_table.read_table(table)
    drawn[["mask", "polygon"]] = ""
    drawn["box"] = [
        ",".join(str((CENTER[axis] + sign * RADIUS) / STORED[name][axis]) for sign in (-1, 1) for axis in (0, 1))
        for name in drawn["lesion"]
    ]
    read = drawn_lesions.Reader(drawn, table.parent, WINDOW, pd.DataFrame(), np.zeros(0)).read
    for _, row in checked.iterrows():
        expected = np.array([CENTER[axis] + sign * RADIUS for sign in (-1, 1) for axis in (0, 1)])
        np.testing.assert_allclose(read(row).box, expected / STORED[row["lesion"]][0])


def test_pixels_within_one_per_cent_are_square():
    geometry = volumes.Geometry((1, 9, 9), (3.0, 0.701, 0.7), (0, 0, 0), ((0, 0, 1), (0, 1, 0), (1, 0, 0)))
    assert geometry.aspect == 1
    assert volumes.Geometry((1, 9, 9)).aspect == 1


@pytest.mark.parametrize(("name", "options"), [("a.png", {}), ("a.jpg", {}), ("a.tif", {"resolution_unit": 2})])
@pytest.mark.parametrize(("dpi", "said"), [((96, 96), []), ((96, 192), [picture_files.OBLONG]), (None, [])])
def test_pictures_that_say_so_are_taken_for_square(tmp_path, name, options, dpi, said):
    image = Image.fromarray(scene(0.5, 1.0).astype(np.uint8))
    image.save(tmp_path / name, **options, **({"dpi": dpi} if dpi else {}))
    source = volumes.open_image(tmp_path / name)
    assert source.check() == said
    assert source.geometry.aspect == 1
