"""Whatever the direction, spacing and origin of a file, a lesion keeps its place, its diameter and its ROI.

The truth is computed from the file itself by SimpleITK's TransformIndexToPhysicalPoint, not by `volumes`.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import SimpleITK as sitk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy.spatial.distance import pdist
from tests.helpers.augmentations import REACH

from synthaug.classification import rois
from synthaug.cohort import cases
from synthaug.imaging import volumes

KEY, SHAPE = 2, (4, 14, 11)  # z, y, x
STACK = np.random.default_rng(1).permutation(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)  # each voxel its own value
PARAMS = cases.Params(classes=["lesion"])
CROP = rois.Params(margin=0.25, scale="replace", antialias=False, padding="edge", intensity={})
PROPERTY = settings(deadline=None, max_examples=60, derandomize=True)

# Rounded: SimpleITK inverts a matrix with numbers next to 1e-308 to NaN, which no file has.
angles = st.tuples(*[st.floats(-0.3, 0.3).map(lambda angle: round(angle, 6))] * 3)  # radians, about x, y and z
origins = st.tuples(*[st.floats(-400, 400)] * 3)
pixel_sizes, steps = st.floats(0.2, 3), st.floats(0.3, 8)
signs = st.tuples(*[st.sampled_from([-1, 1])] * 3)


@st.composite
def lesions(draw) -> np.ndarray:
    """Draw a lesion of up to 5 x 7 px anywhere on the key slice, touching its border or not."""
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    y, x = draw(st.integers(0, SHAPE[1] - height)), draw(st.integers(0, SHAPE[2] - width))
    mask = np.zeros(SHAPE, np.uint8)
    mask[KEY, y : y + height, x : x + width] = (
        np.random.default_rng(draw(st.integers(0, 99))).random((height, width)) < 0.7
    )
    mask[KEY, y, x] = mask[KEY, y + height - 1, x + width - 1] = 1
    return mask


def rotation(about: tuple[float, float, float]) -> np.ndarray:
    matrix = np.eye(3)
    for axis, angle in enumerate(about):
        turn, (i, j) = np.eye(3), [k for k in range(3) if k != axis]
        turn[i, i] = turn[j, j] = np.cos(angle)
        turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix


def measured(folder: Path, image: str, mask: str) -> tuple[pd.Series, np.ndarray, volumes.Geometry]:
    """Return the lesion's row, its crop, and the geometry of its image, as the workflow has them."""
    table = folder / "table.csv"
    table.write_text(f"lesion,patient,class,image,mask\nL,p,lesion,{image},{mask}\n")
    row = cases.check(table, PARAMS).iloc[0]
    slice_, _ = cases.lesion_on_slice({**cases.read_table(table).iloc[0], "slice": row["slice"]}, folder)
    crop = rois.crop(slice_, row["center_x_px"], row["center_y_px"], row["diameter_px"], CROP, REACH, 0)
    return row, crop, volumes.open_image(folder / image).geometry


def physical(geometry: volumes.Geometry, z: float, y: float, x: float) -> np.ndarray:
    return np.array(geometry.origin) + np.array([z, y, x]) * geometry.spacing @ np.array(geometry.direction)


def check(folder: Path, image: str, mask: str, planes: list[tuple[sitk.Image, sitk.Image]], up: int) -> None:
    """Compare the workflow's lesion with the file's physical coordinates.

    ``planes`` are the image and mask, whole or a slice each, as SimpleITK reads them; ``up`` is the axis of slices.
    """
    row, crop, geometry = measured(folder, image, mask)
    values, labels = next(pair for pair in planes if sitk.GetArrayViewFromImage(pair[1]).any())
    inside = np.argwhere(sitk.GetArrayViewFromImage(labels).T)  # indices in SimpleITK's order
    in_plane = [axis for axis in range(3) if axis != up]

    def point(index: np.ndarray) -> np.ndarray:
        if np.array_equal(index, np.rint(index)):
            return np.array(values.TransformIndexToPhysicalPoint([int(i) for i in index]))
        return np.array(values.TransformContinuousIndexToPhysicalPoint(index.tolist()))

    centre = point((inside.min(axis=0) + inside.max(axis=0)) / 2)
    found = physical(geometry, row["slice"], row["center_y_px"], row["center_x_px"])
    np.testing.assert_allclose(found, centre, atol=2e-3)

    borders = [index + half * np.eye(3)[axis] for index in inside for axis in in_plane for half in (-0.5, 0.5)]
    diameter = pdist(np.array([values.TransformContinuousIndexToPhysicalPoint(b.tolist()) for b in borders])).max()
    np.testing.assert_allclose(row["diameter_mm"], diameter, rtol=2e-3)

    array, last = sitk.GetArrayViewFromImage(values).T, np.array(values.GetSize()) - 1
    height, width = crop.shape
    for y, x in np.ndindex(crop.shape):
        place = physical(
            geometry,
            row["slice"],
            row["center_y_px"] + y - (height - 1) / 2,
            row["center_x_px"] + x - (width - 1) / 2,
        )
        index = np.rint(values.TransformPhysicalPointToContinuousIndex(place.tolist())).astype(int)
        assert crop[y, x] == array[tuple(np.clip(index, 0, last))]


@PROPERTY
@example(
    name="v.nii.gz",
    order=(2, 0, 1),
    sign=(-1, 1, -1),
    about=(0.2, -0.1, 0.3),
    pixel=0.7,
    step=2.5,
    origin=(-100, 30, 5),
    mask=np.eye(1, np.prod(SHAPE), 390, np.uint8).reshape(SHAPE),
)
@given(
    name=st.sampled_from(["v.mha", "v.nrrd", "v.nii", "v.nii.gz"]),
    order=st.permutations(range(3)),
    sign=signs,
    about=angles,
    pixel=pixel_sizes,
    step=steps,
    origin=origins,
    mask=lesions(),
)
def test_a_volume_of_any_direction(name, order, sign, about, pixel, step, origin, mask):
    def write(stack: np.ndarray, path: Path) -> None:
        # File axis i runs along the patient's axis order[i] (x, y, z), forwards or backwards.
        array = stack.T.transpose(order)[tuple(slice(None, None, s) for s in sign)]
        image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
        image.SetSpacing([(pixel, pixel, step)[axis] for axis in order])
        image.SetDirection((rotation(about)[:, list(order)] * sign).ravel().tolist())
        image.SetOrigin(origin)
        sitk.WriteImage(image, str(path))

    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        write(STACK, folder / name)
        write(mask, folder / f"mask-{name}")
        pair = (sitk.ReadImage(str(folder / name)), sitk.ReadImage(str(folder / f"mask-{name}")))
        check(folder, name, f"mask-{name}", [pair], up=list(order).index(2))


def write_slice(path: Path, stored: np.ndarray, position, axes: np.ndarray, pixel: float) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID, file.SeriesInstanceUID = CTImageStorage, generate_uid(), "1.2.3"
    file.ImagePositionPatient = [f"{value:.9g}" for value in position]
    file.ImageOrientationPatient = [f"{value:.9g}" for value in axes.ravel()]
    file.PixelSpacing, (file.Rows, file.Columns) = [f"{pixel:.9g}"] * 2, stored.shape
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 1
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    file.RescaleSlope, file.RescaleIntercept = 1, 0
    file.PixelData = stored.astype("<i2").tobytes()
    file.save_as(path, enforce_file_format=True)


@PROPERTY
@given(
    sign=signs,
    about=angles,
    pixel=pixel_sizes,
    step=steps,
    origin=origins,
    mask=lesions(),
    names=st.permutations(range(SHAPE[0])),
)
def test_a_dicom_series_of_any_axial_direction(sign, about, pixel, step, origin, mask, names):
    turn = rotation(about)
    axes = np.stack([turn[:, 0] * sign[0], turn[:, 1] * sign[1]])  # along a row, along a column
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        planes = []
        for name in ("ct", "mask"):
            (folder / name).mkdir()
            stack = {"ct": STACK, "mask": mask}[name][:, :: sign[1], :: sign[0]]
            for z, number in enumerate(names):
                position = np.array(origin) + step * z * turn[:, 2]
                write_slice(folder / name / f"{number}", stack[z], position, axes, pixel)
        for number in names:
            pair = [sitk.ReadImage(str(folder / name / f"{number}"), imageIO="GDCMImageIO") for name in ("ct", "mask")]
            planes.append(tuple(pair))
        check(folder, "ct", "mask", planes, up=2)
