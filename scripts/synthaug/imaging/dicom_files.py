"""Which files of a folder are slices of a DICOM series; what else lies there is left aside with a word, or refused."""

from dataclasses import dataclass
from pathlib import Path

from synthaug.errors import InputError
from synthaug.imaging import contents, dicom_elements
from synthaug.imaging.dicom_elements import Elements

SOP_CLASS, MEDIA_SOP_CLASS = CLASSES = 0x00080016, 0x00020002
STORAGE = "1.2.840.10008.5.1.4.1.1."
DIRECTORY = "1.2.840.10008.1.3.10"
OBJECTS = {  # DICOM objects that are no slices of a series, by the begin of their SOP class
    DIRECTORY: "a DICOM directory",
    f"{STORAGE}66.4": "a DICOM segmentation",
    f"{STORAGE}66.7": "a DICOM segmentation",
    f"{STORAGE}66": "raw or registration data",
    f"{STORAGE}481.2": "a radiotherapy dose",
    f"{STORAGE}481.3": "a radiotherapy structure set",
    f"{STORAGE}481": "a radiotherapy plan or record",
    f"{STORAGE}88": "a structured report",
    f"{STORAGE}11": "a presentation state",
    f"{STORAGE}9": "a waveform",
    f"{STORAGE}104": "an encapsulated document",
}
CLUTTER = {kind for _, kind in contents.STARTS} - {"a gzip file"} | {contents.TEXT, "a web page"}
PACKED = (".gz", ".zip", ".bz2", ".xz", ".7z")
SHOWN = 3  # files or series named in a message


@dataclass(frozen=True)
class Found:
    """What lies in a folder: the files of DICOM images, and all others in words, such as "notes.txt (a text file)"."""

    slices: dict[Path, Elements]
    aside: list[str]


def find(folder: Path, wanted: frozenset[int]) -> Found:
    """Look at each file of a folder; names do not count, and hidden files and folders are passed over.

    Parameters
    ----------
    wanted
        The tags to return of each slice.

    Raises
    ------
    InputError
        If there is no slice, or a file may be one and cannot be read: it is damaged, packed, or not there.
    OSError
        If a file may not be read.
    """
    slices, others = {}, {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() or path.name.startswith("."):
            continue
        known = contents.kind(path)
        if path.name.upper() == "DICOMDIR":
            others[path] = OBJECTS[DIRECTORY]
            continue
        if known == contents.DICOM:
            elements = dicom_elements.read(path, wanted.union(CLASSES))
            if other := described(elements):
                others[path] = other
            else:
                slices[path] = elements
        elif known in CLUTTER and not _is_packed_slice(path):
            others[path] = known
        else:
            raise InputError(_refusal(path, known))
    aside = [f"{path.name} ({known})" for path, known in others.items()]
    if not slices:
        raise InputError(
            f"{folder}: expected the DICOM files of one series, found {listed(aside) or 'nothing'}; name the folder "
            "that holds the slices themselves, or an annotation's file itself"
        )
    return Found(slices, aside)


def single(path: Path, wanted: frozenset[int]) -> Found:
    """Look at a file that is a slice by itself; ``wanted`` are the tags to return of it.

    Raises
    ------
    InputError
        If it holds no image, or is damaged.
    """
    elements = dicom_elements.read(path, wanted.union(CLASSES))
    if other := described(elements):
        raise InputError(f"{path}: expected an image, found {other}; name the image itself")
    return Found({path: elements}, [])


def described(elements: Elements) -> str:
    """Return which object that is no slice a file holds, such as "a structured report"; "" for an image."""
    uid = elements.text(SOP_CLASS) or elements.text(MEDIA_SOP_CLASS)
    matching = [begin for begin in OBJECTS if uid == begin or uid.startswith(f"{begin}.")]
    return OBJECTS[max(matching, key=len)] if matching else ""


def listed(texts: list[str]) -> str:
    """Return the first few of ``texts``, and how many more there are."""
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return "; ".join(texts[:SHOWN]) + more


def _is_packed_slice(path: Path) -> bool:
    """Return whether a name is one of a file and then of a packer, such as ``im00.dcm.gz``."""
    return path.suffix.lower() in PACKED and Path(path.stem).suffix.lower() in (".dcm", ".ima")


def _refusal(path: Path, known: str) -> str:
    """Return why a file, of a known kind or none, may not lie among the slices."""
    if known.endswith("in gzip") or path.suffix.lower() in PACKED:
        return (
            f"{path}: expected slices as they are, found {known or 'a packed file'}; unpack it or move it out of the "
            "folder"
        )
    if "pointer" in known:
        return f"{path}: expected a slice, found {known}"
    return (
        f"{path}: expected a DICOM file, found {known or 'one that does not begin as DICOM files do'}"
        ": truncated, damaged or of another kind; copy it again or move it out of the folder"
    )
