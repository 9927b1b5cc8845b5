"""A small CT series with known lesions, for annotations that other libraries write.

The RTSTRUCT files beside this module were written by rt-utils from these lesions (see `write_rtstructs`).
"""

from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from scipy.spatial.transform import Rotation

FOLDER = Path(__file__).parent
SHAPE, SPACING, ORIGIN = (7, 48, 40), (2.5, 0.7, 0.7), (-14.3, -17.1, 30.0)  # (z, y, x), mm, mm x, y, z
SERIES, FRAME_OF_REFERENCE = "1.2.826.0.1.3680043.8.498.7", "1.2.826.0.1.3680043.8.498.8"
FLIPS = {  # whether the files hold x and y reversed; "turned" lies oblique, as a head scan does
    "plain": (False, False),
    "columns": (True, False),
    "rows": (False, True),
    "both": (True, True),
    "turned": (False, False),
}


def _lesions() -> np.ndarray:
    """Return the lesions 1 to 4, bool (4, z, y, x); the third overlaps the first, the fourth has a hole."""
    z, y, x = np.indices(SHAPE)

    def ellipsoid(center, radii):
        return sum(((axis - c) / r) ** 2 for axis, c, r in zip((z, y, x), center, radii, strict=True)) <= 1

    ring = ellipsoid((3, 38, 28), (1.5, 7, 7)) & ~ellipsoid((3, 38, 28), (9, 3, 3))
    return np.array(
        [ellipsoid((2, 12, 14), (1.9, 9, 7)), ellipsoid((5, 34, 11), (1.5, 6, 8)),
         ellipsoid((2, 18, 20), (1.5, 8, 8)), ring]
    )  # fmt: skip


LESIONS = _lesions()


def in_file(stack: np.ndarray, flips: str) -> np.ndarray:
    """Return an axial stack (..., z, y, x) with rows and columns as the files of a series have them."""
    flip_x, flip_y = FLIPS[flips]
    return np.flip(stack, [axis for axis, flip in ((-2, flip_y), (-1, flip_x)) if flip])


def write_series(folder: Path, flips: str = "plain", reverse: bool = False, **tags) -> None:
    """Write the series; ``reverse`` names its files from the head down."""
    folder.mkdir(parents=True)
    flip_x, flip_y = FLIPS[flips]
    turn = Rotation.from_euler("xz", (8, 5) if flips == "turned" else (0, 0), degrees=True)
    pixels = in_file(np.random.default_rng(1).integers(900, 1100, SHAPE).astype(np.uint16), flips)
    for z in range(SHAPE[0]):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
        meta.MediaStorageSOPInstanceUID = f"{SERIES}.{z + 1}"
        file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        file.PatientID, file.PatientName, file.PatientBirthDate, file.PatientSex = "p0", "p0^", "", ""
        file.StudyInstanceUID, file.StudyID, file.StudyDate, file.StudyTime = "1.2.826.0.1.3680043.8.498.9", "1", "", ""
        file.AccessionNumber, file.ReferringPhysicianName, file.InstanceNumber = "", "", z + 1
        file.Modality, file.SeriesInstanceUID, file.SeriesNumber, file.SliceThickness = "CT", SERIES, 1, 5
        file.FrameOfReferenceUID, file.PositionReferenceIndicator = FRAME_OF_REFERENCE, ""
        position = [
            ORIGIN[0] + flip_x * SPACING[2] * (SHAPE[2] - 1),
            ORIGIN[1] + flip_y * SPACING[1] * (SHAPE[1] - 1),
            ORIGIN[2] + z * SPACING[0],
        ]
        file.ImagePositionPatient = [round(value, 6) for value in turn.apply(position)]
        along = turn.apply([(1 - 2 * flip_x, 0, 0), (0, 1 - 2 * flip_y, 0)])
        file.ImageOrientationPatient = [round(value, 9) for value in along.ravel()]
        file.PixelSpacing, (file.Rows, file.Columns) = list(SPACING[1:]), SHAPE[1:]
        file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
        file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
        file.RescaleSlope, file.RescaleIntercept = 1, -1000
        file.PixelData = pixels[z].tobytes()
        for name, value in tags.items():
            setattr(file, name, value)
        file.save_as(folder / f"{SHAPE[0] - z if reverse else z}.dcm", enforce_file_format=True)
