"""Images built so that every voxel's place and value is known, read back through `volumes`."""

import os
import random
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from tests.helpers.compressed_dicom import COMPRESSORS, compress

from synthaug.errors import InputError
from synthaug.imaging import pixel_shapes, volumes

ROWS, COLUMNS, SLICES = 6, 5, 4
REAL = Path(os.environ.get("SYNTHAUG_REAL_DATA", "/nonexistent"))
real_data = pytest.mark.skipif(
    not REAL.is_dir(), reason="SYNTHAUG_REAL_DATA names no folder with the unzipped real data sets"
)


def hu(z, y, x):
    """Value of the voxel at (z, y, x) of the stack as it should come back."""
    return 100 * z + 10 * y + x - 500


STACK = np.fromfunction(hu, (SLICES, ROWS, COLUMNS))


def write_slice(path, z, *, position=None, pixels=None, series="1.2.3", frames=None, drop=(), **tags):
    """Write slice z of the stack, 2.5 mm apart; stored values are half of (HU + 1000)."""
    stored = np.rint((STACK[z % SLICES] + 1000) * 2).astype(np.uint16) if pixels is None else pixels
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    file.Modality, file.SeriesInstanceUID, file.SeriesDescription = "CT", series, "portal"
    file.InstanceNumber, file.SliceThickness = 7, 9  # wrong on purpose: neither may matter
    file.ImagePositionPatient = position or [-100, -80, 30 + 2.5 * z]
    file.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    file.PixelSpacing = [0.7, 0.7]
    file.Rows, file.Columns = stored.shape
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    file.RescaleSlope, file.RescaleIntercept = 0.5, -1000
    file.PixelData = stored.tobytes()
    if frames:
        file.NumberOfFrames, file.PixelData = frames, stored.tobytes() * frames
    for name, value in tags.items():
        setattr(file, name, value)
    for name in drop:
        delattr(file, name)
    file.save_as(path, enforce_file_format=True)


@pytest.fixture
def series(tmp_path):
    """A series whose shuffled, extension-less names carry no order, with the usual clutter beside it."""
    folder = tmp_path / "series"
    folder.mkdir()
    names = [f"image_{n}" for n in (10, 1, 2, 11)]
    random.Random(5).shuffle(names)
    for z, name in enumerate(names):
        write_slice(folder / name, z)
    (folder / "DICOMDIR").write_bytes(b"\0" * 128 + b"DICM")
    (folder / "readme.txt").write_text("clutter")
    (folder / "sub").mkdir()
    return folder


def slice_path(folder, z):
    return next(
        path
        for path in folder.glob("image_*")
        if pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2] == 30 + 2.5 * z
    )


def refusal(path):
    with pytest.raises(InputError) as caught:
        volumes.open_image(path).volume()
    assert str(path) in str(caught.value) or Path(path).name in str(caught.value)
    assert "expected" in str(caught.value)
    assert "found" in str(caught.value)
    return str(caught.value)


def test_series_follows_positions_and_rescale(series):
    source = volumes.open_image(series)
    assert source.geometry.size == (SLICES, ROWS, COLUMNS)
    assert source.geometry.spacing == pytest.approx((2.5, 0.7, 0.7))
    assert source.geometry.origin == (-100, -80, 30)
    np.testing.assert_array_equal(source.volume(), STACK)
    for z in range(SLICES):
        assert source.slice(z).dtype == np.float32
        np.testing.assert_array_equal(source.slice(z), STACK[z])


def test_each_slice_has_its_own_rescale(series):
    path = slice_path(series, 2)
    write_slice(path, 2, pixels=np.rint(STACK[2] + 2000).astype(np.uint16), RescaleSlope=1, RescaleIntercept=-2000)
    np.testing.assert_array_equal(volumes.open_image(series).volume(), STACK)


def test_prone_and_reversed_series_come_in_the_standard_orientation(tmp_path):
    for z in range(SLICES):  # rows run to the right and columns to the front, so the normal still points up
        position = [-100 + 0.7 * (COLUMNS - 1), -80 + 0.7 * (ROWS - 1), 30 + 2.5 * z]
        stored = np.rint((STACK[z, ::-1, ::-1] + 1000) * 2).astype(np.uint16)
        write_slice(
            tmp_path / f"{9 - z}", z, position=position, pixels=stored, ImageOrientationPatient=[-1, 0, 0, 0, -1, 0]
        )
    source = volumes.open_image(tmp_path)
    np.testing.assert_array_equal(source.volume(), STACK)
    np.testing.assert_allclose(source.geometry.origin, [-100, -80, 30])


def test_normal_pointing_down_still_ascends(tmp_path):
    for z in range(SLICES):
        stored = np.rint((STACK[z, :, ::-1] + 1000) * 2).astype(np.uint16)
        position = [-100 + 0.7 * (COLUMNS - 1), -80, 30 + 2.5 * z]
        write_slice(tmp_path / f"{z}", z, position=position, pixels=stored, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0])
    source = volumes.open_image(tmp_path)
    np.testing.assert_array_equal(source.volume(), STACK)
    np.testing.assert_array_equal(source.slice(3), STACK[3])
    np.testing.assert_allclose(source.geometry.origin, [-100, -80, 30])


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_compressed_slice(tmp_path, compressor):
    stored = np.rint(1500 + 900 * np.sin(np.add.outer(np.arange(64), np.arange(64)) / 9)).astype(np.uint16)
    write_slice(tmp_path / "a", 0, pixels=stored, RescaleSlope=1, RescaleIntercept=0)
    compress(tmp_path / "a", compressor)
    np.testing.assert_array_equal(volumes.open_image(tmp_path).slice(0), stored)


def test_single_slice_has_no_slice_distance(tmp_path):
    write_slice(tmp_path / "a", 0)
    spacing = volumes.open_image(tmp_path).geometry.spacing
    assert np.isnan(spacing[0])
    assert spacing[1:] == pytest.approx((0.7, 0.7))


def test_folder_without_dicom(tmp_path):
    (tmp_path / "notes.txt").write_text("x" * 200)
    assert "found notes.txt (a text file)" in refusal(tmp_path)


def test_several_series_are_listed(series):
    write_slice(series / "other", 4, series="9.8.7", SeriesDescription="arterial")
    message = refusal(series)
    assert "9.8.7" in message
    assert "arterial" in message
    assert "portal" in message


def test_missing_slice_names_its_neighbours(series):
    lower, upper = slice_path(series, 1).name, slice_path(series, 3).name
    write_slice(series / "last", 4)
    slice_path(series, 2).unlink()
    message = refusal(series)
    assert "5 mm between" in message
    assert lower in message
    assert upper in message


def test_uneven_distances(series):
    write_slice(series / "last", 0, position=[-100, -80, 30 + 2.5 * 3 + 3.2])
    assert "3.2 mm" in refusal(series)


def test_rounded_positions_are_even(series):
    path = slice_path(series, 1)
    write_slice(path, 1, position=[-100, -80, 32.4])
    assert volumes.open_image(series).geometry.spacing[0] == pytest.approx(2.5)


def test_duplicate_position(series):
    write_slice(series / "again", 2)
    message = refusal(series)
    assert "again" in message
    assert slice_path(series, 2).name in message


def test_gantry_tilt(tmp_path):
    for z in range(SLICES):
        write_slice(tmp_path / f"{z}", z, position=[-100, -80 + 0.3 * z, 30 + 2.5 * z])
    assert "tilted" in refusal(tmp_path)


def test_coronal_series(tmp_path):
    for z in range(SLICES):
        write_slice(tmp_path / f"{z}", z, position=[0, 2.5 * z, 0], ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    assert "axial" in refusal(tmp_path)


def test_localiser_in_the_series(series):
    write_slice(series / "scout", 5, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    assert "image_1" in refusal(series)


@pytest.mark.parametrize("tag", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_missing_geometry(series, tag):
    write_slice(series / "image_1", 1, drop=[tag])
    message = refusal(series)
    assert tag in message
    assert "image_1" in message


def test_oblong_pixels(tmp_path):
    for z in range(SLICES):
        write_slice(tmp_path / f"{z}", z, PixelSpacing=[0.7, 0.75])
    source = volumes.open_image(tmp_path)
    assert source.geometry.spacing[1:] == (0.7, 0.75)
    assert source.geometry.aspect == pytest.approx(0.7 / 0.75)
    assert source.check() == [pixel_shapes.REMARK]


def test_different_sizes_and_spacings(series):
    path = slice_path(series, 3)
    write_slice(path, 3, PixelSpacing=[0.8, 0.8])
    assert "PixelSpacing" in refusal(series)
    write_slice(path, 3, pixels=np.zeros((8, 8), np.uint16))
    assert "(8, 8)" in refusal(series)


@pytest.mark.parametrize("keep", [0, 100, 600, -1])
def test_truncated_slice(series, keep):
    path = series / "image_2"
    path.write_bytes(path.read_bytes()[:keep])
    if keep == 100:  # too short to be recognised by its content: recognised by its extension
        path = path.rename(series / "image_2.dcm")
    assert path.name in refusal(series)


def test_multi_frame(tmp_path):
    write_slice(tmp_path / "all", 0, frames=3)  # without a place of each
    with pytest.raises(InputError, match="all: expected frames that form one regular stack of slices"):
        volumes.open_image(tmp_path)
    write_slice(tmp_path / "other", 3)
    assert "3 frames" in refusal(tmp_path)


def test_inverted_grey_levels(tmp_path):
    write_slice(tmp_path / "a", 0, PhotometricInterpretation="MONOCHROME1")
    assert "MONOCHROME1" in refusal(tmp_path)


def volume(path, orientation="LPS", values=None):
    image = sitk.GetImageFromArray(STACK.astype(np.int16) if values is None else values)
    image.SetSpacing((0.7, 0.7, 2.5))
    image.SetOrigin((-100, -80, 30))
    sitk.WriteImage(sitk.DICOMOrient(image, orientation), str(path))
    return path


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v.nrrd", "v.mha"])
@pytest.mark.parametrize("orientation", ["LPS", "RAS", "PIR", "ASL", "LAI"])
def test_volume_in_any_orientation(tmp_path, name, orientation):
    source = volumes.open_image(volume(tmp_path / name, orientation))
    np.testing.assert_array_equal(source.volume(), STACK)
    np.testing.assert_array_equal(source.slice(1), STACK[1])
    assert source.geometry.size == STACK.shape
    np.testing.assert_allclose(source.geometry.spacing, (2.5, 0.7, 0.7), rtol=1e-6)
    np.testing.assert_allclose(source.geometry.origin, (-100, -80, 30), atol=1e-4)
    assert source.geometry.direction == pytest.approx(np.eye(3)[::-1])
    assert (
        volumes.Geometry((4, 6, 5), (2.5, 0.7, 0.7), (-100, -80, 30), np.eye(3)[::-1]).difference(source.geometry) == ""
    )


def test_series_and_its_volume_agree(series, tmp_path):
    one, other = volumes.open_image(series), volumes.open_image(volume(tmp_path / "v.nii.gz", "RAS"))
    assert one.geometry.difference(other.geometry) == ""


def test_difference_says_both():
    one = volumes.Geometry((4, 6, 5), (2.5, 0.7, 0.7), (0, 0, 0), np.eye(3)[::-1])
    assert "(4, 6, 5)" in one.difference(volumes.Geometry((4, 6, 6), (2.5, 0.7, 0.7), (0, 0, 0), np.eye(3)[::-1]))
    moved = one.difference(volumes.Geometry((4, 6, 5), (2.5, 0.7, 0.7), (0, 0.5, 0), np.eye(3)[::-1]))
    assert "origin (0, 0, 0)" in moved
    assert "origin (0, 0.5, 0)" in moved
    assert "2.6" in one.difference(volumes.Geometry((4, 6, 5), (2.6, 0.7, 0.7), (0, 0, 0), np.eye(3)[::-1]))
    assert "picture" in one.difference(volumes.Geometry((4, 6, 5)))


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz", "v.nrrd", "v.mha"])
def test_not_a_number(tmp_path, name):
    values = STACK.astype(np.float32)
    values[2, 1, 1] = np.nan
    path = volume(tmp_path / name, values=values)
    assert "1 NaN" in refusal(path)
    source = volumes.open_image(path)
    with pytest.raises(InputError, match="1 NaN"):  # NIfTI's reader would hide it: that file is checked once, whole
        source.check() if ".nii" in name else source.slice(2)


def test_another_image_of_the_same_name_would_be_read_instead(tmp_path):
    volume(tmp_path / "v.nii.gz")
    assert volumes.open_image(tmp_path / "v.nii.gz").slice(2).shape == (ROWS, COLUMNS)
    volume(tmp_path / "v.nii")
    assert "found v.nii beside it" in refusal(tmp_path / "v.nii.gz")
    assert volumes.open_image(tmp_path / "v.nii").slice(2).shape == (ROWS, COLUMNS)


def test_four_dimensions_and_vectors(tmp_path):
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros((2, 3, 4, 5), np.int16), isVector=False), str(tmp_path / "time.nrrd")
    )
    assert "(5, 4, 3, 2)" in refusal(tmp_path / "time.nrrd")
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 4, 5, 2), np.int16), isVector=True), str(tmp_path / "flow.mha"))
    assert "2 values" in refusal(tmp_path / "flow.mha")


@pytest.mark.parametrize("name", ["v.nii.gz", "v.nii"])
def test_one_volume_of_several(tmp_path, name):
    """In the file, x runs to the right and y to the front, as in most NIfTI files."""
    both = np.stack([STACK, 7 * STACK[::-1]]).astype(np.int16)
    image = sitk.GetImageFromArray(both[:, :, ::-1, ::-1], isVector=False)
    image.SetSpacing((0.7, 0.7, 2.5, 1))
    image.SetOrigin((-100 + 0.7 * (COLUMNS - 1), -80 + 0.7 * (ROWS - 1), 30, 0))
    image.SetDirection(np.diag([-1, -1, 1, 1]).ravel().tolist())
    sitk.WriteImage(image, str(tmp_path / name))
    for number in (0, 1):
        source = volumes.open_image(tmp_path / f"{name}#{number}")
        source.check()
        assert source.geometry.difference(volumes.open_image(volume(tmp_path / "one.nrrd")).geometry) == ""
        np.testing.assert_array_equal(source.volume(), both[number])
        np.testing.assert_array_equal(source.slice(2), both[number, 2])
    one = volume(tmp_path / f"w{name[1:]}")
    np.testing.assert_array_equal(volumes.open_image(f"{one}#0").volume(), STACK)
    for path, expected in (
        (tmp_path / f"{name}#2", "one of its 2 volumes, found 2; give 0 to 1 in the column volume"),
        (tmp_path / name, "one of its 2 volumes, found none given; give 0 to 1"),
        (f"{one}#1", "expected several volumes, of which 1 is meant, found one"),
        (tmp_path / "absent.nii#1", "absent.nii: expected a file, found nothing"),
    ):
        with pytest.raises(InputError, match=expected):
            volumes.open_image(path)


@pytest.mark.parametrize("name", ["v.nii.gz", "v.nii", "v.nrrd", "v.mha"])
def test_truncated_volume(tmp_path, name):
    path = volume(tmp_path / name, values=np.random.default_rng(1).integers(0, 999, (20, 30, 30), np.int16))
    path.write_bytes(path.read_bytes()[:-5000])
    assert "truncated" in refusal(path)


def test_missing_and_unknown_files(tmp_path):
    assert "found nothing" in refusal(tmp_path / "absent.nii")
    (tmp_path / "a.doc").write_text("x")
    assert ".doc" in refusal(tmp_path / "a.doc")
    (tmp_path / "a.png").write_text("not a picture")
    refusal(tmp_path / "a.png")


def test_no_such_slice(tmp_path):
    with pytest.raises(InputError, match="from 0 to 3, found 4"):
        volumes.open_image(volume(tmp_path / "v.mha")).slice(4)


@pytest.mark.parametrize("name", ["p.png", "p.tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_picture(tmp_path, name, dtype):
    values = (np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) * (8 if dtype == np.uint8 else 2000)).astype(dtype)
    Image.fromarray(values).save(tmp_path / name)
    source = volumes.open_image(tmp_path / name)
    assert source.geometry == volumes.Geometry((1, ROWS, COLUMNS))
    np.testing.assert_array_equal(source.slice(0), values)
    assert source.volume().shape == (1, ROWS, COLUMNS)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_picture_with_equal_channels(tmp_path, mode):
    values = np.arange(ROWS * COLUMNS, dtype=np.uint8).reshape(ROWS, COLUMNS)
    Image.fromarray(values).convert(mode).save(tmp_path / "p.png")
    np.testing.assert_array_equal(volumes.open_image(tmp_path / "p.png").slice(0), values)


def test_grey_jpeg_stored_as_colour(tmp_path):
    Image.fromarray(np.full((16, 16), 77, np.uint8)).convert("RGB").save(tmp_path / "p.jpg", quality=95)
    np.testing.assert_array_equal(volumes.open_image(tmp_path / "p.jpg").slice(0), 77)


def test_coloured_picture(tmp_path):
    values = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    values[2, 2] = (255, 0, 0)
    Image.fromarray(values).save(tmp_path / "p.png")
    assert "colours" in refusal(tmp_path / "p.png")


def test_tiff_of_several_pages(tmp_path):
    pages = [Image.fromarray(np.full((6, 5), n, np.uint8)) for n in range(3)]
    pages[0].save(tmp_path / "p.tif", save_all=True, append_images=pages[1:])
    assert "one page a file" in refusal(tmp_path / "p.tif")


@real_data
def test_3d_ircadb_liver():
    folder = REAL / "3d-ircadb-01-case17"
    image = volumes.open_image(folder / "PATIENT_DICOM")
    assert image.geometry.size == (119, 512, 512)
    assert image.geometry.spacing == pytest.approx((1.6, 0.743, 0.743), abs=1e-3)
    for name, millilitres in (("livertumor1", 86), ("livertumor2", 79)):
        mask = volumes.open_image(folder / "MASKS_DICOM" / name)
        assert image.geometry.difference(mask.geometry) == ""
        volume = (mask.volume() > 0).sum() * np.prod(mask.geometry.spacing) / 1000
        assert volume == pytest.approx(millilitres, abs=0.6)


@real_data
def test_chaos_slice_distance_is_not_the_slice_thickness():
    source = volumes.open_image(next((REAL / "chaos-ct-1").rglob("DICOM_anon")))
    assert source.geometry.size == (78, 512, 512)
    assert source.geometry.spacing == pytest.approx((2.0, 0.7266, 0.7266), abs=1e-3)
    assert -1100 < source.slice(40).min() < -900  # air
