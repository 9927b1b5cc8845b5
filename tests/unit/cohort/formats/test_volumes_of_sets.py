"""nnU-Net, the Medical Segmentation Decathlon, and DICOM series with SEG and RTSTRUCT files."""

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
from tests.helpers import annotated
from tests.helpers.annotated.segmentations import write_seg
from tests.helpers.case_tables import made, refusal

SHAPE = (5, 40, 30)


def volume(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 0.8, 3.0))
    sitk.WriteImage(image, str(path))


@pytest.fixture
def cases():
    """A name, an image and its labels: 1 and 2, 2 alone, 1, nothing."""
    random, found = np.random.default_rng(0), []
    for number, labels in enumerate([(1, 2), (2,), (1,), ()]):
        mask = np.zeros(SHAPE, np.uint8)
        for label in labels:
            mask[1:4, 5:15, 10 * label - 5 : 10 * label + 2] = label
        mask[2, 15:18, 5:12] = 1 if 1 in labels else 0  # the largest slice of label 1
        found.append((f"liver_{number:02}", random.integers(-100, 200, SHAPE).astype(np.int16), mask))
    return found


def nnunet_2(folder, cases):
    labels = {"background": 0, "whole": [1, 2], "tumour": 1, "cyst": 2}
    content = {"channel_names": {"0": "CT"}, "labels": labels, "numTraining": len(cases), "file_ending": ".nii.gz"}
    for name, image, mask in cases:
        volume(folder / f"imagesTr/{name}_0000.nii.gz", image)
        volume(folder / f"labelsTr/{name}.nii.gz", mask)
    return content


def decathlon(folder, cases):
    training = [{"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name, *_ in cases]
    for name, image, mask in cases:
        volume(folder / f"imagesTr/{name}.nii.gz", image)
        volume(folder / f"labelsTr/{name}.nii.gz", mask)
    labels = {"0": "background", "1": "tumour", "2": "cyst"}
    return {"modality": {"0": "CT"}, "labels": labels, "training": training}


@pytest.mark.parametrize("write", [nnunet_2, decathlon])
def test_nnunet(tmp_path, cases, write):
    folder = tmp_path / "Task"
    content = write(folder, cases)
    (folder / "dataset.json").write_text(json.dumps(content))
    found = made(folder, "--patients", r"liver_\d+")
    assert found.table["label"].tolist() == ["1", "2", "2", "1"]
    assert found.table["patient"].tolist() == ["liver_00", "liver_00", "liver_01", "liver_02"]
    assert found.table["class"].tolist() == ["tumour", "cyst", "cyst", "tumour"]
    tumours = found.checked[found.checked["class"] == "tumour"]
    assert tumours["slice"].tolist() == [2, 2]
    assert found.config["rois"]["intensity"]["mode"] == "window"
    assert found.config["augmentation"]["preset"] == "ct-lesion"
    slices = made(folder, "--patients", "image", task="segmentation")
    assert slices.table.groupby("class").size().to_dict() == {"": 1, "cyst": 2, "tumour": 2}


def test_what_is_wrong_with_nnunet(tmp_path, cases):
    content = nnunet_2(tmp_path / "set", cases)
    (tmp_path / "set/dataset.json").write_text("{}")
    assert "dataset.json: expected labels, found none" in refusal(tmp_path / "set")
    (tmp_path / "set/dataset.json").write_text(json.dumps(content))
    assert "patients: expected a rule for whose each image is" in refusal(tmp_path / "set")
    (tmp_path / "set/imagesTr/liver_01_0000.nii.gz").unlink()
    assert "imagesTr: expected an image of liver_01, found none" in refusal(tmp_path / "set")


@pytest.fixture
def dicom(tmp_path):
    """A series of each of three patients, two with a SEG and one with an RTSTRUCT; files lie wherever they may."""
    folder = tmp_path / "dicom"
    for number in (1, 2):
        series = folder / f"scans/x{number}/ct"
        uid = f"{annotated.SERIES}.1{number}"
        annotated.write_series(
            series, PatientID=f"Smith{number}", SeriesInstanceUID=uid, RescaleIntercept=-1000 - number
        )
        write_seg(folder / f"segs{number}.dcm", series, annotated.LESIONS[:number])
    annotated.write_series(folder / "scans/x3/ct", PatientID="Smith3")
    shutil.copy(annotated.FOLDER / "plain.dcm", folder / "scans/x3/structures")
    return folder


def test_dicom(dicom):
    found = made(dicom)
    assert found.table["patient"].tolist() == ["P1", "P2", "P2", *["P3"] * 4]
    assert "Smith" not in (found.folder / "cases.csv").read_text()
    areas = annotated.LESIONS.sum(axis=(2, 3)).max(axis=1)
    assert found.table["label"].tolist() == ["1", "1", "2", "1", "2", "3", "4"]
    drawn = [found.mask(lesion).sum() for lesion in found.table["lesion"]]
    assert drawn[:-1] == [areas[int(label) - 1] for label in found.table["label"][:-1]]
    assert 0 < drawn[-1] < areas[3]  # an RTSTRUCT takes the pixels under the contour of a hole from its lesion
    assert found.config["rois"]["intensity"] == {"mode": "window", "low": -160, "high": 240}
    assert "patients are numbered by the PatientID of their files" in found.said


def test_what_is_wrong_with_dicom(dicom):
    shutil.move(dicom / "scans/x2", dicom.parent / "elsewhere")
    line = refusal(dicom)
    assert "segs2.dcm: expected the series that it belongs to, found none of them here" in line
    shutil.move(dicom.parent / "elsewhere" / "ct" / "1.dcm", dicom / "scans/x1/ct/other.dcm")
    assert "expected one series in a folder, found 2" in refusal(dicom)
