"""False lengths at every element of a DICOM file: refused by name, before a library allocates what they say."""

import io
import resource
import struct
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from synthaug.errors import InputError
from synthaug.imaging import dicom_elements, image_files, volumes

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian)
FALSE = (0xFFFFFFF0, 0x7FFFFFFF, 0x00FFFFFF, 2000)
EVERYTHING = frozenset({0x00080016, 0x00200032, 0x00280010, 0x7FE00010})


def content(syntax=ExplicitVRLittleEndian, undefined=False):
    """Return a slice with sequences within each other, of known or unknown length."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = syntax, CTImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2"
    order = {"is_implicit_VR": syntax == ImplicitVRLittleEndian, "is_little_endian": syntax != ExplicitVRBigEndian}
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128, **order)
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, outer.CodeMeaning = "x", "lesion"
    outer.ConceptNameCodeSequence = Sequence([inner])
    file.ProcedureCodeSequence = Sequence([outer, inner])
    file.SOPClassUID, file.SOPInstanceUID, file.SeriesInstanceUID = CTImageStorage, "1.2", "1.2.3"
    file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    file.PixelSpacing, file.Rows, file.Columns = [0.7, 0.7], 6, 6
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 12, 11
    file.add_new(0x7FE00010, "OW", np.arange(36, dtype=">u2" if syntax == ExplicitVRBigEndian else "<u2").tobytes())
    for element in file.iterall():
        element.is_undefined_length = undefined and element.VR == "SQ"
    buffer = io.BytesIO()
    file.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def lengths(data, syntax):
    """Return place and size in bytes of each length of more than 16 bits, of elements and items, found by pydicom."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    found = []
    for place in range(132, len(data) - 8, 2):
        group, element = struct.unpack_from(f"{order}2H", data, place)
        if (group, element) in ((0xFFFE, 0xE000), (0x7FE0, 0x0010), (0x0008, 0x1032), (0x0040, 0xA043)):
            explicit = syntax != ImplicitVRLittleEndian and group != 0xFFFE
            found.append((place + (8 if explicit else 4), f"{order}I"))
    return found


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_whole_file_has_the_elements_that_pydicom_reads(tmp_path, syntax, undefined):
    (tmp_path / "a").write_bytes(content(syntax, undefined))
    found, expected = dicom_elements.read(tmp_path / "a", EVERYTHING), pydicom.dcmread(tmp_path / "a")
    assert set(found.values) == EVERYTHING
    assert found.text(0x00080016) == expected.SOPClassUID
    assert found.number(0x00280010) == expected.Rows
    assert [float(x) for x in found.text(0x00200032).split("\\")] == expected.ImagePositionPatient
    assert found.pixel_bytes == 72


@pytest.mark.parametrize("false", FALSE)
@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_false_length_anywhere(tmp_path, syntax, undefined, false):
    data = content(syntax, undefined)
    places = lengths(data, syntax)
    assert len(places) >= 6
    for place, form in places:
        if undefined and struct.unpack_from(form, data, place)[0] == 0xFFFFFFFF:
            continue
        damaged = bytearray(data)
        struct.pack_into(form, damaged, place, false)
        (tmp_path / "a").write_bytes(damaged)
        with pytest.raises(InputError, match="truncated or damaged"):
            dicom_elements.read(tmp_path / "a", EVERYTHING)


@pytest.mark.parametrize("keep", range(140, 672, 7))
def test_a_file_cut_anywhere(tmp_path, keep):
    data = content()[:keep]
    (tmp_path / "a.dcm").write_bytes(data)
    with pytest.raises(InputError, match=r"a\.dcm: expected .* found"):
        volumes.open_image(tmp_path)


def small_file(tag, kind):
    """Return a DICOM file of 270 bytes whose meta header has an element that claims 4 GB."""
    meta = struct.pack("<2H2sHI", 2, 0, b"UL", 4, 100) + struct.pack("<2H2sHI", 2, tag, kind, 0, 0xFFFFFFFA)
    return (b"\0" * 128 + b"DICM" + meta).ljust(270, b"\1")


@pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does")
@pytest.mark.parametrize(("tag", "kind"), [(1, b"OB"), (2, b"UN"), (16, b"OW"), (0x102, b"OB"), (3, b"UT")])
def test_a_small_file_that_claims_gigabytes(tmp_path, tag, kind):
    path = tmp_path / "a.dcm"
    path.write_bytes(small_file(tag, kind))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 26), before[1]))  # 64 MB
    try:
        with (
            mock.patch.object(image_files, "reader", side_effect=AssertionError("a library was asked")),
            pytest.raises(InputError, match=rf"expected 4294967290 bytes of element \(0002,{tag:04x}\), found 1"),
        ):
            volumes.open_image(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_sequences_without_end(tmp_path):
    """A thousand sequences within each other end no recursion, and many small elements take no long time."""
    meta = struct.pack("<2H2sH", 2, 16, b"UI", 20) + b"1.2.840.10008.1.2.1\0"
    head = b"\0" * 128 + b"DICM" + meta
    nested = struct.pack("<2H2sHI", 8, 0x1032, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<2HI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    (tmp_path / "a").write_bytes(head + nested * 1000)
    with pytest.raises(InputError, match="at most 32 sequences within each other"):
        dicom_elements.read(tmp_path / "a", frozenset())
    many = b"".join(struct.pack("<2H2sH", 9, number, b"LO", 0) for number in range(1, 65535))
    (tmp_path / "a").write_bytes(head + many)
    assert dicom_elements.read(tmp_path / "a", frozenset()).pixel_bytes is None


def test_an_element_given_twice(tmp_path):
    rows = struct.pack("<2H2sHH", 0x28, 0x10, b"US", 2, 6)
    data = content()
    place = data.index(rows)
    (tmp_path / "a").write_bytes(data[:place] + rows + data[place:])
    with pytest.raises(InputError, match=r"expected element \(0028,0010\) once"):
        dicom_elements.read(tmp_path / "a", EVERYTHING)
