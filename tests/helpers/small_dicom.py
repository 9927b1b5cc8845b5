"""DICOM series of one slice with a SEG, which highdicom writes, or an RTSTRUCT of one contour."""

from pathlib import Path

import numpy as np
import pydicom
from highdicom import AlgorithmIdentificationSequence
from highdicom.seg import Segmentation, SegmentDescription
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage

SPACING = 0.8  # mm, of square pixels
ROOT = "1.2.826.0.1.3680043.8.498"


def write_series(folder: Path, image: np.ndarray, patient: str, modality: str, number: int) -> Path:
    """Write a picture, uint8 (rows, columns), as the only slice of series ``number``; return its file."""
    folder.mkdir(parents=True)
    file = _file(CTImageStorage, f"{ROOT}.{number + 1}.1")
    file.PatientID, file.PatientName, file.PatientBirthDate, file.PatientSex = patient, f"{patient}^", "", ""
    file.StudyInstanceUID, file.StudyID, file.StudyDate, file.StudyTime = f"{ROOT}.{number + 1}.2", "1", "", ""
    file.AccessionNumber, file.ReferringPhysicianName, file.InstanceNumber = "", "", 1
    file.Modality, file.SeriesInstanceUID, file.SeriesNumber = modality, f"{ROOT}.{number + 1}.3", 1
    file.FrameOfReferenceUID, file.PositionReferenceIndicator = f"{ROOT}.{number + 1}.4", ""
    file.ImagePositionPatient, file.ImageOrientationPatient = [-30, -20, 10], [1, 0, 0, 0, 1, 0]
    file.SliceThickness, file.PixelSpacing, (file.Rows, file.Columns) = 3, [SPACING, SPACING], image.shape
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 8, 8, 7
    file.add_new("PixelData", "OW", image.tobytes())
    file.save_as(folder / "IM1", enforce_file_format=True)
    return folder / "IM1"


def write_seg(path: Path, series: Path, mask: np.ndarray, name: str) -> None:
    """Let highdicom write a mask, bool (rows, columns), as a segment called ``name``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    algorithm = AlgorithmIdentificationSequence("eye", codes.DCM.ArtificialIntelligence, "1")
    lesion = codes.SCT.Lesion
    described = SegmentDescription(1, name, lesion, lesion, "AUTOMATIC", algorithm)
    image = pydicom.dcmread(series)
    Segmentation(
        [image], mask[None].astype(np.uint8), "BINARY", [described], f"{image.SeriesInstanceUID}.1", 2,
        f"{image.SOPInstanceUID}.1", 1, "highdicom", "test", "1", "1",
    ).save_as(path)  # fmt: skip


def write_rtstruct(path: Path, series: Path, corners: np.ndarray, name: str) -> None:
    """Write an outline, (n, 2) of x, y in px whose whole numbers are centres of pixels, as an ROI called ``name``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pydicom.dcmread(series)
    x, y, z = image.ImagePositionPatient
    points = np.column_stack([*(corners * SPACING + [x, y]).T, np.full(len(corners), z)])
    file = _file(RTStructureSetStorage, f"{image.SOPInstanceUID}.1")
    file.Modality, file.SeriesInstanceUID = "RTSTRUCT", f"{image.SeriesInstanceUID}.1"
    of_series = _item(SeriesInstanceUID=image.SeriesInstanceUID)
    frame = _item(
        FrameOfReferenceUID=image.FrameOfReferenceUID,
        RTReferencedStudySequence=[_item(RTReferencedSeriesSequence=[of_series])],
    )
    roi = _item(ROINumber=1, ROIName=name, ReferencedFrameOfReferenceUID=image.FrameOfReferenceUID)
    data = [f"{value:.6f}" for value in points.ravel()]
    contour = _item(ContourGeometricType="CLOSED_PLANAR", NumberOfContourPoints=len(points), ContourData=data)
    file.ReferencedFrameOfReferenceSequence, file.StructureSetROISequence = [frame], [roi]
    file.ROIContourSequence = [_item(ReferencedROINumber=1, ContourSequence=[contour])]
    file.save_as(path, enforce_file_format=True)


def _file(sop_class: str, instance: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, sop_class
    meta.MediaStorageSOPInstanceUID = instance
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = sop_class, instance
    return file


def _item(**values) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made
