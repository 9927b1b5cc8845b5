"""SEG files written by highdicom and RTSTRUCT files written by rt-utils, read onto their series."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from highdicom import Volume
from highdicom.seg import Segmentation
from pydicom.uid import RLELossless
from tests.helpers import annotated
from tests.helpers.annotated import FLIPS, LESIONS, SHAPE
from tests.helpers.annotated.segmentations import described, write_seg

from synthaug.cohort import annotations, cases, dicom_annotations
from synthaug.errors import InputError
from synthaug.imaging import volumes

SCRIPTS = Path(__file__).parents[3] / "scripts"
REAL = Path(os.environ.get("SYNTHAUG_REAL_DATA", "/nonexistent"))
real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="SYNTHAUG_REAL_DATA names no folder with the unzipped real data sets"
)


def write_nifti(path, series, mask):
    """Write a mask, (z, y, x), on the grid of a series."""
    geometry = volumes.open_image(series).geometry
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(geometry.spacing[::-1])
    image.SetOrigin(geometry.origin)
    image.SetDirection(np.array(geometry.direction[::-1]).T.ravel())
    sitk.WriteImage(image, str(path))


def read(path, series, *, resample=False):
    return annotations.read_labels(path, volumes.open_image(series).geometry, resample=resample)


@pytest.fixture
def ct(tmp_path):
    annotated.write_series(tmp_path / "ct")
    return tmp_path / "ct"


def refusal(path, series, label=None):
    """Return the one line that refuses the file or, with a label, that lesion of it."""
    with pytest.raises(InputError) as caught:
        read(path, series) if label is None else read(path, series).lesion(label)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert "expected" in message
    assert "found" in message
    assert ";" in message
    return message


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("flips", FLIPS)
def test_seg_comes_back_as_it_was_given_to_highdicom(tmp_path, flips, reverse):
    annotated.write_series(tmp_path / "ct", flips, reverse)
    labels = read(write_seg(tmp_path / "any name", tmp_path / "ct", LESIONS, flips), tmp_path / "ct")
    assert labels.listed() == "1 (lesion 1), 2 (lesion 2), 3 (lesion 3), 4 (lesion 4)"
    for number, lesion in enumerate(LESIONS, 1):  # 1 and 3 overlap
        np.testing.assert_array_equal(labels.lesion(number), lesion)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("BINARY", {"omit_empty_frames": False}),
        ("LABELMAP", {}),
        ("LABELMAP", {"omit_empty_frames": False, "transfer_syntax_uid": RLELossless}),
    ],
)
def test_kinds_of_seg(tmp_path, ct, kind, options):
    lesions = LESIONS[[0, 1, 3]]  # without overlap
    labels = read(write_seg(tmp_path / "seg.dcm", ct, lesions, kind=kind, **options), ct)
    assert list(labels.names) == [1, 2, 3]
    for number, lesion in enumerate(lesions, 1):
        np.testing.assert_array_equal(labels.lesion(number), lesion)


def test_seg_of_a_few_slices(tmp_path, ct):
    """Frames of single, unevenly spaced slices, whose distance the file cannot know."""
    lesion = LESIONS[:1] & np.isin(np.arange(SHAPE[0]), [1, 3])[:, None, None]
    np.testing.assert_array_equal(read(write_seg(tmp_path / "two.dcm", ct, lesion), ct).lesion(1), lesion[0])
    path = write_seg(tmp_path / "one.dcm", ct, LESIONS[:1], slices=slice(2, 3))
    np.testing.assert_array_equal(read(path, ct).lesion(1)[2], LESIONS[0][2])
    assert not np.delete(read(path, ct).lesion(1), 2, axis=0).any()


def test_seg_of_a_part_of_each_slice(tmp_path, ct):
    """Highdicom cuts a volume around the lesion and turns its axes; the voxels are the image's."""
    whole = Volume(
        LESIONS[1].astype(np.uint8),
        np.array([[0, 0, 0.7, -14.3], [0, 0.7, 0, -17.1], [2.5, 0, 0, 30.0], [0, 0, 0, 1]]),
        "PATIENT",
        frame_of_reference_uid=annotated.FRAME_OF_REFERENCE,
    )
    part = whole[3:, 20:45, 2:30].permute_spatial_axes([1, 2, 0])
    images = [pydicom.dcmread(file) for file in ct.iterdir()]
    segmentation = Segmentation(
        images, part, "BINARY", [described(1)], "1.2.3.1", 2, "1.2.3.2", 1, "highdicom", "test", "1", "1"
    )
    segmentation.save_as(tmp_path / "part.dcm")
    np.testing.assert_array_equal(read(tmp_path / "part.dcm", ct).lesion(1), LESIONS[1])


def test_seg_on_a_volume_file_of_the_series(tmp_path, ct):
    write_nifti(tmp_path / "ct.nii.gz", ct, np.zeros(SHAPE))
    path = write_seg(tmp_path / "seg.dcm", ct, LESIONS)
    np.testing.assert_array_equal(read(path, tmp_path / "ct.nii.gz").lesion(3), LESIONS[2])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("flips", FLIPS)
def test_rtstruct_comes_back_as_it_was_given_to_rt_utils(tmp_path, flips, reverse):
    annotated.write_series(tmp_path / "ct", flips, reverse)
    labels = read(annotated.FOLDER / f"{flips}.dcm", tmp_path / "ct")
    assert labels.listed() == "1 (lesion 1), 2 (lesion 2), 3 (lesion 3), 4 (lesion 4)"
    for number, lesion in enumerate(LESIONS[:3], 1):
        np.testing.assert_array_equal(labels.lesion(number), lesion)
    ring = labels.lesion(4)  # the contour of a hole runs through the pixels around it, which the hole then takes
    assert (ring <= LESIONS[3]).all()
    assert not (~ring & LESIONS[3] & (np.hypot(*(np.indices(SHAPE)[1:] - [[[[38]]], [[[28]]]])) > 5)).any()


def test_rtstruct_of_a_hand_whose_contours_pass_between_pixels(tmp_path, ct):
    structures = pydicom.dcmread(annotated.FOLDER / "plain.dcm")
    angles = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    points = np.array([-14.3 + 0.7 * (14.3 + 9.2 * np.cos(angles)), -17.1 + 0.7 * (20.6 + 6.1 * np.sin(angles))])
    contour = structures.ROIContourSequence[0].ContourSequence[1]
    contour.ContourData = [f"{value:.2f}" for value in np.vstack([points, np.full(90, 35.1)]).T.ravel()]
    structures.ROIContourSequence[0].ContourSequence = [contour]
    structures.save_as(tmp_path / "hand.dcm")
    lesion = read(tmp_path / "hand.dcm", ct).lesion(1)
    assert np.flatnonzero(lesion.any(axis=(1, 2))).tolist() == [2]
    rows, columns = np.nonzero(lesion[2])
    assert lesion.sum() == pytest.approx(np.pi * 9.2 * 6.1, rel=0.02)
    assert (columns.mean(), rows.mean()) == pytest.approx((14.3, 20.6), abs=0.1)


@pytest.mark.parametrize("flips", FLIPS)
def test_lesions_measure_the_same_as_in_nifti(tmp_path, flips):
    annotated.write_series(tmp_path / "ct", flips)
    write_seg(tmp_path / "seg.dcm", tmp_path / "ct", LESIONS, flips)
    (tmp_path / "rt.dcm").write_bytes((annotated.FOLDER / f"{flips}.dcm").read_bytes())
    checked = {}
    for name in ("nifti", "seg", "rt"):
        rows = []
        for number, lesion in enumerate(LESIONS, 1):
            write_nifti(tmp_path / f"{number}.nii.gz", tmp_path / "ct", lesion)
            mask, label = (f"{number}.nii.gz", "") if name == "nifti" else (f"{name}.dcm", number)
            rows.append([f"L{number}", "p0", "cyst", "ct", mask, label])
        path = tmp_path / f"{name}.csv"
        pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "mask", "label"]).to_csv(path, index=False)
        checked[name] = cases.check(path, cases.Params(["cyst"]))
        for row in cases.read_table(path).to_dict("records"):
            case = checked[name].set_index("lesion").loc[row["lesion"]]
            mask = cases.lesion_on_slice({**row, "slice": case["slice"]}, tmp_path)[1]
            assert annotations.largest_diameter(mask) == pytest.approx(case["diameter_px"])
    pd.testing.assert_frame_equal(checked["seg"], checked["nifti"])
    pd.testing.assert_frame_equal(checked["rt"].drop(columns="digest"), checked["nifti"].drop(columns="digest"))


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (
            "",
            "label: expected one of 1 (lesion 1), 2 (lesion 2), 3 (lesion 3), 4 (lesion 4), the labels of {}, found an",
        ),
        ("7", "4 (lesion 4), the labels of {}, found 7; correct it"),
    ],
)
@pytest.mark.parametrize("name", ["seg.dcm", "rt.dcm"])
def test_missing_and_wrong_labels(tmp_path, ct, name, label, expected):
    write_seg(tmp_path / "seg.dcm", ct, LESIONS)
    (tmp_path / "rt.dcm").write_bytes((annotated.FOLDER / "plain.dcm").read_bytes())
    table = tmp_path / "table.csv"
    table.write_text(f"lesion,patient,class,image,mask,label\nL1,p0,cyst,ct,{name},{label}\n")
    with pytest.raises(InputError) as caught:
        cases.check(table, cases.Params(["cyst"]))
    assert expected.format(name) in str(caught.value)


@pytest.mark.parametrize("name", ["seg.dcm", "rt.dcm"])
def test_a_segment_or_roi_may_be_named(tmp_path, ct, name):
    write_seg(tmp_path / "seg.dcm", ct, LESIONS)
    (tmp_path / "rt.dcm").write_bytes((annotated.FOLDER / "plain.dcm").read_bytes())
    labels = read(tmp_path / name, ct)
    for number in (1, 2, 3, 4):
        for text in (f"lesion {number}", f"Lesion {number}"):
            row = {"mask": name, "label": text}
            np.testing.assert_array_equal(annotations.labelled(row, labels), labels.lesion(number))


def test_a_name_of_two_segments_is_no_choice():
    labels = annotations.Labels({1: "GTV", 2: "gtv ", 3: "CTV"}, lambda label: np.full((1, 1, 1), label))
    with pytest.raises(InputError, match="found GTV, the name of 2 of them; give the number"):
        annotations.labelled({"mask": "rt.dcm", "label": "GTV"}, labels)
    with pytest.raises(InputError, match=r"expected one of 1 \(GTV\), 2 \(gtv \), 3 \(CTV\), .* found PTV; correct"):
        annotations.labelled({"mask": "rt.dcm", "label": "PTV"}, labels)
    assert annotations.labelled({"mask": "rt.dcm", "label": "ctv"}, labels).item() == 3


def test_no_label_is_needed_for_one_lesion(tmp_path, ct):
    def only_second(structures):
        structures.ROIContourSequence = structures.ROIContourSequence[1:2]

    write_seg(tmp_path / "seg.dcm", ct, LESIONS[[1, 0]] & np.array([1, 0], bool)[:, None, None, None])
    changed_rtstruct(tmp_path / "rt.dcm", only_second)
    for name in ("seg.dcm", "rt.dcm"):
        row = {"mask": name, "label": "", "slice": "", "polygon": "", "box": ""}
        index, mask = annotations.locate(row, volumes.open_image(ct).geometry, read(tmp_path / name, ct))
        assert index == 5
        np.testing.assert_array_equal(mask, LESIONS[1][5])


# Refusals


def changed_rtstruct(path, change):
    structures = pydicom.dcmread(annotated.FOLDER / "plain.dcm")
    change(structures)
    structures.save_as(path)
    return path


def test_fractional_seg(tmp_path, ct):
    path = write_seg(tmp_path / "seg.dcm", ct, LESIONS[:1] * np.float32(0.6), kind="FRACTIONAL")
    assert "found FRACTIONAL; export labels" in refusal(path, ct)


@pytest.mark.parametrize(
    ("name", "shift", "found"),
    [
        ("ImagePositionPatient", (0, 0, 1.2), "found frame 1 from (3.48, 0, 0) to (3.48, 47, 39)"),  # between slices
        ("ImagePositionPatient", (0, 0, 15), "found frame 1 from (9, 0, 0)"),  # beyond the head
        ("ImagePositionPatient", (0.3, 0, 0), "from (3, 0, 0.429)"),  # between columns
        ("ImagePositionPatient", (0.7, 0, 0), "from (3, 0, 1) to (3, 47, 40)"),  # beside the image
        ("PixelSpacing", (0.7, 0.7), "to (3, 94, 78)"),
        ("PixelSpacing", (-0.35, -0.35), "to (3, 23.5, 19.5)"),
        ("ImageOrientationPatient", (0, 0.02, 0, -0.02, 0, 0), "to (3, 47.78, 38.06)"),  # turned about z by 1 degree
    ],
)
def test_seg_off_the_grid(tmp_path, ct, name, shift, found):
    def move(segmentation):
        shared, frames = segmentation.SharedFunctionalGroupsSequence, segmentation.PerFrameFunctionalGroupsSequence
        for groups in (*shared, *frames):
            for group in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"):
                if group in groups and name in (item := groups[group].value[0]):
                    values = np.array(item[name].value, float) + shift
                    setattr(item, name, [round(value, 4) for value in values])

    path = write_seg(tmp_path / "seg.dcm", ct, LESIONS[:1], change=move)
    message = refusal(path, ct)
    assert "expected every frame on voxels of the image, (0, 0, 0) to (6, 47, 39) (z, y, x)" in message
    assert found in message


def simpleitk(geometry, values=None):
    """Return an image of a geometry, empty or with values (z, y, x)."""
    made = sitk.GetImageFromArray(np.zeros(geometry.size, np.uint8) if values is None else values.astype(np.uint8))
    made.SetSpacing(geometry.spacing[::-1])
    made.SetOrigin(geometry.origin)
    made.SetDirection(np.array(geometry.direction[::-1]).T.ravel())
    return made


def write_other_series(folder, spacing, origin, shape):
    """Write a series on another grid of the same patient, with all else alike."""
    annotated.write_series(folder, SeriesInstanceUID="1.2.840.1")
    slices = sorted(folder.iterdir())
    for z in range(shape[0]):
        file = pydicom.dcmread(slices[0])
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = f"1.2.840.1.{z + 1}"
        file.ImagePositionPatient = [*origin[:2], origin[2] + z * spacing[0]]
        file.PixelSpacing, (file.Rows, file.Columns) = list(spacing[1:]), shape[1:]
        file.PixelData = np.random.default_rng(z).integers(900, 1100, shape[1:]).astype(np.uint16).tobytes()
        file.save_as(folder / f"new{z}.dcm", enforce_file_format=True)
    for old in slices:
        old.unlink()
    return folder


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize(
    ("spacing", "origin", "shape"),
    [
        ((1.3, 0.91, 0.61), (-14.03, -17.41, 29.83), (13, 40, 50)),  # finer slices, pixels that are not square
        ((5.0, 0.7, 0.7), (-14.3, -17.1, 31.0), (4, 48, 40)),  # slices as far apart as two
        ((2.5, 0.7, 0.7), (-14.3 + 0.3, -17.1, 30.0), (7, 48, 40)),  # a part of a column aside, as many voxels
    ],
)
def test_seg_on_another_grid_is_resampled_as_simpleitk_does(tmp_path, ct, kind, spacing, origin, shape, caplog):
    """The segments are drawn on another series, as highdicom reads them back; SimpleITK brings them onto the image."""
    other = write_other_series(tmp_path / "other", spacing, origin, shape)
    grid, image = volumes.open_image(other).geometry, volumes.open_image(ct).geometry
    z, y, x = (np.moveaxis(grid.points(np.indices(shape).reshape(3, -1).T).reshape(*shape, 3), -1, 0))[::-1]
    first, second = (
        ((x - a) / 6) ** 2 + ((y - b) / 5) ** 2 + ((z - c) / 5) ** 2 <= 1
        for a, b, c in ((-4.0, -8.0, 37.0), (2.0, 4.0, 39.0))
    )
    lesions = np.array([first, second & ~first])
    path = write_seg(tmp_path / "seg.dcm", other, lesions, kind=kind)
    message = refusal(path, ct)
    assert "expected every frame on voxels of the image" in message
    assert "set cases: resample_masks: true in the config" in message
    labels = read(path, ct, resample=True)
    assert "seg.dcm: of another grid than its image: resampled, to the nearest voxel" in caplog.text
    assert labels.names == {1: "lesion 1", 2: "lesion 2"}
    stored = Segmentation.from_dataset(pydicom.dcmread(path)).get_volume(combine_segments=False)
    assert stored.array.sum() == lesions.sum()
    for label, lesion in zip((1, 2), lesions, strict=True):
        resampled = sitk.Resample(
            simpleitk(grid, lesion), simpleitk(image), sitk.Transform(), sitk.sitkNearestNeighbor, 0
        )
        expected = sitk.GetArrayFromImage(resampled) > 0
        assert expected.sum() > 100
        np.testing.assert_array_equal(labels.lesion(label), expected)


def test_seg_of_one_frame_on_another_grid(tmp_path, ct):
    """It is as thick as its file says; between slices, the nearest one shows it."""
    other = write_other_series(tmp_path / "other", (2.5, 0.5, 0.5), (-14.0, -17.0, 36.0), (3, 60, 50))
    lesion = np.zeros((1, 3, 60, 50), bool)
    lesion[0, 1, 20:40, 10:30] = True  # at 38.5 mm, between the image's slices at 37.5 and 40
    path = write_seg(tmp_path / "seg.dcm", other, lesion)
    found = read(path, ct, resample=True).lesion(1)
    assert np.flatnonzero(found.any(axis=(1, 2))).tolist() == [3]
    assert found.sum() * 0.7**2 == pytest.approx(100, rel=0.1)


def test_seg_on_another_grid_in_a_checked_table(tmp_path, ct):
    other = write_other_series(tmp_path / "other", (1.3, 0.9, 0.6), (-14.0, -17.4, 29.8), (13, 40, 50))
    lesion = np.zeros((1, 13, 40, 50), bool)
    lesion[0, 3:9, 10:25, 12:30] = True
    write_seg(tmp_path / "seg.dcm", other, lesion)
    table = tmp_path / "cases.csv"
    table.write_text("lesion,patient,class,image,mask\nL1,P1,a,ct,seg.dcm\n")
    with pytest.raises(InputError, match="resample_masks: true"):
        cases.check(table, cases.Params(["a"]))
    checked = cases.check(table, cases.Params(["a"], resample_masks=True))
    row = {**cases.read_table(table).iloc[0], "slice": checked["slice"].iloc[0]}
    _, mask = cases.lesion_on_slice(row, tmp_path)
    assert mask.sum() * 0.7**2 == pytest.approx(15 * 18 * 0.9 * 0.6, rel=0.1)


def test_seg_of_another_series_or_frame_of_reference(tmp_path, ct, caplog):
    """One of another series is placed if both name their frame of reference, and it is the same."""
    path = write_seg(tmp_path / "seg.dcm", ct, LESIONS)
    annotated.write_series(tmp_path / "venous", SeriesInstanceUID="1.2.840.1")
    np.testing.assert_array_equal(read(path, tmp_path / "venous").lesion(2), LESIONS[1])
    assert "seg.dcm: drawn on another series of the same frame of reference" in caplog.text
    annotated.write_series(tmp_path / "unknown", SeriesInstanceUID="1.2.840.1", FrameOfReferenceUID="")
    message = refusal(path, tmp_path / "unknown")
    assert f"expected an annotation of the image's series 1.2.840.1, found one of {annotated.SERIES};" in message
    annotated.write_series(tmp_path / "later", FrameOfReferenceUID="1.2.840.2")
    message = refusal(path, tmp_path / "later")
    assert f"expected the image's frame of reference 1.2.840.2, found {annotated.FRAME_OF_REFERENCE}" in message


def test_rtstruct_of_another_series_or_frame_of_reference(tmp_path):
    annotated.write_series(tmp_path / "venous", SeriesInstanceUID="1.2.840.1")
    found = read(annotated.FOLDER / "plain.dcm", tmp_path / "venous").lesion(2)
    annotated.write_series(tmp_path / "ct")
    np.testing.assert_array_equal(found, read(annotated.FOLDER / "plain.dcm", tmp_path / "ct").lesion(2))
    assert found.any()
    annotated.write_series(tmp_path / "unknown", SeriesInstanceUID="1.2.840.1", FrameOfReferenceUID="")
    message = refusal(annotated.FOLDER / "plain.dcm", tmp_path / "unknown")
    assert f"expected an annotation of the image's series 1.2.840.1, found one of {annotated.SERIES};" in message
    annotated.write_series(tmp_path / "later", FrameOfReferenceUID="1.2.840.2")
    message = refusal(annotated.FOLDER / "plain.dcm", tmp_path / "later", 2)
    assert "ROI 2 (lesion 2): expected the image's frame of reference 1.2.840.2, found " in message
    assert annotated.FRAME_OF_REFERENCE in message


@pytest.mark.parametrize(
    ("shift", "found"),
    [
        ((0, 0, 40), "ROI 1 (lesion 1), contour 1: expected contours within slices 0 to 6 of 40 x 48 px, found one on"),
        ((0, 0, 8.8), "contour 3: expected contours within slices 0 to 6 of 40 x 48 px, found one on slice 7,"),
        ((0, 0, -10), "found one on slice -3"),
        ((60, 0, 0), "x from 94.71"),
        ((0, -60, 0), "y from -80.71"),
    ],
)
def test_rtstruct_off_the_slices(tmp_path, ct, shift, found):
    def move(structures):
        for contour in structures.ROIContourSequence[0].ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3) + shift
            contour.ContourData = [f"{value:.4f}" for value in points.ravel()]

    path = changed_rtstruct(tmp_path / "rt.dcm", move)
    assert found in refusal(path, ct, 1)
    np.testing.assert_array_equal(read(path, ct).lesion(2), LESIONS[1])  # the other ROIs are as they were


@pytest.mark.parametrize(("slices", "moved_to"), [(0.4, 0), (0.49, 0), (-0.45, 0), (0.55, 1), (1.3, 1), (-1.2, -1)])
def test_rtstruct_between_slices_is_taken_on_the_nearest(tmp_path, ct, slices, moved_to, caplog):
    def move(structures):
        for contour in structures.ROIContourSequence[0].ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3) + np.array([0, 0, 2.5 * slices])
            contour.ContourData = [f"{value:.4f}" for value in points.ravel()]

    path = changed_rtstruct(tmp_path / "rt.dcm", move)
    np.testing.assert_array_equal(read(path, ct).lesion(1), np.roll(LESIONS[0], moved_to, axis=0))
    (line,) = caplog.messages
    off = f"up to {abs(slices - moved_to):.2f} of their distance off: taken on the nearest slice"
    assert line == f"rt.dcm, ROI 1 (lesion 1): contours between slices, {off}"


@pytest.mark.parametrize("step", [0.3, 0.5, 0.7])
def test_rtstruct_of_finer_slices_has_the_nearest_plane_on_each(tmp_path, ct, step):
    """A cone of circles, each within the one below: taken together on a slice they would be holes of each other."""
    planes = np.arange(1.0, 5.0, step)
    radii = 12 - 2 * planes

    def draw(structures):
        contours = structures.ROIContourSequence[0].ContourSequence
        made = []
        for plane, radius in zip(planes, radii, strict=True):
            angles = np.linspace(0, 2 * np.pi, 96, endpoint=False)
            x, y = (20.3 + radius * np.cos(angles)) * 0.7 - 14.3, (22.4 + radius * np.sin(angles)) * 0.7 - 17.1
            contour = copy.deepcopy(contours[0])
            contour.ContourData = [f"{v:.4f}" for v in np.column_stack([x, y, 30 + 2.5 * plane + 0 * x]).ravel()]
            made.append(contour)
        structures.ROIContourSequence[0].ContourSequence = made

    found = read(changed_rtstruct(tmp_path / "rt.dcm", draw), ct).lesion(1)
    rows, columns = np.indices(SHAPE[1:])
    for index in range(SHAPE[0]):
        near = planes[np.floor(planes.round(3) + 0.5) == index]
        expected = np.zeros(SHAPE[1:], bool)
        if near.size:
            off = np.abs(near - index).round(3)
            radius = 12 - 2 * near[off.argmin()]
            expected = np.hypot(columns - 20.3, rows - 22.4) < radius
        assert np.count_nonzero(found[index] != expected) <= 2, index  # a polygon is a little smaller than its circle


def test_rtstruct_with_contours_that_are_not_axial_or_not_closed(tmp_path, ct):
    def tilt(structures):
        contour = structures.ROIContourSequence[1].ContourSequence[0]
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        points[0, 2] += 2.5
        contour.ContourData = [f"{value:.4f}" for value in points.ravel()]
        structures.ROIContourSequence[2].ContourSequence[0].ContourGeometricType = "OPEN_PLANAR"
        for contour in structures.ROIContourSequence[3].ContourSequence:
            contour.ContourGeometricType = "POINT"

    path = changed_rtstruct(tmp_path / "rt.dcm", tilt)
    assert "not axial" in refusal(path, ct, 2)
    assert "found OPEN_PLANAR" in refusal(path, ct, 3)
    assert list(read(path, ct).names) == [1, 2, 3]


def test_rtstruct_without_contours(tmp_path, ct):
    def clear(structures):
        del structures.ROIContourSequence

    labels = read(changed_rtstruct(tmp_path / "rt.dcm", clear), ct)
    row = {"mask": "rt.dcm", "label": "1", "slice": "", "polygon": "", "box": ""}
    with pytest.raises(InputError, match=r"rt\.dcm: expected a lesion"):
        annotations.locate(row, volumes.open_image(ct).geometry, labels)


def test_other_dicom_files_and_pictures(tmp_path, ct):
    assert "found CT Image Storage; name the annotation's file" in refusal(ct / "1.dcm", ct)
    with pytest.raises(InputError, match="expected a volume as the image of a DICOM annotation"):
        annotations.read_labels(annotated.FOLDER / "plain.dcm", volumes.Geometry((1, 5, 5)))


@pytest.mark.parametrize("name", ["seg.dcm", "rt.dcm"])
def test_truncated_files_are_refused_or_lack_whole_lesions(tmp_path, ct, name):
    write_seg(tmp_path / "seg.dcm", ct, LESIONS)
    (tmp_path / "rt.dcm").write_bytes((annotated.FOLDER / "plain.dcm").read_bytes())
    path = tmp_path / name
    whole, content = read(path, ct), path.read_bytes()
    refusals = 0
    for keep in range(133, len(content), len(content) // 40):
        path.write_bytes(content[:keep])
        try:
            labels = read(path, ct)
            for label in labels.names:
                np.testing.assert_array_equal(labels.lesion(label), whole.lesion(label))
        except InputError:
            refusals += 1
    assert refusals > 30
    path.write_bytes(content[:-3000])
    assert "damaged" in refusal(path, ct, 4)


@pytest.mark.parametrize("contour", [0, 1])
@pytest.mark.parametrize(
    "name", ["StructureSetROISequence", "ReferencedROINumber", "ContourData", "ContourGeometricType"]
)
def test_rtstruct_with_missing_parts(tmp_path, ct, name, contour):
    def drop(structures):
        inner = structures.ROIContourSequence[0]
        for item in (structures, inner, inner.ContourSequence[contour]):
            if name in item:
                delattr(item, name)

    assert "damaged" in refusal(changed_rtstruct(tmp_path / "rt.dcm", drop), ct, 1)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.parametrize("name", ["SegmentationType", "SegmentSequence", "Rows", "NumberOfFrames", "PixelData"])
def test_seg_with_missing_parts(tmp_path, ct, name, kind):
    path = write_seg(
        tmp_path / "seg.dcm", ct, LESIONS[:2], kind=kind, change=lambda segmentation: delattr(segmentation, name)
    )
    assert ("NumberOfFrames" if name == "NumberOfFrames" else "damaged") in refusal(path, ct, 1)


def test_seg_without_positions(tmp_path, ct):
    def drop(segmentation):
        for groups in segmentation.PerFrameFunctionalGroupsSequence:
            del groups.PlanePositionSequence

    refusal(write_seg(tmp_path / "seg.dcm", ct, LESIONS, change=drop), ct)


def test_other_masks_do_not_pay_for_the_libraries():
    code = "import check_cases, sys; print([name for name in ('pydicom', 'highdicom') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert dicom_annotations.file_of(SCRIPTS) is None


@real_data
def test_3d_ircadb_tumours_as_seg(tmp_path):
    folder = REAL / "3d-ircadb-01-case17"
    masks = [volumes.open_image(folder / "MASKS_DICOM" / name).volume() > 0 for name in ("livertumor1", "livertumor2")]
    labels = read(write_seg(tmp_path / "seg.dcm", folder / "PATIENT_DICOM", masks), folder / "PATIENT_DICOM")
    for number, mask in enumerate(masks, 1):
        np.testing.assert_array_equal(labels.lesion(number), mask)
