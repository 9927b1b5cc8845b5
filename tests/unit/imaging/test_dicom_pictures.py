"""Single DICOM files as images, against pydicom: X-rays, mammograms, ultrasound, and slices of a patient."""

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalXRayImageStorageForPresentation,
    UltrasoundImageStorage,
)
from tests.helpers.compressed_dicom import COMPRESSORS, compress
from tests.unit.imaging.test_volumes import STACK, refusal, write_slice

from synthaug.imaging import dicom_pictures, gray_pixels, pixel_shapes, volumes

CLASSES = {
    "CR": ComputedRadiographyImageStorage,
    "DX": DigitalXRayImageStorageForPresentation,
    "MG": DigitalMammographyXRayImageStorageForPresentation,
    "US": UltrasoundImageStorage,
}
PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
VALUES = np.random.default_rng(0).integers(0, 4096, (40, 30)).astype(np.uint16)


def write(path, modality="DX", pixels=VALUES, drop=(*PLACE, "RescaleSlope", "RescaleIntercept"), **tags):
    """Write a picture of 12 bits without a place in the patient."""
    bits = {"BitsStored": 12, "HighBit": 11, "Modality": modality, "SOPClassUID": CLASSES[modality]}
    write_slice(path, 0, pixels=pixels, drop=drop, **{**bits, **tags})
    return path


def stored(path):
    return pydicom.dcmread(path).pixel_array.astype(float)


@pytest.mark.parametrize("modality", CLASSES)
@pytest.mark.parametrize("name", ["image.dcm", "IM0001"])
def test_a_file_is_a_picture_with_the_values_of_pydicom(tmp_path, modality, name):
    source = volumes.open_image(write(tmp_path / name, modality))
    assert source.check() == []
    assert source.geometry.size == (1, 40, 30)
    assert source.geometry.spacing[1:] == pytest.approx((0.7, 0.7))
    assert not source.geometry.placed
    assert source.geometry.series == "1.2.3"
    np.testing.assert_array_equal(source.slice(0), stored(tmp_path / name))
    np.testing.assert_array_equal(source.volume()[0], stored(tmp_path / name))
    assert source.geometry.difference(volumes.Geometry((1, 40, 30))) == ""  # a mask that is a PNG file


@pytest.mark.parametrize("compressor", COMPRESSORS)
def test_compressed(tmp_path, compressor):
    path = write(tmp_path / "i.dcm", drop=PLACE, RescaleSlope=1, RescaleIntercept=0)
    compress(path, compressor)
    np.testing.assert_array_equal(volumes.open_image(path).slice(0), VALUES)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(("signed", "bits"), [(0, 12), (0, 16), (1, 16)])
@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (0.5, -100)])
def test_monochrome1_is_inverted_within_its_bits(tmp_path, signed, bits, slope, intercept, compressed):
    path = write(
        tmp_path / "i.dcm", pixels=(VALUES.astype(np.int16) - 2048) if signed else VALUES, drop=PLACE, BitsStored=bits,
        HighBit=bits - 1, RescaleSlope=slope, RescaleIntercept=intercept, PixelRepresentation=signed,
        PhotometricInterpretation="MONOCHROME1",
    )  # fmt: skip
    if compressed:
        compress(path, "RLE")
    source = volumes.open_image(path)
    assert source.check() == [dicom_pictures.INVERTED]
    lowest, highest = (-(2**15), 2**15 - 1) if signed else (0, 2**bits - 1)
    np.testing.assert_allclose(source.slice(0), slope * (lowest + highest - stored(path)) + intercept)


def test_the_spacing_at_the_detector_where_there_is_no_other(tmp_path):
    path = write(tmp_path / "i.dcm", drop=(*PLACE, "PixelSpacing"), ImagerPixelSpacing=[0.15, 0.15])
    source = volumes.open_image(path)
    assert source.geometry.spacing[1:] == (0.15, 0.15)
    assert source.check() == [dicom_pictures.AT_DETECTOR]
    both = volumes.open_image(write(tmp_path / "both.dcm", ImagerPixelSpacing=[0.15, 0.15]))
    assert both.geometry.spacing[1:] == (0.7, 0.7)
    assert both.check() == []
    assert volumes.open_image(write(tmp_path / "n.dcm", drop=(*PLACE, "PixelSpacing"))).geometry.spacing is None


def test_pixels_that_are_not_square(tmp_path):
    source = volumes.open_image(write(tmp_path / "i.dcm", drop=PLACE, PixelSpacing=[0.7, 0.8]))
    assert source.geometry.spacing[1:] == (0.7, 0.8)
    assert source.check() == [pixel_shapes.REMARK]
    alone = {"drop": (*PLACE, "PixelSpacing")}
    path = write(tmp_path / "a.dcm", PixelAspectRatio=[4, 3], **alone)
    assert "expected a PixelSpacing of pixels that are not square, found a PixelAspectRatio '4\\\\3' alone" in refusal(
        path
    )
    assert volumes.open_image(write(tmp_path / "1.dcm", PixelAspectRatio=[1, 1], **alone)).geometry.aspect == 1


@pytest.mark.parametrize("noise", [0, 5])
def test_ultrasound_stored_in_colours_is_gray_where_these_are_noise(tmp_path, noise):
    gray = (VALUES // 32).astype(np.uint8)
    colours = gray[..., None] + np.random.default_rng(1).integers(0, noise + 1, (40, 30, 3)).astype(np.uint8)
    tags = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "PhotometricInterpretation": "RGB", "BitsAllocated": 8}
    path = write(tmp_path / "i.dcm", "US", gray, BitsStored=8, HighBit=7, PixelData=colours.tobytes(), **tags)
    assert np.array_equal(stored(path), colours)
    source = volumes.open_image(path)
    assert source.check() == ([gray_pixels.REMARK] if noise else [])
    np.testing.assert_allclose(source.slice(0), colours @ [0.299, 0.587, 0.114], atol=0.51)
    colours[3:5, 7] = (255, 255, 0)
    write(path, "US", gray, BitsStored=8, HighBit=7, PixelData=colours.tobytes(), **tags)
    assert "found colours in 2 of 1200 px, x 7 to 7 and y 3 to 4: one gray channel is meant" in refusal(path)


def test_a_slice_of_a_patient_has_its_place(tmp_path):
    write_slice(tmp_path / "one.dcm", 2)
    source = volumes.open_image(tmp_path / "one.dcm")
    np.testing.assert_array_equal(source.volume(), STACK[2:3])
    assert source.geometry.origin == (-100, -80, 35)
    assert source.geometry.placed


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"PixelSpacing": [0, 0]}, "expected 2 numbers above 0 in PixelSpacing"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "(MONOCHROME2 or MONOCHROME1 or RGB), found PALETTE COLOR"),
        ({"NumberOfFrames": 2}, "found 2 frames"),
        (
            {"PixelRepresentation": 1, "PhotometricInterpretation": "MONOCHROME1"},
            "found signed ones of 12 bits; export",
        ),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.11"}, "expected an image, found a structured report"),
    ],
)
def test_what_is_refused(tmp_path, tags, expected):
    assert expected in refusal(write(tmp_path / "i.dcm", **tags))
