"""What a file is by its content, whatever its name says."""

import gzip
import stat
import struct
import zlib
from pathlib import Path

from synthaug.errors import InputError

START = 1 << 12  # bytes that are looked at
STARTS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG file"),
    (b"\xff\xd8\xff", "a JPEG file"),
    (b"II*\0", "a TIFF file"),
    (b"MM\0*", "a TIFF file"),
    (b"II+\0", "a TIFF file"),
    (b"MM\0+", "a TIFF file"),
    (b"NRRD", "an NRRD file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"GIF8", "a GIF file"),
    (b"BM", "a BMP file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 file"),
    (b"PK\x03\x04", "a ZIP file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"%PDF", "a PDF file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\xd0\xcf\x11\xe0", "an old Office file or a folder's thumbnails"),
)
ANNEX = b"/annex/objects/"
SUFFIXES = {  # the content that a name promises; the longest of a name counts
    ".png": "a PNG file",
    ".jpg": "a JPEG file",
    ".jpeg": "a JPEG file",
    ".tif": "a TIFF file",
    ".tiff": "a TIFF file",
    ".nii": "a NIfTI-1 file",
    ".nii.gz": "a NIfTI-1 file in gzip",
    ".nrrd": "an NRRD file",
    ".nhdr": "an NRRD file",
    ".mha": "a MetaImage file",
    ".mhd": "a MetaImage file",
}
DICOM = "a DICOM file"
FOREIGN = 0.5  # of a text's bytes, at most, are no ASCII
TEXT, UNKNOWN, EMPTY = "a text file", "", "an empty file"


def kind(path: Path) -> str:
    """Return what a file is, such as "a PNG file"; `UNKNOWN` for one that nothing is known of.

    Raises
    ------
    InputError
        If it is no regular file, such as a pipe, from which nobody should wait for content.
    OSError
        If it cannot be read.
    """
    check_regular(path)
    with path.open("rb") as file:
        start = file.read(START)
    known = _of_start(start)
    if known != "a gzip file":
        return known
    try:
        with gzip.open(path, "rb") as file:
            inner = _of_start(file.read(START))
    except (OSError, EOFError, zlib.error):
        return known
    return f"{inner} in gzip" if inner and inner not in (TEXT, EMPTY) else known


def check_regular(path: Path) -> None:
    """Refuse, by an `InputError`, a link that leads nowhere and what is neither file nor folder."""
    if path.is_symlink() and not path.exists():
        raise InputError(
            f"{path}: expected an image, found a link to a file that is not there; fetch its content (git annex get) "
            "or copy the file itself"
        )
    if not stat.S_ISREG(path.stat().st_mode):
        raise InputError(f"{path}: expected a file, found a pipe, device or folder; name or copy the file itself")


def check_name(path: Path) -> None:
    """Refuse, by an `InputError`, a file whose content is known and not what the end of its name says."""
    suffix = max((end for end in SUFFIXES if path.name.lower().endswith(end)), key=len)
    found = kind(path)
    if found.replace("NIfTI-2", "NIfTI-1") in (SUFFIXES[suffix], UNKNOWN):
        return
    if found in SUFFIXES.values():
        cure = f"rename it to end in {next(end for end, kind in SUFFIXES.items() if kind == found)}"
    else:
        cure = "name the image itself, or convert it"
    raise InputError(f"{path}: expected {SUFFIXES[suffix]}, as its name says, found {found}; {cure}")


def is_dicom(start: bytes) -> bool:
    """Return whether a file's first 132 bytes are those of a DICOM file, with its preamble or without."""
    if start[128:132] == b"DICM":
        return True
    if len(start) < 8:
        return False
    group, element = struct.unpack_from("<2H", start)
    explicit = start[4:6].isalpha() and start[4:6].isupper()
    short = struct.unpack_from("<H", start, 6)[0] if explicit else struct.unpack_from("<I", start, 4)[0]
    return group in (2, 8) and element < 0x100 and short <= 128


def _of_start(start: bytes) -> str:
    """Return what a file is by its first bytes."""
    if not start:
        return EMPTY
    if start[344:348] == b"n+1\0":
        return "a NIfTI-1 file"
    if start[344:348] == b"ni1\0":
        return "the header of a NIfTI pair"
    if start[4:8] == b"n+2\0":
        return "a NIfTI-2 file"
    if start[4:8] == b"ni2\0":
        return "the header of a NIfTI pair"
    if is_dicom(start):
        return DICOM
    for magic, known in STARTS:
        if start.startswith(magic):
            return known
    return _of_text(start)


def _of_text(start: bytes) -> str:
    """Return what a text file is, `UNKNOWN` for one of other bytes."""
    controls = any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in start)
    if controls or sum(byte > 127 for byte in start) > FOREIGN * len(start):
        if b"ElementDataFile" in start and b"NDims" in start:  # its voxels follow
            return "a MetaImage file"
        return UNKNOWN
    if start.startswith(b"version ") and b"git-lfs" in start[:64]:
        return "a pointer of Git LFS without its content (fetch it: git lfs pull)"
    if ANNEX in start:
        return "a pointer of git-annex without its content (fetch it: git annex get)"
    if b"ElementDataFile" in start or b"NDims" in start:
        return "a MetaImage file"
    if start.lstrip()[:9].lower() in (b"<!doctype", b"<html>"):
        return "a web page"
    return TEXT
