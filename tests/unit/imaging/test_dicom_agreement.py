"""Series whose slices disagree, or that lie among other files: read whole, said, or refused; nothing gets lost."""

import gzip
import io
import os

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.unit.imaging.test_volumes import SLICES, STACK, refusal, write_slice

from synthaug.imaging import volumes


def write_all(folder, changed=(), count=SLICES, **tags):
    folder.mkdir(exist_ok=True)
    for z in range(count):
        write_slice(folder / f"{z}.dcm", z, **(tags if z in changed else {}))
    return folder


@pytest.mark.parametrize("place", range(SLICES))
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Modality", "MR"),
        ("PatientID", "Mrs Smith"),
        ("FrameOfReferenceUID", "1.2.8"),
        ("EchoTime", "80"),
        ("InversionTime", "800"),
        ("ConvolutionKernel", "B70f"),
        ("DiffusionBValue", 1000.0),
        ("TemporalPositionIdentifier", "2"),
        ("RescaleType", "US"),
    ],
)
def test_one_slice_of_another_scan(tmp_path, name, value, place):
    message = refusal(write_all(tmp_path / "ct", [place], **{name: value}))
    assert name in message
    assert "Smith" not in message


def test_a_weighting_of_zero_is_no_missing_one(tmp_path):
    """It is stored as eight zero bytes, and told as a number."""
    lacking = refusal(write_all(tmp_path / "lacking", [0], DiffusionBValue=0.0))
    assert "expected DiffusionBValue 0 as in 0.dcm, found none" in lacking
    other = write_all(tmp_path / "other", range(SLICES), DiffusionBValue=0.0)
    write_slice(other / "1.dcm", 1, DiffusionBValue=1000.0)
    assert "expected DiffusionBValue 0 as in 0.dcm, found 1000" in refusal(other)
    np.testing.assert_array_equal(
        volumes.open_image(write_all(tmp_path / "all", range(SLICES), DiffusionBValue=0.0)).volume(), STACK
    )


@pytest.mark.parametrize("name", ["AcquisitionNumber", "ImageType", "ContrastBolusAgent", "EchoNumbers"])
def test_scans_that_interleave_and_scans_one_after_the_other(tmp_path, name):
    values = {"ImageType": (["ORIGINAL", "M"], ["DERIVED", "P"])}.get(name, ("1", "2"))
    for pattern, fine in (("1122", True), ("1234", True), ("1212", False), ("1121", False), ("1221", False)):
        folder = tmp_path / pattern
        folder.mkdir()
        for z, number in enumerate(pattern):
            value = values[int(number) - 1] if int(number) < 3 else number
            write_slice(folder / f"{z}.dcm", z, **{name: value})
        if fine:
            np.testing.assert_array_equal(volumes.open_image(folder).volume(), STACK)
        else:
            assert f"of different {name} whose slices lie within each other" in refusal(folder)


@pytest.mark.parametrize("place", range(SLICES))
@pytest.mark.parametrize("drop", [["RescaleSlope"], ["RescaleIntercept"], ["RescaleSlope", "RescaleIntercept"]])
def test_a_rescale_that_is_not_whole(tmp_path, place, drop):
    folder = write_all(tmp_path / "ct")
    write_slice(folder / f"{place}.dcm", place, drop=drop)
    assert "Rescale" in refusal(folder)


def test_a_lookup_table_in_place_of_a_rescale(tmp_path):
    item = Dataset()
    item.LUTDescriptor, item.ModalityLUTType, item.LUTData = [4, 0, 16], "HU", b"\0" * 8
    folder = write_all(tmp_path / "ct", [1], ModalityLUTSequence=Sequence([item]))
    assert "ModalityLUTSequence" in refusal(folder)


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("stored", [8, 9, 10, 12, 15, 16])
@pytest.mark.parametrize("junk", [False, True])
def test_bits_are_read_as_they_are_meant_or_refused(tmp_path, stored, signed, junk):
    """By the standard: of 16 bits, those from HighBit - BitsStored + 1 to HighBit are the value."""
    low, top = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    values = np.random.default_rng(stored).integers(low, top, (6, 5), endpoint=True)
    for high in range(stored - 1, 16):
        raw = (values & ((1 << stored) - 1)) << (high - stored + 1)
        if junk and high < 15:
            raw |= 1 << 15
        write_slice(
            tmp_path / "a", 0, pixels=raw.astype("<u2"), BitsStored=stored, HighBit=high, PixelRepresentation=signed,
            RescaleSlope=1, RescaleIntercept=0,
        )  # fmt: skip
        if high == stored - 1:
            np.testing.assert_array_equal(volumes.open_image(tmp_path).slice(0), values)
        else:
            assert f"expected HighBit {stored - 1}" in refusal(tmp_path)


@pytest.mark.parametrize(("allocated", "stored"), [(32, 20), (32, 12), (8, 6), (12, 12), (64, 64), (1, 1)])
def test_bits_that_are_not_read(tmp_path, allocated, stored):
    write_slice(tmp_path / "a", 0, BitsAllocated=allocated, BitsStored=stored, HighBit=stored - 1)
    refusal(tmp_path)


@pytest.mark.parametrize("more", [-60, -2, 2, 60, 600])
def test_more_or_fewer_pixels_than_the_header_says(tmp_path, more):
    data = (STACK[0] * 0 + 7).astype("<u2").tobytes()
    data = data[:more] if more < 0 else data + b"\1" * more
    write_slice(tmp_path / "a", 0, PixelData=data)
    assert f"expected 60 bytes of pixels (6 x 5 of 16 bits), found {60 + more}" in refusal(tmp_path)


@pytest.mark.parametrize("place", range(SLICES))
@pytest.mark.parametrize("name", ["{}", "{}.dcm", "IM{}"])
@pytest.mark.parametrize("meta", [True, False])
def test_slices_without_preamble_are_in_the_stack(tmp_path, place, name, meta):
    for z in range(SLICES):
        write_slice(tmp_path / name.format(z), z)
    path = tmp_path / name.format(place)
    data = path.read_bytes()[132:]
    if not meta:
        file, buffer = pydicom.dcmread(path), io.BytesIO()
        del file.file_meta
        pydicom.dcmwrite(buffer, file, implicit_vr=True, little_endian=True)
        data = buffer.getvalue()
        data = data[132:] if data[128:132] == b"DICM" else data
    path.write_bytes(data)
    np.testing.assert_array_equal(volumes.open_image(tmp_path).volume(), STACK)


@pytest.mark.parametrize("place", range(SLICES))
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("{}.dcm.gz", gzip.compress),
        ("{}.gz", gzip.compress),
        ("{}", lambda data: data[:100]),
        ("{}", lambda data: data[:1] + b"\7" + data[2:90]),
        ("{}", lambda data: b""),
        ("{}", lambda data: bytes(len(data))),
        ("{}", lambda data: b"\0" * 128 + b"DICN" + data[132:]),
        ("{}", lambda data: b"version https://git-lfs.github\noid sha256:4d7a\n"),
        ("{}", lambda data: b"/annex/objects/MD5E-s12--5.dcm\n"),
        ("{}", lambda data: b"PK\3\4" + data),
    ],
)
def test_no_slice_is_lost_in_silence(tmp_path, place, name, change, caplog):
    write_all(tmp_path / "ct")
    path = tmp_path / f"ct/{place}.dcm"
    data = path.read_bytes()
    path.unlink()
    path = tmp_path / "ct" / name.format(place)
    path.write_bytes(change(data))
    if change(data)[:2] == b"PK" and place in (0, SLICES - 1):  # no slice by its content: left aside with a word
        volumes.open_image(tmp_path / "ct").check()
        assert f"left aside {path.name} (a ZIP file)" in caplog.text
    else:
        message = refusal(tmp_path / "ct")
        assert path.name in message or "a missing slice" in message


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.5.1.4.1.1.481.3", "a radiotherapy structure set"),
        ("1.2.840.10008.5.1.4.1.1.481.2", "a radiotherapy dose"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "a radiotherapy plan or record"),
        ("1.2.840.10008.5.1.4.1.1.66.4", "a DICOM segmentation"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "a structured report"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "a structured report"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "a presentation state"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "an encapsulated document"),
        ("1.2.840.10008.1.3.10", "a DICOM directory"),
    ],
)
def test_other_dicom_objects_are_left_aside_with_a_word(tmp_path, uid, words, caplog):
    folder = write_all(tmp_path / "ct")
    write_slice(folder / "other", 0, SOPClassUID=uid, drop=["PixelData", "Rows", "Columns"])
    source = volumes.open_image(folder)
    np.testing.assert_array_equal(source.volume(), STACK)
    assert f"ct: left aside other ({words})" in caplog.text
    (tmp_path / "alone").mkdir()
    (folder / "other").rename(tmp_path / "alone/other")
    assert f"found other ({words})" in refusal(tmp_path / "alone")


def test_a_slice_that_lost_its_pixels_is_no_other_object(tmp_path):
    folder = write_all(tmp_path / "ct")
    write_slice(folder / "3.dcm", 3, drop=["PixelData"])
    assert "3.dcm: expected a slice, found a DICOM file without pixels" in refusal(folder)


@pytest.mark.skipif(os.name != "posix", reason="makes links and pipes")
def test_links_and_pipes_are_named(tmp_path):
    folder = write_all(tmp_path / "ct")
    (folder / "4.dcm").symlink_to("nowhere.dcm")
    assert "4.dcm: expected an image, found a link to a file that is not there" in refusal(folder)
    (folder / "4.dcm").unlink()
    (folder / "4.dcm").symlink_to("4.dcm")
    assert "4.dcm" in refusal(folder)
    (folder / "4.dcm").unlink()
    os.mkfifo(folder / "pipe")
    assert "pipe: expected a file, found a pipe" in refusal(folder)
    (folder / "pipe").rename(tmp_path / "pipe.png")
    assert "found a pipe" in refusal(tmp_path / "pipe.png")
    (tmp_path / "link.nii").symlink_to("nowhere")
    assert "found a link to a file that is not there" in refusal(tmp_path / "link.nii")


@pytest.mark.parametrize("count", [2, 3, 4, 40])
def test_many_series_are_one_short_line(tmp_path, count):
    for z in range(count):
        write_slice(tmp_path / f"{z}", z, series=f"1.2.840.10008.1.2.3.4.5.6.7.8.{z}", SeriesDescription="x" * 60)
    message = refusal(tmp_path)
    assert f"found {count}:" in message
    assert len(message) - len(str(tmp_path)) < 600
    assert ("and 37 more" in message) == (count == 40)
