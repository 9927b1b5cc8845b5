"""Single DICOM files that are pictures: X-rays, mammograms and ultrasound, which have no place in the patient."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthaug.errors import InputError
from synthaug.imaging import dicom_files, dicom_pixels, gray_pixels, image_files, pixel_shapes
from synthaug.imaging.dicom_elements import Elements

MODALITY, SERIES = 0x00080060, 0x0020000E
PIXEL_SPACING, DETECTOR_SPACING = 0x00280030, 0x00181164
SPACINGS = {PIXEL_SPACING: "PixelSpacing", DETECTOR_SPACING: "ImagerPixelSpacing"}
SIGNED = 0x00280103  # PixelRepresentation
PIXEL_ASPECT = 0x00280034  # PixelAspectRatio, height to width, where there is no spacing
TAGS = dicom_pixels.TAGS | {MODALITY, SERIES, SIGNED, PIXEL_ASPECT, *SPACINGS}
TAKEN = ("MONOCHROME2", "MONOCHROME1", "RGB")
INVERTED = "MONOCHROME1, where high values are black: inverted"
AT_DETECTOR = "without PixelSpacing: lengths in mm are those at the detector (ImagerPixelSpacing)"


@dataclass(frozen=True)
class DicomPicture:
    """A picture whose header was read.

    Attributes
    ----------
    shape
        Rows and columns.
    spacing
        Height and width of a pixel in mm; None if the file does not say.
    series
        SeriesInstanceUID, "" if missing.
    remarks
        What was taken otherwise than stored, in words.
    """

    path: Path
    shape: tuple[int, int]
    spacing: tuple[float, float] | None
    series: str
    remarks: list[str]

    def pixels(self) -> np.ndarray:
        """Return the gray values, (rows, columns), with the rescale applied; GDCM has inverted those of MONOCHROME1.

        Raises
        ------
        InputError
            If the file is truncated or damaged, or has colours.
        """
        return gray_pixels.of_colours(self.path, self.stored())

    def stored(self) -> np.ndarray:
        """Return all channels, (rows, columns, channels), as GDCM reads them."""
        values = image_files.pixels(image_files.reader(self.path, "GDCMImageIO"))
        if values.shape[:3] != (1, *self.shape):
            raise InputError(
                f"{self.path}: expected pixels {self.shape} (rows, columns), found {values.shape}; export it again"
            )
        return values.reshape(*self.shape, -1)


def look(path: Path) -> DicomPicture:
    """Read the header of a DICOM file that holds one picture.

    Raises
    ------
    InputError
        If it holds no image, several frames, colours that are not RGB, oblong pixels of unknown size, or values that
        would be read wrongly.
    """
    elements = dicom_files.single(path, TAGS).slices[path]
    shape = dicom_pixels.size(path, elements, taken=TAKEN)
    remarks, spacing = [], None
    if elements.text(dicom_pixels.PHOTOMETRIC) == "MONOCHROME1":
        _check_inverted(path, elements)
        remarks.append(INVERTED)
    if tag := next((tag for tag in SPACINGS if elements.text(tag)), None):
        spacing = _spacing(path, elements, tag)
        remarks += [AT_DETECTOR] * (tag == DETECTOR_SPACING)
    else:
        _check_aspect(path, elements.text(PIXEL_ASPECT))
    return DicomPicture(path, shape, spacing, elements.text(SERIES), remarks)


def _check_inverted(path: Path, elements: Elements) -> None:
    """Refuse what GDCM cannot invert within its bits: each value becomes the lowest plus the highest one, less it."""
    stored, allocated = (elements.number(tag) for tag in (dicom_pixels.STORED, dicom_pixels.ALLOCATED))
    if elements.number(SIGNED) and stored != allocated:
        raise InputError(
            f"{path}: expected values without a sign in MONOCHROME1, found signed ones of {stored} bits; export the "
            "image as MONOCHROME2"
        )


def _check_aspect(path: Path, text: str) -> None:
    """Refuse oblong pixels whose size in mm is not known."""
    if not text:
        return
    try:
        down, across = (float(part) for part in text.split("\\"))
        oblong = pixel_shapes.aspect(down, across) != 1
    except (ValueError, ZeroDivisionError):
        oblong = True
    if oblong:
        raise InputError(
            f"{path}: expected a PixelSpacing of pixels that are not square, found a PixelAspectRatio {text!r} alone; "
            "export the image (and its masks) with its spacing, or with square pixels"
        )


def _spacing(path: Path, elements: Elements, tag: int) -> tuple[float, float]:
    """Return height and width of a pixel in mm, by the element ``tag``."""
    text = elements.text(tag)
    try:
        down, across = (float(part) for part in text.split("\\"))
    except ValueError:
        down = across = 0.0
    if not (np.isfinite([down, across]).all() and min(down, across) > 0):
        raise InputError(
            f"{path}: expected 2 numbers above 0 in {SPACINGS[tag]}, found {text!r}; export the image again with its "
            "geometry"
        )
    return (down, across) if pixel_shapes.aspect(down, across) != 1 else (across, across)
