"""Write a simulated scan as a hospital would hand it over: a folder of DICOM files with names that say nothing."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from synthaug import seeding
from synthaug.phantom.scanner import Protocol

IMPLEMENTATION = "2.25.209845127367103917361"  # a fixed UUID-derived UID: nothing in a file depends on the installation


def uid(master_seed: int, *name: str | int) -> str:
    """Return the unique identifier of the thing called ``name``; it is the same for the same seed."""
    return f"2.25.{seeding.stream_seed(master_seed, 'phantom', 'uid', *name)}"


def write_series(
    stored: np.ndarray,
    folder: Path,
    origin: tuple[float, float, float],
    protocol: Protocol,
    patient: str,
    master_seed: int,
) -> None:
    """Write one CT series into a new folder.

    Parameters
    ----------
    stored
        int32 (slices, rows, columns), slice 0 lowest, as `scanner.acquire` returns them.
    origin
        x, y, z of the first pixel's centre in the lowest slice, mm.
    """
    folder.mkdir(parents=True)
    names = file_names(seeding.stream(master_seed, "phantom", patient, "files"), len(stored))
    for index, (pixels, name) in enumerate(zip(stored, names, strict=True)):
        dataset = _slice(pixels, index, len(stored), origin, protocol, patient, master_seed)
        dataset.save_as(folder / name, enforce_file_format=True)


def file_names(rng: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` different names whose alphabetical order is not that of the slices."""
    numbers = rng.choice(16**6, size=count, replace=False)
    if count > 1 and (np.diff(numbers) > 0).all():
        numbers = numbers[::-1]
    return [f"I{number:06X}.dcm" for number in numbers]


def _slice(
    pixels: np.ndarray, index: int, count: int, origin: tuple, protocol: Protocol, patient: str, master_seed: int
) -> FileDataset:
    model = protocol.model
    instance = uid(master_seed, patient, "slice", index)
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    ds = FileDataset(None, Dataset(), file_meta=meta, preamble=b"\0" * 128)
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = instance
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.Modality = "CT"
    ds.Manufacturer = model.manufacturer
    ds.ManufacturerModelName = model.model
    ds.SeriesDescription = "Abdomen portal venous (digital phantom)"
    ds.PatientName = ds.PatientID = patient
    ds.PatientBirthDate = ds.PatientSex = ""
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Digital phantom: no patient"
    ds.SliceThickness = protocol.distance
    ds.KVP = 120
    ds.SpacingBetweenSlices = protocol.distance
    ds.Exposure = protocol.exposure
    ds.ConvolutionKernel = model.kernel
    ds.PatientPosition = "HFS"
    ds.StudyInstanceUID = uid(master_seed, patient, "study")
    ds.SeriesInstanceUID = uid(master_seed, patient, "series")
    ds.StudyID = ""
    ds.SeriesNumber = 2
    ds.InstanceNumber = count - index  # numbered from the head down, as scanned
    x, y, z = origin
    ds.ImagePositionPatient = [round(x, 4), round(y, 4), round(z + index * protocol.distance, 4)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID = uid(master_seed, patient, "frame")
    ds.PositionReferenceIndicator = ""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = pixels.shape
    ds.PixelSpacing = [protocol.pixel, protocol.pixel]
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit = 15
    ds.PixelRepresentation = int(model.signed)
    if model.padding is not None:
        ds.PixelPaddingValue = model.padding
    ds.WindowCenter, ds.WindowWidth = 90, 300
    ds.RescaleIntercept, ds.RescaleSlope = model.intercept, 1
    ds.RescaleType = "HU"
    ds.PixelData = pixels.astype("<i2" if model.signed else "<u2").tobytes()
    return ds
