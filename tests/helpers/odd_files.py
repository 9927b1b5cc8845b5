"""Images and annotations on which libraries remark while they read them."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import Image

from tests.helpers import annotated
from tests.helpers.annotated.segmentations import write_seg


def pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (48, 40), dtype=np.uint8)


def png_with_a_bad_profile(folder: Path) -> Path:
    """Libpng warns of a profile that it cannot read, and of a chunk out of its place."""
    Image.fromarray(pixels(0)).save(folder / "a.png")
    data = (folder / "a.png").read_bytes()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    profile = chunk(b"iCCP", b"bad\0\0" + zlib.compress(b"no profile" * 20))
    end = data.rindex(b"IEND") - 4
    late = chunk(b"cHRM", bytes(32)) + chunk(b"gAMA", bytes(4))
    (folder / "a.png").write_bytes(data[:33] + profile + data[33:end] + late + data[end:])
    return folder / "a.png"


def tiff_with_odd_tags(folder: Path) -> Path:
    """Libtiff warns of tags that it does not know or that are out of order."""
    from PIL import TiffImagePlugin

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[65000], tags[34665], tags[305] = "odd", 7, "\u00e4 program"
    Image.fromarray(pixels(1)).save(folder / "a.tif", tiffinfo=tags)
    data = bytearray((folder / "a.tif").read_bytes())
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    entries = [data[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(count)]
    entries[-1], entries[-2] = entries[-2], entries[-1]
    data[at + 2 : at + 2 + 12 * count] = b"".join(entries)
    (folder / "a.tif").write_bytes(data)
    return folder / "a.tif"


def jpeg_with_extra_bytes(folder: Path) -> Path:
    """Libjpeg warns of bytes before a marker."""
    Image.fromarray(pixels(2)).save(folder / "a.jpg", quality=95)
    data = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(data[:-2] + b"\x12\x34\x56" + data[-2:])
    return folder / "a.jpg"


def nifti_with_odd_fields(folder: Path) -> Path:
    """Readers warn of an unknown intent, unknown units and a direction of no handedness."""
    sitk.WriteImage(sitk.GetImageFromArray(pixels(3)[None].astype(np.int16)), str(folder / "a.nii"))
    data = bytearray((folder / "a.nii").read_bytes())
    struct.pack_into("<h", data, 68, 4242)  # intent_code
    data[123] = 0xFF  # xyzt_units
    struct.pack_into("<f", data, 76, 0.0)  # pixdim[0]
    (folder / "a.nii").write_bytes(data)
    return folder / "a.nii"


def dicom_with_invalid_values(folder: Path) -> Path:
    """The readers of DICOM warn of values that their representations do not allow."""
    annotated.write_series(folder / "ct")
    for path in (folder / "ct").iterdir():
        spoilt(path)
    return folder / "ct"


def truncated_dicom(folder: Path) -> Path:
    annotated.write_series(folder / "ct")
    path = folder / "ct/3.dcm"
    path.write_bytes(path.read_bytes()[:-1000])
    return folder / "ct"


def spoilt(path: Path) -> None:
    """Give a DICOM file values that their representations do not allow."""
    with pydicom.config.disable_value_validation():
        file = pydicom.dcmread(path)
        for name, kind, value in [
            ("StudyDate", "DA", "no date"), ("StudyTime", "TM", "noon"), ("PatientSex", "CS", "female, she says so"),
            ("PatientAge", "AS", "ten"), ("StationName", "SH", "x" * 40), ("ReferencedSOPInstanceUID", "UI", "1.02.a"),
            ("KVP", "DS", "120.0000000000000000001"), ("SpecificCharacterSet", "CS", "ISO 2022 IR 999"),
        ]:  # fmt: skip
            file[name] = pydicom.DataElement(pydicom.datadict.tag_for_keyword(name), kind, value)
        file.save_as(path)


READ: dict[str, Callable[[Path], Path]] = {
    "png": png_with_a_bad_profile, "tiff": tiff_with_odd_tags, "nifti": nifti_with_odd_fields,
    "dicom": dicom_with_invalid_values,
}  # fmt: skip
REFUSED: dict[str, Callable[[Path], Path]] = {"jpeg": jpeg_with_extra_bytes, "truncated": truncated_dicom}


def annotations(folder: Path) -> list[tuple[str, str]]:
    """Write a series with a SEG and an RTSTRUCT of invalid values; return the paths and labels of three lesions."""
    annotated.write_series(folder / "series")
    write_seg(folder / "seg.dcm", folder / "series", annotated.LESIONS[:1])
    (folder / "rt.dcm").write_bytes((annotated.FOLDER / "plain.dcm").read_bytes())
    for path in (folder / "seg.dcm", folder / "rt.dcm"):
        spoilt(path)
    return [("seg.dcm", "1"), ("rt.dcm", "2"), ("rt.dcm", "4")]
