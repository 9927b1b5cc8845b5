"""NIfTI headers over the range of how they may place, scale and hold voxels; placements after nifti1.h by scipy."""

import gzip
import itertools
import struct

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from synthaug.errors import InputError
from synthaug.imaging import volumes

SIZE, SPACING, OFFSET = (5, 6, 4), (0.7, 0.7, 2.5), (-10.0, -20.0, 30.0)
PROPERTY = settings(deadline=None, max_examples=60, derandomize=True)
VALUES = np.arange(np.prod(SIZE), dtype="<i2")


def header(
    codes, quaternion=(0, 0, 0), offset=OFFSET, matrix=None, sign=1.0, spacing=SPACING, unit=2, start=352.0,
    scale=(1.0, 0.0), kind=(4, 16),
):  # fmt: skip
    data = bytearray(352)
    struct.pack_into("<i", data, 0, 348)
    struct.pack_into("<8h", data, 40, 3, *SIZE, 1, 1, 1, 1)
    struct.pack_into("<2h", data, 70, *kind)
    struct.pack_into("<4f", data, 76, sign, *spacing)
    struct.pack_into("<3f", data, 108, start, *scale)
    data[123] = unit
    struct.pack_into("<2h", data, 252, *codes)
    struct.pack_into("<6f", data, 256, *quaternion, *offset)
    matrix = np.column_stack([np.diag(SPACING), OFFSET]) if matrix is None else matrix
    struct.pack_into("<12f", data, 280, *np.ravel(matrix))
    data[344:348] = b"n+1\0"
    return bytes(data)


def outcome(path, data):
    """Return the source, or the message that refuses the file."""
    path.write_bytes(data)
    try:
        source = volumes.open_image(path)
        source.check()
    except InputError as error:
        return str(error)
    return source


def placed(turn, sign=1, moved=(0, 0, 0)):
    """Return quaternion and matrix of one and the same placement, but for ``moved``."""
    matrix = turn.as_matrix() * np.array(SPACING) * (1, 1, sign)
    x, y, z, w = turn.as_quat(canonical=True)
    return np.array([x, y, z]) * (1 if w >= 0 else -1), np.column_stack([matrix, np.array(OFFSET) + moved])


@PROPERTY
@given(
    angles=st.tuples(*[st.floats(-20, 20)] * 3),
    quarter=st.sampled_from([0, 2]),
    sign=st.sampled_from([-1, 1]),
    codes=st.sampled_from([(1, 1), (1, 2), (2, 1), (4, 1), (1, 4), (1, 0), (0, 1), (3, 3)]),
)
def test_placements_that_agree_are_read(tmp_path_factory, angles, quarter, sign, codes):
    turn = Rotation.from_euler("xyz", angles, degrees=True) * Rotation.from_euler("z", quarter * 90, degrees=True)
    quaternion, matrix = placed(turn, sign)
    path = tmp_path_factory.mktemp("nii") / "v.nii"
    source = outcome(path, header(codes, quaternion, matrix=matrix, sign=sign) + VALUES.tobytes())
    assert not isinstance(source, str), source
    last = np.array(list(itertools.product(*((0, n - 1) for n in SIZE))))
    expected = (last @ matrix[:, :3].T + matrix[:, 3]) * (-1, -1, 1)
    found = source.geometry.corners()
    for corner in expected:
        assert np.linalg.norm(found - corner, axis=1).min() < 1e-3


@PROPERTY
@given(
    angle=st.floats(5, 180), axis=st.sampled_from("xyz"), moved=st.floats(0.2, 99), how=st.integers(0, 3),
    codes=st.sampled_from([(1, 1), (1, 2), (2, 1), (4, 1), (1, 4)]), packed=st.booleans(),
)  # fmt: skip
def test_placements_that_differ_are_refused(tmp_path_factory, angle, axis, moved, how, codes, packed):
    quaternion, matrix = placed(Rotation.identity())
    if how == 0:
        quaternion, _ = placed(Rotation.from_euler(axis, angle, degrees=True))
    elif how == 1:
        matrix[:, 3] += np.eye(3)["xyz".index(axis)] * moved
    elif how == 2:
        matrix[:, "xyz".index(axis)] *= -1
    else:
        matrix[:, :3] *= 1 + moved
    path = tmp_path_factory.mktemp("nii") / ("v.nii.gz" if packed else "v.nii")
    data = header(codes, quaternion, matrix=matrix) + VALUES.tobytes()
    message = outcome(path, gzip.compress(data) if packed else data)
    assert isinstance(message, str)
    assert "sform and qform" in message or "the reader's placement" in message


@pytest.mark.parametrize("factor", [0.5, 1.4, 3])
def test_a_scale_of_sform_beside_pixdim(tmp_path, factor):
    matrix = np.column_stack([np.diag(SPACING) * factor, OFFSET])
    assert "sform and the reader's placement" in outcome(tmp_path / "v.nii", header((0, 1), matrix=matrix) + bytes(240))


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1)])
def test_units(tmp_path, unit, factor, codes):
    source = outcome(tmp_path / "v.nii", header(codes, unit=unit) + VALUES.tobytes())
    assert source.geometry.spacing == pytest.approx((2.5 * factor, 0.7 * factor, 0.7 * factor))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"start": 0.0}, "vox_offset"),
        ({"start": 348.0}, "vox_offset"),
        ({"scale": (0.0, 5.0)}, "scl_slope 0 and scl_inter 5"),
        ({"scale": (float("inf"), 0.0)}, "scl_slope inf"),
        ({"scale": (2.0, float("nan"))}, "scl_inter nan"),
        ({"spacing": (0.7, 0.7, 0.0)}, "pixdim"),
        ({"spacing": (-0.7, 0.7, 2.5)}, "pixdim"),
        ({"quaternion": (0.9, 0.9, 0.9)}, "quaternion of length"),
        ({"kind": (128, 24)}, "data type 128"),
        ({"kind": (32, 64)}, "data type 32"),
    ],
)
def test_headers_that_readers_take_differently(tmp_path, changes, expected):
    assert expected in outcome(tmp_path / "v.nii", header((1, 0), **changes) + VALUES.tobytes())


@pytest.mark.parametrize("scale", [(1.0, 0.0), (0.0, 0.0), (float("nan"), float("nan")), (0.5, -3.0)])
def test_scales_on_which_readers_agree(tmp_path, scale):
    source = outcome(tmp_path / "v.nii", header((1, 1), scale=scale) + VALUES.tobytes())
    slope, intercept = scale if scale[0] and np.isfinite(scale[0]) else (1, 0)
    found, expected = source.volume(), VALUES * slope + intercept
    np.testing.assert_array_equal(np.sort(found.ravel()), expected.astype(found.dtype))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("more", [-239, -1, 1, 4, 240, 100_000])
def test_more_or_fewer_bytes_than_the_header_says(tmp_path, more, packed):
    data = header((1, 1)) + (VALUES.tobytes() + b"\1" * max(more, 0))[: 240 + min(more, 0) if more < 0 else None]
    message = outcome(tmp_path / ("v.nii.gz" if packed else "v.nii"), gzip.compress(data) if packed else data)
    assert isinstance(message, str)
    assert "bytes of voxels" in message


def test_a_header_that_claims_more_than_any_file_holds(tmp_path):
    data = bytearray(header((1, 1)) + VALUES.tobytes())
    struct.pack_into("<3h", data, 42, 30000, 30000, 30000)
    assert "54000000000000 bytes of voxels, found a file too small" in outcome(tmp_path / "v.nii", bytes(data))


@pytest.mark.parametrize("degrees", [0.005, 0.01, 0.02, 0.05, 0.2, 1.0])
@pytest.mark.parametrize("axis", "xyz")
def test_what_another_program_has_written_is_read(tmp_path, degrees, axis):
    """A large image that SimpleITK has turned a little: its quaternion begins near 0, where float32 keeps little."""
    image = sitk.Image(512, 512, 3, sitk.sitkUInt8)
    image.SetSpacing((0.7, 0.7, 5.0))
    image.SetOrigin((-178.0, -178.0, 40.0))
    image.SetDirection(Rotation.from_euler(axis, degrees, degrees=True).as_matrix().ravel().tolist())
    image[5, 5, 1] = 7
    sitk.WriteImage(image, tmp_path / "turned.nii")
    source = volumes.open_image(tmp_path / "turned.nii")
    source.check()
