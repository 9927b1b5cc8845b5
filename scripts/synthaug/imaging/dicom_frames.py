"""DICOM files that hold a stack of slices as frames: enhanced CT, MR and PET.

highdicom sorts the frames by their places and applies the rescale of each. It and pydicom are slow to import, so only
runs that meet such a file do.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import contents, dicom_elements, dicom_files, dicom_pixels, quiet

SERIES, FRAME_OF_REFERENCE = 0x0020000E, 0x00200052
STEP_TOLERANCE = 0.1  # of the slice distance, as of a series of single files


@dataclass(frozen=True)
class Frames:
    """The frames of one file as a stack.

    Attributes
    ----------
    values
        (frames, rows, columns), with the rescale applied.
    spacing, origin
        Along a row, along a column and from frame to frame in mm; centre of the first voxel, float64 (3,).
    direction
        float64 (3, 3): its columns are the unit vectors along a row, along a column and from frame to frame.
    series, frame_of_reference
        UIDs, "" if missing.
    """

    values: np.ndarray
    spacing: np.ndarray
    origin: np.ndarray
    direction: np.ndarray
    series: str
    frame_of_reference: str


def file_of(path: Path) -> Path | None:
    """Return the file of several frames that a path names: itself, or the only file of a folder; None if there is none.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    if path.is_dir():
        inside = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        if len(inside) != 1:
            return None
        path = inside[0]
    if contents.kind(path) != contents.DICOM:
        return None
    elements = dicom_elements.read(path, frozenset({dicom_pixels.FRAMES, *dicom_files.CLASSES}))
    several = elements.text(dicom_pixels.FRAMES) not in ("", "0", "1")
    return path if several and not dicom_files.described(elements) else None


def read(path: Path) -> Frames:
    """Read a file of several frames.

    Raises
    ------
    InputError
        If they are not gray levels of one regular stack, or the file is damaged or compressed in a way that pydicom
        does not read.
    """
    elements = dicom_elements.read(path, frozenset({dicom_pixels.PHOTOMETRIC, SERIES, FRAME_OF_REFERENCE}))
    if elements.text(dicom_pixels.PHOTOMETRIC) != "MONOCHROME2":
        raise InputError(
            f"{path}: expected grey levels (MONOCHROME2), found {elements.text(dicom_pixels.PHOTOMETRIC) or 'none'}; "
            "export the original series"
        )
    try:
        with quiet.silenced():
            import highdicom

            volume = highdicom.imread(path).get_volume(
                apply_real_world_transform=False,
                apply_presentation_lut=False,
                rtol=STEP_TOLERANCE,
            )
    except Exception as error:  # whatever a damaged or unusual file causes in the libraries
        reason = str(error).strip().partition("\n")[0]
        raise InputError(
            f"{path}: expected frames that form one regular stack of slices, found a file that cannot be read as one "
            f"({type(error).__name__}: {reason}); give it as a series of single slices or as NIfTI"
        ) from error
    spacing = np.array(volume.spacing)[::-1]  # highdicom's axes are frame, row, column
    direction = np.array(volume.direction)[:, ::-1]
    uids = (elements.text(tag) for tag in (SERIES, FRAME_OF_REFERENCE))
    return Frames(volume.array, spacing, np.array(volume.position), direction, *uids)
