"""Masks on another grid than their image's, against SimpleITK's own cropping and resampling."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from tests.helpers import annotated

from synthaug.cohort import annotations, cases
from synthaug.errors import InputError
from synthaug.imaging import volumes

SIZE, SPACING, ORIGIN = (30, 26, 9), (0.8, 0.8, 3.0), (-12.5, 7.25, 101.0)  # x, y, z
TURN = 0.2  # radians, about z


def image(orientation="LPS"):
    values = np.random.default_rng(0).integers(0, 1000, SIZE[::-1]).astype(np.int16)
    made = sitk.GetImageFromArray(values)
    made.SetSpacing(SPACING)
    made.SetOrigin(ORIGIN)
    made.SetDirection((np.cos(TURN), -np.sin(TURN), 0, np.sin(TURN), np.cos(TURN), 0, 0, 0, 1))
    return sitk.DICOMOrient(made, orientation)


def ball(grid, center=(14, 11, 4), radius=5.0):
    """Return a mask, on the grid of an image, of what lies within a radius in mm of a voxel of the first image."""
    middle = np.array(image().TransformContinuousIndexToPhysicalPoint(center))
    found = sitk.Image(grid.GetSize(), sitk.sitkUInt8)
    found.CopyInformation(grid)
    for index in np.ndindex(grid.GetSize()):
        if np.linalg.norm(np.array(grid.TransformIndexToPhysicalPoint(index)) - middle) <= radius:
            found[index] = 2
    return found


@pytest.fixture
def study(tmp_path):
    """The image's file, and what reads the lesion of a mask on its grid."""
    path = tmp_path / "v.nrrd"
    sitk.WriteImage(image(), str(path))

    def read(mask, name="m.nrrd", *, resample=False):
        sitk.WriteImage(mask, str(tmp_path / name))
        labels = annotations.read_labels(tmp_path / name, volumes.open_image(path).geometry, resample=resample)
        assert list(labels.names) == [2]
        return labels.lesion(2)

    return read


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "PIR"])
@pytest.mark.parametrize("name", ["m.nrrd", "m.nii.gz", "m.mha"])
def test_a_cropped_mask_is_placed_voxel_by_voxel(study, orientation, name, caplog):
    whole = ball(image())
    cropped = sitk.DICOMOrient(sitk.RegionOfInterest(whole, (20, 18, 6), (6, 3, 2)), orientation)
    np.testing.assert_array_equal(study(cropped, name), sitk.GetArrayFromImage(whole) == 2)
    assert f"{name}: of another grid than its image: placed on it voxel by voxel" in caplog.text


def test_a_mask_may_also_reach_beyond_the_image_where_nothing_is_drawn(study):
    whole = ball(image())
    padded = sitk.ConstantPad(whole, (3, 0, 2), (0, 5, 1))
    np.testing.assert_array_equal(study(padded), sitk.GetArrayFromImage(whole) == 2)


def finer(spacing=(0.5, 0.7, 2.0), size=(40, 36, 13), turn=0.0):
    grid = sitk.Image(size, sitk.sitkUInt8)
    grid.SetSpacing(spacing)
    grid.SetOrigin((-11.0, 7.0, 100.5))
    grid.SetDirection((np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, 1))
    return grid


@pytest.mark.parametrize(
    "grid",
    [finer(), finer(turn=0.1), finer((1.6, 1.6, 6.0), (15, 14, 5)), finer(turn=TURN)],
    ids=["finer", "turned", "coarser", "turned more"],
)
def test_a_mask_of_another_grid_is_resampled_as_simpleitk_does(study, grid, caplog):
    mask = ball(grid)
    grid.SetSpacing((max(grid.GetSpacing()[:2]),) * 2 + grid.GetSpacing()[2:])
    mask.SetSpacing(grid.GetSpacing())
    expected = sitk.GetArrayFromImage(sitk.Resample(mask, image(), sitk.Transform(), sitk.sitkNearestNeighbor, 0)) == 2
    found = study(mask, resample=True)
    assert expected.sum() > 50
    np.testing.assert_array_equal(found, expected)
    assert "m.nrrd: of another grid than its image: resampled, to the nearest voxel" in caplog.text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SetSpacing": (0.8, 0.8, 2.5)}, "mask and image do not match: expected size"),
        ({"SetOrigin": (-12.2, 7.25, 101.0)}, "set cases: resample_masks: true in the config"),
        ({"SetOrigin": (90.0, 7.25, 101.0)}, "expected a mask within the image, found one that lies beside it"),
    ],
)
def test_one_clear_refusal_otherwise(study, change, expected):
    mask = sitk.RegionOfInterest(ball(image()), (20, 18, 6), (6, 3, 2))
    for name, value in change.items():
        getattr(mask, name)(value)
    with pytest.raises(InputError, match=expected) as caught:
        study(mask)
    assert "\n" not in str(caught.value)


def test_as_many_voxels_elsewhere_are_resampled_on_demand_only(study):
    """Whoever reads arrays alone would take them for the image's."""
    whole = ball(image())
    moved = sitk.Image(whole)
    moved.SetOrigin((ORIGIN[0], ORIGIN[1], ORIGIN[2] + 3))
    with pytest.raises(InputError, match="corners up to 3 mm apart"):
        study(moved)
    expected = np.roll(sitk.GetArrayFromImage(whole) == 2, 1, axis=0)
    np.testing.assert_array_equal(study(moved, resample=True), expected)


@pytest.mark.parametrize("resample", [True, False])
def test_a_lesion_that_is_cut_off_is_refused_when_it_is_drawn(study, resample):
    beyond = ball(sitk.ConstantPad(image(), (8, 0, 0), (0, 0, 0)), center=(0, 11, 4))  # one half of it on each side
    with pytest.raises(InputError, match=r"m.nrrd, label 2: expected a lesion within the image, found \d+ of its"):
        study(beyond, resample=resample)


def test_masks_of_another_frame_of_reference_are_refused(tmp_path):
    annotated.write_series(tmp_path / "ct")
    annotated.write_series(tmp_path / "mask", FrameOfReferenceUID="1.2.840.2")
    (tmp_path / "mask" / sorted(path.name for path in (tmp_path / "mask").iterdir())[0]).unlink()
    source = volumes.open_image(tmp_path / "ct")
    with pytest.raises(
        InputError, match=f"expected the image's frame of reference {annotated.FRAME_OF_REFERENCE}, fou"
    ):
        annotations.read_labels(tmp_path / "mask", source.geometry)


def test_what_was_checked_is_what_is_drawn_later(tmp_path, study):
    """The option decides what is refused; whatever passes is drawn on the sheets, too."""
    mask = ball(finer(turn=TURN))
    mask.SetSpacing((0.7, 0.7, 2.0))
    expected = study(mask, "finer.nrrd", resample=True)
    table = pd.DataFrame(
        [["L", "p", "cyst", "v.nrrd", "finer.nrrd"]], columns=["lesion", "patient", "class", "image", "mask"]
    )
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(InputError, match="resample_masks"):
        cases.check(tmp_path / "table.csv", cases.Params(["cyst"]))
    checked = cases.check(tmp_path / "table.csv", cases.Params(["cyst"], resample_masks=True)).iloc[0]
    row = {**cases.read_table(tmp_path / "table.csv").iloc[0], "slice": checked["slice"]}
    _, drawn = cases.lesion_on_slice(row, tmp_path)
    np.testing.assert_array_equal(drawn, expected[checked["slice"]])
    assert expected[checked["slice"]].sum() == expected.sum(axis=(1, 2)).max()
