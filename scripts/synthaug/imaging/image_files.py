"""Image files read by SimpleITK, with errors for users and in silence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from synthaug.errors import InputError
from synthaug.imaging import quiet

DAMAGE = ("Corrupt JPEG", "Premature end", "Invalid JPEG", "Inconsistent progression", "libpng error")  # as said

sitk.ProcessObject.SetGlobalWarningDisplay(False)  # what matters becomes an InputError


def reader(path: Path, image_io: str = "") -> sitk.ImageFileReader:
    """Return a reader that knows the header of ``path``; ``image_io`` names the only format to try.

    Raises
    ------
    InputError
        If no such header can be read.
    """
    if path.name.lower().endswith(".nii.gz") and path.with_suffix("").exists():
        raise InputError(
            f"{path}: expected no other image of the same name, found {path.stem} beside it, which would be read "
            "instead; move or rename one of them"
        )
    file = sitk.ImageFileReader()
    file.SetImageIO(image_io)
    file.SetFileName(str(path))
    _guarded(path, file.ReadImageInformation)
    return file


def pixels(file: sitk.ImageFileReader) -> np.ndarray:
    """Return the pixels that ``file`` was told to extract, slowest axis first, in the number type of the file.

    Raises
    ------
    InputError
        If the file is truncated or damaged.
    """
    return sitk.GetArrayFromImage(_guarded(Path(file.GetFileName()), file.Execute))


def _guarded(path: Path, read: Callable) -> object:
    try:
        with quiet.silenced() as said:
            found = read()
    except (RuntimeError, MemoryError) as error:
        reason = (str(error).strip().splitlines() or [""])[-1].partition("): ")[2] or "unknown format"
        raise InputError(
            f"{path}: expected a readable image, found a truncated, damaged or unsupported file ({reason}); "
            "copy or export it again"
        ) from error
    if damage := next((line for line in said if line.startswith(DAMAGE)), ""):
        raise InputError(f"{path}: expected a whole image, found damage within it ({damage}); copy or export it again")
    return found
