"""Data of MetaImage and NRRD files, as long as their header says, shorter and longer."""

import re

import numpy as np
import pytest
import SimpleITK as sitk

from synthaug.errors import InputError
from synthaug.imaging import volumes

VALUES = np.random.default_rng(0).integers(0, 99, (3, 5, 4))
TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8")


def write(path, kind="i2", packed=False):
    sitk.WriteImage(sitk.GetImageFromArray(VALUES.astype(kind)), str(path), useCompression=packed)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["v.mha", "v.mhd", "v.nrrd", "v.nhdr"])
@pytest.mark.parametrize("kind", TYPES)
def test_whole_files_of_any_type(tmp_path, name, kind, packed):
    np.testing.assert_array_equal(volumes.open_image(write(tmp_path / name, kind, packed)).volume(), VALUES)


@pytest.mark.parametrize("more", [-119, -1, 1, 12, 352, 50_000])
@pytest.mark.parametrize("name", ["v.mha", "v.mhd", "v.nrrd", "v.nhdr"])
def test_shorter_and_longer_data(tmp_path, name, more):
    header = write(tmp_path / name)
    data = next((path for path in tmp_path.iterdir() if path != header), header)
    content = data.read_bytes()
    data.write_bytes(content[:more] if more < 0 else content + b"\1" * more)
    expected = f"expected 120 bytes of voxels in {data.name}, found {120 + more}"
    with pytest.raises(InputError, match=re.escape(expected)):
        volumes.open_image(header)


@pytest.mark.parametrize("name", ["v.mha", "v.mhd", "v.nrrd", "v.nhdr"])
@pytest.mark.parametrize("size", [("4 5 3", "4 5 2"), ("4 5 3", "4 5 4"), ("4 5 3", "4 4 3")])
def test_packed_data_of_another_size(tmp_path, name, size):
    header = write(tmp_path / name, packed=True)
    content = header.read_bytes()
    header.write_bytes(content.replace(*(text.encode() for text in size), 1))
    with pytest.raises(InputError, match="bytes of voxels in"):
        volumes.open_image(header)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("v.mhd", "ElementDataFile = v.raw", "HeaderSize = 352\nElementDataFile = v.raw"),
        ("v.mhd", "ElementDataFile = v.raw", "HeaderSize = -1\nElementDataFile = v.raw"),
        ("v.nhdr", "encoding: raw", "encoding: raw\nbyte skip: 352"),
        ("v.nhdr", "encoding: raw", "encoding: raw\nbyte skip: -1"),
    ],
)
def test_bytes_that_the_header_says_to_skip(tmp_path, name, before, after):
    header = write(tmp_path / name)
    data = tmp_path / "v.raw"
    data.write_bytes(b"\7" * 352 + data.read_bytes())
    with pytest.raises(InputError, match="found 472; the voxels may be shifted"):
        volumes.open_image(header)
    header.write_text(header.read_text().replace(before, after))
    np.testing.assert_array_equal(volumes.open_image(header).volume(), VALUES)


@pytest.mark.parametrize(
    ("name", "before", "after", "expected"),
    [
        ("v.mhd", "v.raw", "w.raw", "found no such file"),
        ("v.mhd", "v.raw", "LIST", "found no such file"),
        ("v.nhdr", "v.raw", "w.raw", "found no such file"),
        ("v.nhdr", "encoding: raw", "encoding: hex", "damaged or unsupported"),
        ("v.mhd", "MET_SHORT", "MET_WHAT", "damaged or unsupported"),
        ("v.mhd", "BinaryData = True", "BinaryData = False", "damaged or unsupported"),
    ],
)
def test_headers_that_cannot_be_checked(tmp_path, name, before, after, expected):
    header = write(tmp_path / name)
    assert before in header.read_text()
    header.write_text(header.read_text().replace(before, after))
    with pytest.raises(InputError, match=expected):
        volumes.open_image(header)
