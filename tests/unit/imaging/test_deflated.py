"""DICOM files whose data set is deflated as a whole: the pixels of pydicom, and false lengths within it refused."""

import resource
import struct
import sys
import zlib
from pathlib import Path
from unittest import mock

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian
from tests.helpers import annotated
from tests.helpers.annotated.segmentations import write_seg
from tests.unit.imaging.test_dicom_elements import EVERYTHING, FALSE, SYNTAXES, content, lengths
from tests.unit.imaging.test_dicom_frames import expected, write_enhanced
from tests.unit.imaging.test_dicom_pictures import stored, write
from tests.unit.imaging.test_volumes import SLICES, STACK, refusal, write_slice

from synthaug.cohort import annotations
from synthaug.errors import InputError
from synthaug.imaging import dicom_elements, image_files, volumes


def deflate(path):
    """Let pydicom write a file again, its data set deflated."""
    file = pydicom.dcmread(path)
    file.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file.save_as(path, enforce_file_format=True)
    assert pydicom.dcmread(path).file_meta.TransferSyntaxUID.is_deflated
    return path


def packed(data):
    """Return a file of explicit little endian, as `content` has it, as one whose data set is deflated."""
    named, uid = (syntax.encode() + bytes(len(syntax) % 2) for syntax in (SYNTAXES[0], DeflatedExplicitVRLittleEndian))
    place, begin = data.index(named), data.index(struct.pack("<2H", 8, 0x16))
    meta = data[: place - 2] + struct.pack("<H", len(uid)) + uid + data[place + len(named) : begin]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return meta + packer.compress(data[begin:]) + packer.flush()


def test_a_series_has_the_pixels_of_pydicom(tmp_path):
    for z in range(SLICES):
        write_slice(tmp_path / f"{9 - z}", z)
        deflate(tmp_path / f"{9 - z}")
    source = volumes.open_image(tmp_path)
    assert source.check() == []
    for z in range(SLICES):
        file = pydicom.dcmread(tmp_path / f"{9 - z}")
        np.testing.assert_array_equal(source.slice(z), file.pixel_array * 0.5 - 1000)
    np.testing.assert_array_equal(source.volume(), STACK)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_a_picture_has_the_pixels_of_pydicom(tmp_path, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    pixels = np.random.default_rng(bits).integers(0, 2**bits, (41, 31)).astype(kind)  # an odd number of bytes in 8 bits
    stored_in = {"BitsAllocated": np.iinfo(kind).bits, "BitsStored": bits, "HighBit": bits - 1}
    path = deflate(
        write(tmp_path / "i.dcm", pixels=pixels, PixelData=pixels.tobytes() + bytes(pixels.nbytes % 2), **stored_in)
    )
    np.testing.assert_array_equal(volumes.open_image(path).slice(0), stored(path))
    np.testing.assert_array_equal(stored(path), pixels)


def test_frames_have_the_pixels_of_pydicom(tmp_path):
    path = deflate(write_enhanced(tmp_path / "frames"))
    np.testing.assert_array_equal(volumes.open_image(path).volume(), expected(path))


def test_annotations_are_those_that_are_not_deflated(tmp_path):
    annotated.write_series(tmp_path / "ct")
    image = volumes.open_image(tmp_path / "ct").geometry
    write_seg(tmp_path / "seg.dcm", tmp_path / "ct", annotated.LESIONS)
    (tmp_path / "rt.dcm").write_bytes((annotated.FOLDER / "plain.dcm").read_bytes())
    for name in ("seg.dcm", "rt.dcm"):
        before = annotations.read_labels(tmp_path / name, image)
        drawn = [before.lesion(label) for label in before.names]
        deflate(tmp_path / name)
        after = annotations.read_labels(tmp_path / name, image)
        assert after.names == before.names
        for label, lesion in zip(after.names, drawn, strict=True):
            np.testing.assert_array_equal(after.lesion(label), lesion)
    np.testing.assert_array_equal(annotations.read_labels(tmp_path / "seg.dcm", image).lesion(1), annotated.LESIONS[0])


@pytest.mark.parametrize("undefined", [False, True])
def test_a_whole_file_has_the_elements_that_pydicom_reads(tmp_path, undefined):
    (tmp_path / "a").write_bytes(packed(content(undefined=undefined)))
    found, read = dicom_elements.read(tmp_path / "a", EVERYTHING), pydicom.dcmread(tmp_path / "a")
    assert set(found.values) == EVERYTHING
    assert found.text(0x00080016) == read.SOPClassUID
    assert found.number(0x00280010) == read.Rows
    assert found.pixel_bytes == len(read.PixelData) == 72


@pytest.mark.parametrize("false", FALSE)
@pytest.mark.parametrize("undefined", [False, True])
def test_a_false_length_anywhere(tmp_path, undefined, false):
    data = content(undefined=undefined)
    for place, form in lengths(data, SYNTAXES[0]):
        if undefined and struct.unpack_from(form, data, place)[0] == 0xFFFFFFFF:
            continue
        damaged = bytearray(data)
        struct.pack_into(form, damaged, place, false)
        (tmp_path / "a").write_bytes(packed(bytes(damaged)))
        with pytest.raises(InputError, match="truncated or damaged"):
            dicom_elements.read(tmp_path / "a", EVERYTHING)


def test_a_file_cut_anywhere_or_with_more_behind(tmp_path):
    data = packed(content())
    for keep in range(140, len(data), 7):
        (tmp_path / "a.dcm").write_bytes(data[:keep])
        assert "a.dcm: expected" in refusal(tmp_path / "a.dcm")
    (tmp_path / "a.dcm").write_bytes(data + b"\0")  # an even length
    assert volumes.open_image(tmp_path / "a.dcm").volume().shape == (1, 6, 6)
    (tmp_path / "a.dcm").write_bytes(data + b"\1\2")
    assert "expected nothing behind the deflated data set, found 2 bytes" in refusal(tmp_path / "a.dcm")
    begin = len(data) - 40
    (tmp_path / "a.dcm").write_bytes(data[:begin] + b"\xff" * 40)
    assert "truncated or damaged" in refusal(tmp_path / "a.dcm")


@pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does")
def test_a_small_file_that_inflates_to_gigabytes(tmp_path):
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    long = struct.pack("<2H2sHI", 9, 0x1010, b"OB", 0, 1 << 30)
    zeros = bytes(1 << 20)
    bomb = packer.compress(long) + b"".join(packer.compress(zeros) for _ in range(1 << 10)) + packer.flush()
    assert len(bomb) < 1 << 21
    data = packed(content())
    meta = data[: data.index(b"1.2.840.10008.1.2.1.99") + 22]
    (tmp_path / "a.dcm").write_bytes(meta + bomb)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 29), before[1]))  # 512 MB
    try:
        with (
            mock.patch.object(image_files, "reader", side_effect=AssertionError("a library was asked")),
            pytest.raises(InputError, match="of at most 128 MiB, found a larger one; export it uncompressed"),
        ):
            volumes.open_image(tmp_path / "a.dcm")
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
