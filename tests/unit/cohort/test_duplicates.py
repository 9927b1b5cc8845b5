"""One scan under two patients: found by the UID of its series and by its pixels, whatever the slices and the files."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from synthaug.cohort import duplicates, near_duplicates, shared_images

RANDOM = np.random.default_rng(3)
STACK = RANDOM.integers(-100, 300, (5, 24, 20)).astype(np.int16)
OTHER = RANDOM.integers(-100, 300, (5, 24, 20)).astype(np.int16)


def write_series(folder, values, uid):
    """Write a DICOM series of slices, int16 (z, y, x), with a SeriesInstanceUID; the values are HU."""
    folder.mkdir()
    for z, slice_ in enumerate(values):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"{uid}.{z + 1}"
        file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID, file.SeriesInstanceUID = CTImageStorage, f"{uid}.{z + 1}", uid
        file.Modality, file.PhotometricInterpretation = "CT", "MONOCHROME2"
        file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 3 * z], [1, 0, 0, 0, 1, 0]
        file.PixelSpacing, file.RescaleIntercept, file.RescaleSlope = [0.8, 0.8], 0, 1
        file.Rows, file.Columns = slice_.shape
        file.SamplesPerPixel, file.BitsAllocated, file.BitsStored, file.HighBit = 1, 16, 16, 15
        file.PixelRepresentation, file.PixelData = 1, slice_.tobytes()
        file.save_as(folder / f"{z}.dcm", enforce_file_format=True)


@pytest.fixture
def folder(tmp_path):
    """Series, volumes and pictures; the names say what they hold."""
    write_series(tmp_path / "stack-series", STACK, "1.2.1")
    write_series(tmp_path / "stack-new-uids", STACK, "1.2.2")
    write_series(tmp_path / "other-series", OTHER, "1.2.3")
    write_series(tmp_path / "part-of-other", OTHER[:3], "1.2.3")
    for name, values in [("stack.nii.gz", STACK), ("changed.nii.gz", STACK.copy())]:
        if name.startswith("changed"):
            values[0, 3, 4] += 1  # far from the slice in the middle
        image = sitk.GetImageFromArray(values.astype(np.float32))
        image.SetSpacing((0.8, 0.8, 3.0))
        sitk.WriteImage(image, str(tmp_path / name))
    Image.fromarray(STACK[0].astype(np.uint8)).save(tmp_path / "picture.png")
    Image.fromarray(STACK[0].astype(np.uint8)).save(tmp_path / "picture.tif")
    Image.fromarray(STACK[1].astype(np.uint8)).save(tmp_path / "another.png")
    return tmp_path


def found(folder, *images):
    """The shared images if each has a patient of its own."""
    table = pd.DataFrame({"image": images, "patient": [f"P{place}" for place in range(len(images))]})
    return {(row.image_a, row.image_b): row.found for row in shared_images.pairs(table, folder).itertuples()}


def test_one_series_is_known_by_its_uid_also_where_a_copy_is_not_whole(folder):
    assert found(folder, "other-series", "stack-series", "part-of-other") == {
        ("other-series", "part-of-other"): "same series"
    }


def test_one_volume_is_known_by_its_values_whatever_the_format(folder):
    assert found(
        folder, "stack-series", "stack-new-uids", "stack.nii.gz", "changed.nii.gz", "other-series"
    ) == dict.fromkeys(
        [("stack-series", "stack-new-uids"), ("stack-series", "stack.nii.gz"), ("stack-new-uids", "stack.nii.gz")],
        "same pixels",
    )


def test_one_picture_is_known_by_its_pixels_not_by_its_file(folder):
    assert (folder / "picture.png").read_bytes() != (folder / "picture.tif").read_bytes()
    assert found(folder, "another.png", "picture.png", "picture.tif") == {("picture.png", "picture.tif"): "same pixels"}


def test_images_of_one_patient_are_no_pair(folder):
    table = pd.DataFrame({"image": ["picture.png", "picture.tif"], "patient": "P"})
    assert shared_images.pairs(table, folder).empty


def listed(rows, shared, thumbnails=None):
    """The table of duplicates of lesions (lesion, patient, class, image, slice)."""
    cases = pd.DataFrame(rows, columns=["lesion", "patient", "class", "image", "slice"]).assign(
        row=range(2, len(rows) + 2)
    )
    if thumbnails is None:
        thumbnails = np.eye(len(rows), near_duplicates.SIDE**2)
    return duplicates.table(cases, thumbnails, 0.9, pd.DataFrame(shared, columns=shared_images.COLUMNS))


def test_a_shared_volume_is_a_row_though_its_slices_do_not_look_alike():
    rows = [("L1", "P1", "cyst", "a", 3), ("L2", "P1", "cyst", "a", 9), ("L3", "P2", "metastasis", "b", 30)]
    (row,) = listed(rows, [("a", "b", "same series")]).to_dict("records")
    assert row == {
        "lesion_a": "L1",
        "patient_a": "P1",
        "class_a": "cyst",
        "row_a": 2,
        "lesion_b": "L3",
        "patient_b": "P2",
        "class_b": "metastasis",
        "row_b": 4,
        "found": "same series",
        "classes": "agree",
        "correlation": 0.0,  # two lesions of one patient
    }


def test_contradictions_come_first_and_each_pair_once_by_its_strongest_evidence():
    same = np.eye(8, near_duplicates.SIDE**2)[[0, 0, 1, 1, 2, 2, 3, 3]]
    rows = [
        *(("A1", "P1", "benign", "a", 0), ("A2", "P2", "benign", "b", 0)),
        *(("B1", "P3", "benign", "c", 0), ("B2", "P4", "malignant", "d", 0)),
        *(("C1", "P5", "benign", "e", 0), ("C2", "P6", "malignant", "f", 0)),
        *(("D1", "P7", "benign", "g", 0), ("D2", "P8", "benign", "h", 0)),
    ]
    table = listed(rows, [("a", "b", "same pixels"), ("e", "f", "same pixels")], same)
    assert table[["lesion_a", "found", "classes"]].to_numpy().tolist() == [
        ["C1", "same pixels", "contradict"],
        ["B1", "look alike", "contradict"],
        ["A1", "same pixels", "agree"],
        ["D1", "look alike", "agree"],
    ]


def test_slices_that_have_a_class_in_common_do_not_contradict():
    """A picture with two lesions, of which the other patient's row has one."""
    rows = [("L1", "P1", "benign", "a", 0), ("L2", "P1", "malignant", "a", 0), ("L3", "P2", "malignant", "b", 0)]
    table = listed(rows, [("a", "b", "same pixels")])
    assert table[["class_a", "class_b", "classes"]].to_numpy().tolist() == [["benign+malignant", "malignant", "agree"]]
