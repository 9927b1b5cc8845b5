"""NIfTI-2 files, written after nifti2.h, against ITK's reading of the same voxels and placement as NIfTI-1."""

import gzip
import struct

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from tests.unit.imaging import test_nifti
from tests.unit.imaging.test_nifti import OFFSET, SIZE, SPACING, VALUES, outcome, placed

from synthaug.errors import InputError
from synthaug.imaging import volumes

KINDS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
TURN = Rotation.from_euler("xyz", [7, -11, 183], degrees=True)


def header(
    codes=(1, 1), quaternion=(0, 0, 0), matrix=None, *, sizes=SIZE, spacing=SPACING, unit=2, start=544,
    scale=(1.0, 0.0), kind=4, order="<",
):  # fmt: skip
    data = bytearray(544)
    matrix = np.column_stack([np.diag(spacing), OFFSET]) if matrix is None else matrix
    dimensions = [len(sizes), *sizes, *[1] * (7 - len(sizes))]
    for form, at, values in (
        ("i", 0, [540]), ("2h", 12, [kind, 8 * np.dtype(KINDS[kind]).itemsize]), ("8q", 16, dimensions),
        ("4d", 104, [1, *spacing]), ("q", 168, [start]), ("2d", 176, scale), ("2i", 344, codes),
        ("6d", 352, [*quaternion, *OFFSET]), ("12d", 400, np.ravel(matrix)), ("i", 500, [unit]),
    ):  # fmt: skip
        struct.pack_into(order + form, data, at, *values)
    data[4:12] = b"n+2\0\r\n\x1a\n"
    return bytes(data)


def read(path, data):
    found = outcome(path, data)
    assert not isinstance(found, str), found
    return found


@pytest.mark.parametrize("name", ["v.nii", "v.nii.gz"])
@pytest.mark.parametrize("codes", [(1, 1), (0, 1), (1, 0), (2, 4)])
def test_place_and_values_are_those_of_the_same_file_in_nifti_1(tmp_path, name, codes):
    quaternion, matrix = placed(TURN)
    pack = gzip.compress if name.endswith("gz") else bytes
    (tmp_path / "one").mkdir()
    first = test_nifti.header(codes, quaternion, matrix=matrix)
    one = read(tmp_path / "one" / name, pack(first + VALUES.tobytes()))
    two = read(tmp_path / name, pack(header(codes, quaternion, matrix) + VALUES.tobytes()))
    np.testing.assert_allclose(two.geometry.corners(), one.geometry.corners(), atol=1e-4)
    np.testing.assert_array_equal(two.volume(), one.volume())
    for index in range(one.geometry.size[0]):
        np.testing.assert_array_equal(two.slice(index), one.slice(index))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.0, 0.0), (0.5, -7.0)])
def test_numbers_of_any_kind_and_order(tmp_path, order, kind, scale):
    stored = (np.arange(np.prod(SIZE)) % 120).astype(np.dtype(order + KINDS[kind]))
    source = read(tmp_path / "v.nii", header(kind=kind, order=order, scale=scale) + stored.tobytes())
    expected = stored.astype(float).reshape(SIZE[::-1]) * (scale[0] or 1) + scale[1]
    np.testing.assert_array_equal(source.volume()[:, ::-1, ::-1], expected)  # the file's axes: right, front, up


def test_one_volume_of_several(tmp_path):
    stored = np.arange(3 * np.prod(SIZE), dtype="<i2")
    path = tmp_path / "v.nii"
    path.write_bytes(header(sizes=(*SIZE, 3)) + stored.tobytes())
    source = volumes.open_image(f"{path}#2")
    source.check()
    np.testing.assert_array_equal(source.volume()[:, ::-1, ::-1], stored.reshape(3, *SIZE[::-1])[2])
    with pytest.raises(InputError, match="one of its 3 volumes, found none given"):
        volumes.open_image(path)


@pytest.mark.parametrize(
    ("changes", "cut", "expected"),
    [
        ({}, -1, "expected 240 bytes of voxels, found 239: truncated"),
        ({}, 300, "found a truncated one or a damaged header"),
        ({"start": 352}, None, "voxels from byte 544 on, found 352"),
        ({"scale": (np.inf, 0.0)}, None, "scaled by two numbers or not at all"),
        ({"spacing": (0.7, 0.7, -1.0)}, None, "a spacing above 0 mm"),
        ({"sizes": (5, 6, 2**40)}, None, "bytes of voxels"),
        ({"matrix": np.column_stack([np.diag([0.7, 0.7, 2.5]), [9.0, 9.0, 9.0]])}, None, "one placement of the voxels"),
    ],
)
def test_what_is_refused(tmp_path, changes, cut, expected):
    data = header(**changes) + VALUES.tobytes()
    found = outcome(tmp_path / "v.nii", data[:cut] if cut else data)
    assert isinstance(found, str)
    assert "\n" not in found
    assert expected in found


def test_what_is_cut_off_later_is_refused_when_it_is_read(tmp_path):
    path = tmp_path / "v.nii.gz"
    source = read(path, gzip.compress(header() + VALUES.tobytes()))
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(InputError, match="found a truncated or damaged one; copy it again"):
        source.slice(0)


def test_a_header_apart_from_its_voxels_is_refused(tmp_path):
    data = header().replace(b"n+2\0", b"ni2\0", 1)
    assert "found the header of a NIfTI pair" in outcome(tmp_path / "v.nii", data + VALUES.tobytes())
