"""A battery of malformed input over every entry: each is handled, pixel for pixel, or refused in one line.

The base is a cohort of four pictures that passes every check. Each entry changes one thing of it and says what must
come of it: the pixels and the outline of lesion L0 as they should be read, or the words of the line that refuses it.
`pytest -s tests/unit/test_bad_input.py` prints the table: input, expected, got.
"""

import gzip
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
import tifffile
import yaml
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from tests.helpers import common_rules
from tests.helpers.compressed_dicom import COMPRESSORS, compress

import check_cases
from synthaug.cohort import cases
from synthaug.errors import InputError
from synthaug.generators import imported as imported_images
from synthaug.generators import imported_files

ROOT = Path(__file__).parents[3]
CLASSES = ["cyst", "metastasis"]
SHAPE = (4, 24, 20)  # z, y, x
STEP, PIXEL = 2.5, 0.75  # mm
KEY = 1  # the key slice of L0 in a stack
STACK = np.random.default_rng(7).integers(-200, 400, SHAPE).astype(np.int16)
LESION = np.hypot(*(np.indices(SHAPE[1:]) - np.array([12, 8])[:, None, None])) <= 4  # centre x 8, y 12
GREY = np.random.default_rng(8).integers(0, 256, SHAPE[1:]).astype(np.uint8)
BOX, BOX_SHAPE = "3.5,7.5,12.5,16.5", (12, 8, 4.5)  # centre y, centre x, radius


@dataclass(frozen=True)
class Read:
    """What lesion L0 must be read as: the key slice, the outline on it, and the size of its pixels in mm."""

    image: np.ndarray
    lesion: np.ndarray
    slice: int = 0
    pixel_mm: float | None = None


@dataclass(frozen=True)
class Entry:
    """One malformed input.

    ``make`` takes an empty folder and the rows of the case table, which it may change. It returns the table's bytes or
    text instead if that is what is malformed, or what `Read` should find if the input is fine after all.
    """

    kind: str
    name: str
    make: Callable
    words: tuple[str, ...]  # of the refusal; none if the input is handled
    problems: int = 1


ENTRIES: list[Entry] = []


def entry(kind: str, name: str, *words: str, problems: int = 1):
    """Add the decorated function to the battery."""

    def add(make: Callable) -> Callable:
        ENTRIES.append(Entry(kind, name, make, words, problems))
        return make

    return add


def changed(kind: str, name: str, cells: dict[str, str], *words: str, problems: int = 1) -> None:
    """Add an entry that changes cells of L0's row."""
    entry(kind, name, *words, problems=problems)(lambda folder, rows: rows[0].update(cells))


def text(rows: list[dict], separator: str = ",", newline: str = "\n") -> str:
    """Return the case table as a spreadsheet would save it."""
    lines = [separator.join(rows[0])] + [
        separator.join(f'"{value}"' if separator in value else value for value in row.values()) for row in rows
    ]
    return newline.join([*lines, ""])


def base(folder: Path) -> list[dict]:
    rows = []
    for number in range(4):
        Image.fromarray(np.roll(GREY, 5 * number, axis=1)).save(folder / f"p{number}.png")
        row = {"lesion": f"L{number}", "patient": f"p{number}", "class": CLASSES[number % 2]}
        rows.append({**row, "image": f"p{number}.png", "mask": "", "label": "", "polygon": "", "box": BOX, "slice": ""})
    return rows


def boxed() -> np.ndarray:
    y, x, radius = BOX_SHAPE
    return np.hypot(*(np.indices(SHAPE[1:]) - np.array([y, x])[:, None, None])) < radius


# ---------------------------------------------------------------------------------------------------------- case table


@entry("table", "byte order mark and CRLF line ends")
def _(folder, rows):
    rows[0]["_text"] = "\ufeff" + text(rows, newline="\r\n")
    return Read(GREY, boxed())


@entry("table", "CR line ends of an old Mac")
def _(folder, rows):
    rows[0]["_text"] = text(rows, newline="\r")
    return Read(GREY, boxed())


@entry("table", "blank lines, and spaces around cells and names")
def _(folder, rows):
    padded = [{f" {name} ": cell if name == "box" else f" {cell}\t" for name, cell in row.items()} for row in rows]
    rows[0]["_text"] = text(padded).replace("\n", "\n\n")
    return Read(GREY, boxed())


@entry("table", "semicolons", "table.csv: expected columns separated by commas, found semicolons")
def _(folder, rows):
    return text(rows, separator=";")


@entry("table", "tabs", "found tabs")
def _(folder, rows):
    return text(rows, separator="\t")


@entry("table", "UTF-16", "expected UTF-8 text")
def _(folder, rows):
    return text(rows).encode("utf-16")


@entry("table", "a spreadsheet file (.xlsx) named .csv", "table.csv: expected UTF-8 text")
def _(folder, rows):
    return b"PK\x03\x04\x14\x00\x06\x00\x08\x00\xff\xfe"


@entry("table", "no file", "table.csv: expected the case table, found no file")
def _(folder, rows):
    return None


@entry("table", "a folder instead of the table", "table.csv", "expected", "found a folder")
def _(folder, rows):
    (folder / "table.csv").mkdir()
    return


@entry("table", "empty", "found an empty file")
def _(folder, rows):
    return ""


@entry("table", "a header alone", "lesions: expected a row for each, found the header alone")
def _(folder, rows):
    return text(rows).splitlines()[0]


@entry("table", "an open quotation mark", "expected comma-separated values")
def _(folder, rows):
    return text(rows) + '"L9,p9\n'


@entry("table", "a cell larger than any table's", "expected comma-separated values", "field larger than field limit")
def _(folder, rows):
    return text(rows).replace("L3", "L" * 200_000)


@entry("table", "unquoted commas in a box", "row 2: expected 9 cells, found 12")
def _(folder, rows):
    return text(rows).replace(f'"{BOX}"', BOX, 1)


@entry("table", "a column missing", "row 1: expected the columns", "missing: patient")
def _(folder, rows):
    return text([{key: value for key, value in row.items() if key != "patient"} for row in rows])


@entry("table", "a column twice", "expected every column once", "'mask'")
def _(folder, rows):
    return text(rows).replace("label", "mask", 1)


@entry("table", "a column that Synthaug computes", "expected other names for diameter_mm")
def _(folder, rows):
    return text([{**row, "diameter_mm": "9"} for row in rows])


@entry("table", "a free column with a comment of two lines")
def _(folder, rows):
    for row in rows:
        row["note"] = ""
    rows[0]["_text"] = text(rows).replace(f'"{BOX}",,', f'"{BOX}",,"two\nlines"', 1)
    return Read(GREY, boxed())


@entry("table", "a decomposed accent in a free column and in a file name")
def _(folder, rows):
    name = "Mu\u0308ller \u809d\u81d3.png"
    (folder / "p0.png").rename(folder / name)
    rows[0].update(image=name, site="Zu\u0308rich")
    for row in rows[1:]:
        row["site"] = ""
    return Read(GREY, boxed())


@entry("table", "spaces and an apostrophe in folder and file")
def _(folder, rows):
    (folder / "a b").mkdir()
    (folder / "p0.png").rename(folder / "a b" / "it's 1.png")
    rows[0]["image"] = "a b/it's 1.png"
    return Read(GREY, boxed())


@entry("table", "an image outside of the table's folder (it is only read)")
def _(folder, rows):
    (folder.parent / "elsewhere").mkdir()
    (folder / "p0.png").rename(folder.parent / "elsewhere" / "p0.png")
    rows[0]["image"] = "../elsewhere/p0.png"
    return Read(GREY, boxed())


@entry("table", "ids that look like numbers or missing values")
def _(folder, rows):
    for row, name in zip(rows, ("007", "NA", "1e5", "null"), strict=True):
        row["patient"] = name
    return Read(GREY, boxed())


changed("table", "path traversal in a lesion", {"lesion": "../../L0"}, "row 2", "found '../../L0'")
changed("table", "path traversal in a patient", {"patient": "../p0"}, "row 2", "found '../p0'")
changed("table", "path traversal in a class", {"class": "../cyst"}, "found '../cyst'", problems=2)
changed("table", "a unicode id", {"patient": "Mu\u0308ller"}, "row 2", "letters, digits", "rename it")
changed("table", "full-width digits as id", {"lesion": "\uff11"}, "row 2", "letters, digits")
changed("table", "a space in an id", {"lesion": "L 0"}, "found 'L 0'")
changed("table", "a space without width in an id", {"lesion": "L0\u200b"}, "found 'L0\\u200b'")
changed("table", "two lesions of one id", {"lesion": "L2"}, "expected an id of its own, found it in rows 2, 4")
changed("table", "lesions that differ in case", {"lesion": "l1"}, "found L1 and l1, which differ only by case")
changed("table", "patients that differ in case", {"patient": "P2"}, "found P2 and p2, which differ only", problems=1)
changed("table", "a class that differs in case", {"class": "Cyst"}, "did you mean cyst?", problems=1)
changed("table", "an unknown class", {"class": "kyst"}, "found 'kyst'", problems=1)
changed("table", "the reserved class", {"class": "all"}, "'all', which means all classes together", problems=1)
changed("table", "an empty patient", {"patient": ""}, "row 2, lesion L0: patient: expected a value", problems=1)
changed("table", "an unknown set", {"set": "validation"}, "found 'validation'", problems=1)
changed("table", "an absent image", {"image": "absent.png"}, "row 2, lesion L0: image: ", "absent.png")
changed("table", "a line break in a file name", {"image": "p0\n.png"}, "row 3: image", "'p0\\n.png'")
changed(
    "table",
    "a NUL in a file name",
    {"image": "p0\0.png"},
    "row 2: image: expected one line without",
    "control characters",
)
changed("table", "a file name that is too long", {"image": "x" * 300 + ".png"}, "row 2, lesion L0: image: ", "expected")
changed(
    "table",
    "a polygon in the column of the mask",
    {"box": "", "mask": "3,7 " * 100},
    "row 2, lesion L0: mask: ",
    "expected a readable file",
)
changed("table", "mask and box", {"mask": "p1.png"}, "row 2, lesion L0: expected one of mask, polygon and box")
changed("table", "no annotation", {"box": ""}, "found none; fill exactly one of them")
changed("table", "a box upside down", {"box": "12,16,3,7"}, "x0 < x1")
changed("table", "a box outside of the image", {"box": "30,30,40,40"}, "give pixels of this image, not mm")
changed("table", "a box of words", {"box": "a,b,c,d"}, "row 2, lesion L0: box: expected")
changed("table", "a box with decimal commas", {"box": "3,5,7,5,12,5,16,5"}, "row 2, lesion L0: box: expected")
changed("table", "a box with NaN", {"box": "nan,1,5,5"}, "row 2, lesion L0: box: expected")
changed("table", "a polygon of two points", {"box": "", "polygon": "1,1 5,5"}, "at least 3 points")
changed("table", "a polygon without area", {"box": "", "polygon": "3.2,3.2 3.4,3.2 3.4,3.4"}, "found nothing drawn")
changed("table", "a slice beyond the image", {"slice": "3"}, "slice: expected 0 to 0, found 3")
changed("table", "half a slice", {"slice": "0.5"}, "row 2, lesion L0: slice: expected a whole number")
changed("table", "a slice that is no number", {"slice": "nan"}, "slice: expected a whole number", "found 'nan'")
changed("table", "an infinite slice", {"slice": "1e400"}, "slice: expected a whole number", "found '1e400'")
changed("table", "a label without mask", {"label": "1"}, "expected only with a mask")


@entry("table", "one image under two patients, spelt differently", "p1.png: expected one patient, found p0 and p1")
def _(folder, rows):
    rows[0].update(image="./../study/p1.png", box="5,5,12,12")


@entry("table", "one image under two patients, by a link", "expected one patient, found p0 and p1")
def _(folder, rows):
    (folder / "p0.png").unlink()
    (folder / "p0.png").symlink_to("p1.png")
    rows[0]["box"] = "5,5,12,12"


@entry("table", "one lesion twice", "found the same pixels and outline as L0 and L2 (rows 2, 4)")
def _(folder, rows):
    (folder / "p2.png").write_bytes((folder / "p0.png").read_bytes())


@entry("table", "a patient in both sets", "patient p0: expected one set", problems=1)
def _(folder, rows):
    for row in rows:
        row["set"] = ""
    rows.append({**rows[0], "lesion": "L4", "set": "extra", "box": "4,4,11,11"})


# --------------------------------------------------------------------------------------------------------------- DICOM


def write_slice(path: Path, z: float, stored: np.ndarray, drop=(), **tags) -> FileDataset:
    """Write one CT slice at height ``z`` mm; ``stored`` and the rescale give HU."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    file.Modality, file.SeriesInstanceUID, file.SeriesDescription = "CT", "1.2.3", "portal"
    file.ImagePositionPatient, file.ImageOrientationPatient = [-7, -9, z], [1, 0, 0, 0, 1, 0]
    file.PixelSpacing, (file.Rows, file.Columns) = [PIXEL, PIXEL], stored.shape[:2]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.PixelRepresentation, file.BitsAllocated, file.BitsStored, file.HighBit = 0, 16, 16, 15
    file.RescaleSlope, file.RescaleIntercept = 1, -1000
    file.PixelData = stored.astype("<u2").tobytes()
    for name, value in tags.items():
        setattr(file, name, value)
    for name in drop:
        delattr(file, name)
    file.save_as(path, enforce_file_format=True)
    return file


def series(folder: Path, rows: list[dict], change: Callable[[int], dict] = lambda z: {}, heights=range(4)) -> Path:
    """Write a series for L0, with other tags for slice z as ``change`` says, and return its folder."""
    (folder / "ct").mkdir()
    for name, z in zip("cadb", heights, strict=False):  # in no order
        tags = {"stored": STACK[z % 4].astype(int) + 1000, "drop": (), **change(z)}
        write_slice(folder / "ct" / name, 30 + STEP * z, **tags)
    rows[0].update(image="ct", slice=str(KEY))
    return folder / "ct"


def dicom(name: str, change: Callable[[int], dict], *words: str) -> None:
    """Add an entry of a series whose slice z has other tags."""

    @entry("DICOM", name, *words)
    def _(folder, rows):
        series(folder, rows, change)
        return Read(STACK[KEY], boxed(), KEY, PIXEL)


@entry("DICOM", "oblong pixels")
def _(folder, rows):
    series(folder, rows, lambda z: {"PixelSpacing": [0.75, 0.8]})
    return Read(STACK[KEY], boxed(), KEY, 0.8)


CORONAL = [1, 0, 0, 0, 0, -1]
OTHER = {"SeriesInstanceUID": "9.8", "SeriesDescription": "arterial"}
dicom("names in no order, without extension", lambda z: {})
dicom("a rescale of its own in each slice", lambda z: {"stored": (STACK[z] + 1000 + z) * 2, "RescaleSlope": 0.5,
                                                       "RescaleIntercept": -1000 - z})  # fmt: skip
dicom("signed pixels without offset", lambda z: {"stored": STACK[z].astype(np.uint16), "PixelRepresentation": 1,
                                                 "RescaleIntercept": 0})  # fmt: skip
dicom("12 of 16 bits, and padding outside of the field of view", lambda z: {"BitsStored": 12, "HighBit": 11,
                                                                            "PixelPaddingValue": 0})  # fmt: skip
dicom("wrong slice thickness and numbers", lambda z: {"SliceThickness": 9, "InstanceNumber": 7})
dicom("rescale slope 0", lambda z: {"RescaleSlope": 0}, "row 2, lesion L0: image: ", "RescaleSlope", "found '0.0'")
dicom(
    "an intercept without slope",
    lambda z: {"drop": ["RescaleSlope"]},
    "expected both RescaleSlope and RescaleIntercept",
)
dicom("gantry tilt", lambda z: {"ImagePositionPatient": [-7, -9 + 0.4 * z, 30 + STEP * z]}, "a tilted gantry")
dicom("coronal slices", lambda z: {"ImagePositionPatient": [-7, 3 * z, 9], "ImageOrientationPatient": CORONAL},
      "expected axial slices")  # fmt: skip
dicom("one coronal slice among axial ones", lambda z: {"ImageOrientationPatient": CORONAL} if z == 3 else {},
      "ImageOrientationPatient", "move localisers")  # fmt: skip
dicom("pixels of no size", lambda z: {"PixelSpacing": [0, 0]}, "PixelSpacing", "found '0.0\\\\0.0'")
dicom("pixels of negative size", lambda z: {"PixelSpacing": [-0.75, -0.75]}, "PixelSpacing", "-0.75")
dicom("no pixel spacing", lambda z: {"drop": ["PixelSpacing"]}, "expected 2 numbers in PixelSpacing, found ''")
dicom("no position", lambda z: {"drop": ["ImagePositionPatient"]}, "ImagePositionPatient, found ''")
dicom("no orientation", lambda z: {"drop": ["ImageOrientationPatient"]}, "ImageOrientationPatient, found ''")
dicom("an orientation of zeros", lambda z: {"ImageOrientationPatient": [0] * 6}, "ImageOrientationPatient", "0.0")
dicom("rows that are not perpendicular to columns", lambda z: {"ImageOrientationPatient": [1, 0, 0, 0.5, 0.866, 0]},
      "expected perpendicular rows and columns")  # fmt: skip
dicom("another pixel spacing in one slice", lambda z: {"PixelSpacing": [0.8, 0.8]} if z == 2 else {},
      "expected PixelSpacing [0.75, 0.75] as in a, found [0.8, 0.8]")  # fmt: skip
dicom("another size of one slice", lambda z: {"stored": np.ones((8, 8))} if z == 2 else {}, "expected size", "(8, 8)")
dicom("MONOCHROME1", lambda z: {"PhotometricInterpretation": "MONOCHROME1"}, "found MONOCHROME1")
dicom("colours", lambda z: {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3, "PlanarConfiguration": 0,
                            "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelData": bytes(24 * 20 * 3)},
      "found RGB")  # fmt: skip
dicom("several frames in a file", lambda z: {"NumberOfFrames": 3, "PixelData": bytes(24 * 20 * 6)}, "found 3 frames")
dicom("two series in a folder", lambda z: OTHER if z > 1 else {}, "expected one DICOM series, found 2", "arterial")
dicom("no pixel data (a structured report, say)", lambda z: {"drop": ["PixelData"]} if z == 2 else {}, "row 2", "ct/")
dicom("one grey level", lambda z: {"stored": np.full(SHAPE[1:], 900)}, "row 2, lesion L0: ct: ", "contrast", "-100")


@entry("DICOM", "slices from the head down, lying prone")
def _(folder, rows):
    (folder / "ct").mkdir()
    corner = [-7 + PIXEL * 19, -9 + PIXEL * 23]  # rows to the right, columns to the front: the normal still points up
    for z in range(4):
        stored = STACK[z, ::-1, ::-1].astype(int) + 1000
        tags = {"ImagePositionPatient": [*corner, 30 + STEP * z], "ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}
        write_slice(folder / "ct" / f"{9 - z}", 0, stored, InstanceNumber=9 - z, **tags)
    rows[0].update(image="ct", slice=str(KEY))
    return Read(STACK[KEY], boxed(), KEY, PIXEL)


def compressed(compressor: str) -> None:
    @entry("DICOM", f"{compressor} compression (lossless)")
    def _(folder, rows):
        for path in series(folder, rows, lambda z: {"RescaleIntercept": 0}).iterdir():
            compress(path, compressor)
        return Read(STACK[KEY] + 1000, boxed(), KEY, PIXEL)


for compressor in COMPRESSORS:
    compressed(compressor)


@entry("DICOM", "a transfer syntax that nothing can decode", "row 2, lesion L0: ct/a: expected")
def _(folder, rows):
    path = series(folder, rows) / "a"
    file = pydicom.dcmread(path)
    file.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"  # MPEG-4
    file.PixelData = pydicom.encaps.encapsulate([b"\0" * 64])
    file["PixelData"].is_undefined_length = True
    file.save_as(path)


@entry("DICOM", "a rescale intercept of words", "ct/a: expected 1 numbers in RescaleIntercept, found '-1OOO.0'")
def _(folder, rows):
    path = series(folder, rows) / "a"
    path.write_bytes(path.read_bytes().replace(b"-1000.0", b"-1OOO.0"))


@entry("DICOM", "one of its files instead of the folder", "slice: expected 0 to 0, found")
def _(folder, rows):
    series(folder, rows)
    rows[0]["image"] = "ct/a"


@entry("DICOM", "a slice missing", "5 mm between", "a missing slice")
def _(folder, rows):
    series(folder, rows, heights=(0, 1, 3, 4))


@entry("DICOM", "uneven distances", "a missing slice or uneven distances")
def _(folder, rows):
    series(folder, rows, lambda z: {"ImagePositionPatient": [-7, -9, 30 + STEP * z + 0.5 * (z == 3)]})


@entry("DICOM", "a slice twice", "expected one file a slice position", "z-copy")
def _(folder, rows):
    path = series(folder, rows)
    (path / "z-copy").write_bytes((path / "a").read_bytes())


@entry("DICOM", "a truncated slice", "row 2, lesion L0: image: ", "truncated")
def _(folder, rows):
    path = series(folder, rows) / "a"  # slice 1, the key slice
    path.write_bytes(path.read_bytes()[:-100])


@entry("DICOM", "an empty slice", "row 2, lesion L0: image: ", "ct/a")
def _(folder, rows):
    (series(folder, rows) / "a").write_bytes(b"")


@entry("DICOM", "a folder of pictures", "ct: expected the DICOM files of one series, found p0.png (a PNG file)")
def _(folder, rows):
    (folder / "ct").mkdir()
    (folder / "p0.png").rename(folder / "ct" / "p0.png")
    rows[0].update(image="ct", slice="0")


@entry("DICOM", "an empty folder", "ct: expected the DICOM files of one series, found nothing")
def _(folder, rows):
    (folder / "ct").mkdir()
    rows[0].update(image="ct", slice="0")


@entry("DICOM", "clutter beside the slices")
def _(folder, rows):
    path = series(folder, rows)
    (path / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (path / "readme.txt").write_text("x")
    (path / ".hidden.dcm").write_text("x")
    (path / "sub").mkdir()
    return Read(STACK[KEY], boxed(), KEY, PIXEL)


# ------------------------------------------------------------------------------------------------------- volume files


def volume(
    folder: Path, rows: list[dict], name: str, values=STACK, spacing=(PIXEL, PIXEL, STEP), direction=None
) -> Path:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin((-7, -9, 30))
    if direction is not None:
        image.SetDirection(direction)
    sitk.WriteImage(image, str(folder / name))
    rows[0].update(image=name, slice=str(KEY))
    return folder / name


def edited(name: str, file: str, before: bytes, after: bytes, *words: str) -> None:
    """Add an entry of a volume whose header is edited."""

    @entry("volume", name, *words)
    def _(folder, rows):
        path = volume(folder, rows, file)
        content = path.read_bytes()
        assert before in content
        path.write_bytes(content.replace(before, after, 1))


def nifti(name: str, offset: int, layout: str, values: tuple, *words: str) -> None:
    """Add an entry of a NIfTI file with other header values."""

    @entry("volume", name, *words)
    def _(folder, rows):
        path = volume(folder, rows, "v.nii")
        content = bytearray(path.read_bytes())
        struct.pack_into(layout, content, offset, *values)
        path.write_bytes(content)


@entry("volume", "axes in another order and reversed")
def _(folder, rows):
    path = volume(folder, rows, "v.nii.gz")
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(path)), "SAR"), str(path))
    return Read(STACK[KEY], boxed(), KEY, PIXEL)


@entry("volume", "an extension in capitals")
def _(folder, rows):
    content = volume(folder, rows, "v.nii").read_bytes()
    (folder / "V2.NII.GZ").write_bytes(gzip.compress(content))
    rows[0]["image"] = "V2.NII.GZ"
    return Read(STACK[KEY], boxed(), KEY, PIXEL)


@entry("volume", "oblong pixels")
def _(folder, rows):
    volume(folder, rows, "v.mha", spacing=(0.8, 0.9, STEP))
    return Read(STACK[KEY], boxed(), KEY, 0.8)


@entry("volume", "NaN in a NIfTI file", "v.nii.gz: expected finite values, found 1 NaN")
def _(folder, rows):
    values = STACK.astype(np.float32)
    values[3, 1, 1] = np.nan
    volume(folder, rows, "v.nii.gz", values)


@entry("volume", "NaN on the key slice", "v.nrrd: expected finite values, found 1 NaN or infinite in slice 1")
def _(folder, rows):
    values = STACK.astype(np.float64)
    values[KEY, 1, 1] = np.inf
    volume(folder, rows, "v.nrrd", values)


@entry("volume", "one grey level on the key slice", "row 2, lesion L0: v.mha: ", "contrast", "slice 1")
def _(folder, rows):
    values = STACK.copy()
    values[KEY] = 5
    volume(folder, rows, "v.mha", values)


@entry("volume", "four dimensions", "time.nii.gz: expected the number of one of its")
def _(folder, rows):
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros((2, *SHAPE), np.int16), isVector=False), str(folder / "time.nii.gz")
    )
    rows[0].update(image="time.nii.gz", slice="0")


@entry("volume", "a truncated file", "v.nii: expected", "truncated")
def _(folder, rows):
    path = volume(folder, rows, "v.nii")
    path.write_bytes(path.read_bytes()[:-10])


@entry(
    "volume",
    "not compressed, named .nii.gz",
    "v.nii.gz: expected a NIfTI-1 file in gzip, as its name says, found a NIfTI-1",
)
def _(folder, rows):
    content = volume(folder, rows, "v.nii").read_bytes()
    (folder / "v.nii").unlink()
    (folder / "v.nii.gz").write_bytes(content)
    rows[0]["image"] = "v.nii.gz"


@entry("volume", "two files of which one would be read for the other", "found v.nii beside it")
def _(folder, rows):
    volume(folder, rows, "v.nii")
    volume(folder, rows, "v.nii.gz")


@entry("volume", "pixel data of a header elsewhere missing", "v.mhd: expected its data in v.raw, found no such file")
def _(folder, rows):
    volume(folder, rows, "v.mhd")
    (folder / "v.raw").unlink()


MATRIX = b"TransformMatrix = 1 0 0 0 1 0 0 0 1"
edited(
    "a sheared direction matrix", "v.mha", MATRIX, b"TransformMatrix = 1 0 0 0 1 0 0 0.3 1", "v.mha", "perpendicular"
)
edited(
    "a direction matrix of no unit vectors", "v.mha", MATRIX, b"TransformMatrix = 2 0 0 0 1 0 0 0 1", "v.mha", "unit"
)
edited("a singular direction matrix", "v.mha", MATRIX, b"TransformMatrix = 1 0 0 0 1 0 0 0 0", "v.mha: expected")
edited("a sheared NRRD", "v.nrrd", b"(0,0,2.5)", b"(0,0.8,2.5)", "v.nrrd", "perpendicular")
edited("negative spacing", "v.mha", b"Spacing = 0.75 0.75", b"Spacing = -0.75 -0.75", "v.mha", "spacing", "-0.75")
edited("spacing 0", "v.mha", b"Spacing = 0.75 0.75", b"Spacing = 0 0", "v.mha: expected")
edited("an origin that is no number", "v.nrrd", b"origin: (-7,", b"origin: (nan,", "v.nrrd: expected")
edited("no slices", "v.mha", b"DimSize = 20 24 4", b"DimSize = 20 24 0", "v.mha: expected")
nifti("NIfTI, spacing 0", 80, "<3f", (0, 0, 0), "v.nii", "spacing", "0")
nifti("NIfTI, spacing NaN", 80, "<f", (np.nan,), "v.nii", "spacing", "nan")
nifti("NIfTI, a negative size", 40, "<4h", (3, 20, 24, -4), "v.nii: expected")
nifti("NIfTI, nine dimensions", 40, "<4h", (9, 20, 24, 4), "v.nii: expected")
nifti("NIfTI, a size larger than the file", 40, "<4h", (3, 20, 24, 400), "v.nii: expected", "truncated")


@entry("volume", "NIfTI, stored values with a slope")
def _(folder, rows):
    path = volume(folder, rows, "v.nii")
    content = bytearray(path.read_bytes())
    struct.pack_into("<2f", content, 112, 2, -1000)
    path.write_bytes(content)
    return Read(STACK[KEY] * 2 - 1000, boxed(), KEY, PIXEL)


@entry("volume", "NIfTI in micrometres")
def _(folder, rows):
    path = volume(folder, rows, "v.nii", spacing=(750, 750, 2500))
    content = bytearray(path.read_bytes())
    content[123] = 3  # NIFTI_UNITS_MICRON
    path.write_bytes(content)
    return Read(STACK[KEY], boxed(), KEY, PIXEL)


# --------------------------------------------------------------------------------------------------------------- masks


def masked(folder: Path, rows: list[dict], mask: np.ndarray, name="m.nii.gz", origin=(-7, -9, 30), **cells) -> Path:
    """Give L0 a volume and a mask."""
    volume(folder, rows, "v.nii.gz")
    image = sitk.GetImageFromArray(mask)
    image.SetSpacing((PIXEL, PIXEL, STEP))
    image.SetOrigin(origin)
    sitk.WriteImage(image, str(folder / name))
    rows[0].update({"mask": name, "box": "", "slice": "", **cells})
    return folder / name


def labels(value=1, dtype=np.uint8) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype)
    mask[KEY][LESION] = value
    mask[2, 10:12, 6:8] = value
    return mask


@entry("mask", "stored with other axes than the image")
def _(folder, rows):
    path = masked(folder, rows, labels())
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(path)), "PIR"), str(path))
    return Read(STACK[KEY], LESION, KEY, PIXEL)


@entry("mask", "several labels, one named")
def _(folder, rows):
    mask = labels(3)
    mask[0, 2:8, 2:8] = 5
    masked(folder, rows, mask, label="3.0")  # as a spreadsheet saves a 3
    return Read(STACK[KEY], LESION, KEY, PIXEL)


@entry("mask", "touching the border")
def _(folder, rows):
    mask = np.zeros(SHAPE, np.uint8)
    mask[KEY, :5, 15:] = 1
    masked(folder, rows, mask)
    return Read(STACK[KEY], mask[KEY] > 0, KEY, PIXEL)


@entry("mask", "whole numbers stored as floats")
def _(folder, rows):
    masked(folder, rows, labels(2, np.float64), "m.nrrd")
    return Read(STACK[KEY], LESION, KEY, PIXEL)


@entry("mask", "a DICOM series of a 0-255 mask")
def _(folder, rows):
    volume(folder, rows, "v.nii.gz")
    (folder / "mask").mkdir()
    for z, values in enumerate(labels(255)):
        write_slice(folder / "mask" / f"{z}", 30 + STEP * z, values, drop=["RescaleSlope", "RescaleIntercept"])
    rows[0].update(mask="mask", box="", slice="")
    return Read(STACK[KEY], LESION, KEY, PIXEL)


@entry("mask", "several labels, none named", "label: expected one of 3, 5, the labels of m.nii.gz, found an empty cell")
def _(folder, rows):
    mask = labels(3)
    mask[0, 2:8, 2:8] = 5
    masked(folder, rows, mask)


@entry("mask", "another label", "found 2; correct it")
def _(folder, rows):
    masked(folder, rows, labels(), label="2")


@entry("mask", "empty", "m.nii.gz: expected a lesion, found only zeros")
def _(folder, rows):
    masked(folder, rows, labels(0))


@entry("mask", "no lesion on the slice named", "expected a lesion on slice 3, found nothing drawn there")
def _(folder, rows):
    masked(folder, rows, labels(), slice="3")


@entry("mask", "the same grid, a column more")
def _(folder, rows):
    masked(folder, rows, np.pad(labels(), ((0, 0), (0, 0), (0, 1))))
    return Read(STACK[KEY], LESION, KEY, PIXEL)


@entry("mask", "another grid", "mask and image do not match: expected size (4, 24, 20)", "(4, 24, 10)")
def _(folder, rows):
    masked(folder, rows, labels()[..., ::2], origin=(-7, -9, 30.5))


@entry("mask", "elsewhere", "mask and image do not match", "corners up to 3 mm apart")
def _(folder, rows):
    masked(folder, rows, labels(), origin=(-7, -9, 33))


@entry("mask", "flipped by a lost direction", "mask and image do not match", "direction")
def _(folder, rows):
    path = masked(folder, rows, labels())
    image = sitk.ReadImage(str(path))
    image.SetDirection((-1, 0, 0, 0, -1, 0, 0, 0, 1))
    sitk.WriteImage(image, str(path))


@entry("mask", "probabilities", "m.nii.gz: expected whole numbers (labels), found fractions")
def _(folder, rows):
    masked(folder, rows, labels(0.5, np.float32))


@entry("mask", "NaN", "m.mha: expected finite values")
def _(folder, rows):
    masked(folder, rows, labels(np.nan, np.float32), "m.mha")


@entry("mask", "the image itself", "label: expected one of", "the labels of v.nii.gz")
def _(folder, rows):
    volume(folder, rows, "v.nii.gz")
    rows[0].update(mask="v.nii.gz", box="", slice="")


@entry("mask", "a picture for a volume", "expected a volume, found a 2-D picture")
def _(folder, rows):
    volume(folder, rows, "v.nii.gz")
    Image.fromarray(LESION.astype(np.uint8)).save(folder / "m.png")
    rows[0].update(mask="m.png", box="", slice="")


@entry("mask", "absent", "row 2, lesion L0: mask: ", "m.nii.gz: expected a file or folder")
def _(folder, rows):
    masked(folder, rows, labels()).unlink()


@entry("mask", "truncated", "row 2, lesion L0: mask: ", "m.nii.gz", "found a gzip file")
def _(folder, rows):
    path = masked(folder, rows, labels())
    path.write_bytes(path.read_bytes()[:-20])


@entry("mask", "a picture of 0 and 255")
def _(folder, rows):
    Image.fromarray(LESION.astype(np.uint8) * 255).save(folder / "m.png")
    rows[0].update(mask="m.png", box="")
    return Read(GREY, LESION)


@entry("mask", "a coloured picture")
def _(folder, rows):
    coloured(folder, rows, "")
    return Read(GREY, LESION)


@entry("mask", "a coloured picture, the colour named")
def _(folder, rows):
    coloured(folder, rows, "#FF0000", others=[0, 0, 255])
    return Read(GREY, LESION)


@entry("mask", "a coloured picture, no colour named", "label: expected one of 255 (#0000ff), 16711680 (#ff0000)")
def _(folder, rows):
    coloured(folder, rows, "", others=[0, 0, 255])


@entry("mask", "a coloured picture, another colour named", "the labels of m.png, found #00ff00; correct it")
def _(folder, rows):
    coloured(folder, rows, "#00ff00")


@entry("mask", "a palette, its index named")
def _(folder, rows):
    palette(folder, rows, "2")
    return Read(GREY, LESION)


@entry("mask", "a palette, its colour named")
def _(folder, rows):
    palette(folder, rows, "#00a000")
    return Read(GREY, LESION)


@entry(
    "mask", "a palette, a colour named that nothing has", "label: expected one of 1 (#c80000), 2 (#00a000), the labels"
)
def _(folder, rows):
    palette(folder, rows, "#0000c8")


@entry(
    "mask", "the name of a colour", "label: expected one of 1 (#c80000), 2 (#00a000), the labels of m.png, found red"
)
def _(folder, rows):
    palette(folder, rows, "red")


@entry("mask", "a photograph", "m.png: expected a grey-level picture, found colours")
def _(folder, rows):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (*GREY.shape, 3), np.uint8)).save(folder / "m.png")
    rows[0].update(mask="m.png", box="")


def coloured(folder, rows, label, others=(0, 0, 0)) -> None:
    """A mask in RGB: the lesion red, a stripe beside it in another colour."""
    picture = LESION[..., None] * np.array([255, 0, 0], np.uint8)
    picture[:3] = others
    Image.fromarray(picture.astype(np.uint8)).save(folder / "m.png")
    rows[0].update(mask="m.png", box="", label=label)


def palette(folder, rows, label) -> None:
    """A mask with a palette of four colours: the lesion has index 2, a stripe beside it 1."""
    indices = LESION.astype(np.uint8) * 2
    indices[:3] = 1
    picture = Image.fromarray(indices, mode="P")
    picture.putpalette([0, 0, 0, 200, 0, 0, 0, 160, 0, 0, 0, 200])
    picture.save(folder / "m.png")
    rows[0].update(mask="m.png", box="", label=label)


@entry("mask", "saved as JPEG, so with a fringe", "label: expected one of")
def _(folder, rows):
    Image.fromarray(LESION.astype(np.uint8) * 255).save(folder / "m.jpg")
    rows[0].update(mask="m.jpg", box="")


# ------------------------------------------------------------------------------------------------------------ pictures


def picture(
    name: str, save: Callable[[Path], None], file: str, expected: np.ndarray | None = None, *words: str
) -> None:
    """Add an entry of a picture of L0."""

    @entry("picture", name, *words)
    def _(folder, rows):
        save(folder / file)
        rows[0]["image"] = file
        return None if expected is None else Read(expected, boxed())


DEEP = GREY.astype(np.uint16) * 257
picture("16 bits", lambda path: Image.fromarray(DEEP).save(path), "i.png", DEEP)
picture("grey saved as RGBA", lambda path: Image.fromarray(GREY).convert("RGBA").save(path), "i.png", GREY)
picture("grey saved with an inverted palette", lambda path: inverted(path), "i.png", GREY)
for big in (False, True):
    picture(
        f"{'Big' * big}TIFF with white as 0",
        lambda path, big=big: tifffile.imwrite(path, GREY, photometric="miniswhite", bigtiff=big),
        "i.tif", None, "i.tif: expected a TIFF file with black as 0",
    )  # fmt: skip
picture("BigTIFF", lambda path: tifffile.imwrite(path, GREY, bigtiff=True), "i.tif", GREY)
picture("TIFF of floats", lambda path: tifffile.imwrite(path, GREY / np.float32(4)), "i.tif", GREY / 4)
picture("an extension in capitals", lambda path: Image.fromarray(GREY).save(path), "I.PNG", GREY)
picture("colours", lambda path: Image.fromarray(np.stack([GREY, GREY, 255 - GREY], -1)).save(path), "i.png", None,
        "i.png: expected a grey-level picture, found colours")  # fmt: skip
picture("NaN", lambda path: tifffile.imwrite(path, np.where(LESION, np.nan, GREY).astype(np.float32)), "i.tif", None,
        "i.tif: expected one picture, found two")  # fmt: skip
picture("one grey level", lambda path: Image.fromarray(np.full_like(GREY, 9)).save(path), "i.png", None,
        "row 2, lesion L0: i.png: ", "contrast", "9")  # fmt: skip
picture("several pages", lambda path: tifffile.imwrite(path, np.stack([GREY, GREY])), "i.tif", None,
        "expected one 2-D picture", "save one page a file")  # fmt: skip
picture("a GIF named .png", lambda path: Image.fromarray(GREY).save(path, format="GIF"), "i.png", None,
        "i.png: expected a PNG file, as its name says, found a GIF file")  # fmt: skip
picture("a format that is not read", lambda path: Image.fromarray(GREY).save(path), "i.bmp", None, "found .bmp")
picture("an empty file", lambda path: path.write_bytes(b""), "i.png", None, "found an empty file")


def inverted(path: Path) -> None:
    image = Image.fromarray(255 - GREY, mode="P")
    image.putpalette([255 - value for value in range(256) for _ in range(3)])
    image.save(path)


def cut(file: str) -> None:
    @entry("picture", f"a truncated {file[2:].upper()}", f"{file}: expected", "truncated")
    def _(folder, rows):
        Image.fromarray(GREY).save(folder / file)
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) * 3 // 4])
        rows[0]["image"] = file


cut("i.png")
cut("i.jpg")
cut("i.tif")


# ----------------------------------------------------------------------------------- synthetic images of other programs


def imported(name: str, make: Callable[[Path], None], *words: str, problems: int = 1) -> None:
    """Add an entry that changes a folder of ten good images, numbered PNG files, and patients.csv."""

    @entry("import", name, *words, problems=problems)
    def _(folder, rows):
        source = folder / "made" / "cyst"
        source.mkdir(parents=True)
        rng = np.random.default_rng(3)
        for number in range(10):
            Image.fromarray(rng.integers(0, 256, (64, 64)).astype(np.uint8)).save(source / f"{number}.png")
        (source / "patients.csv").write_text("patient\np1\n")
        make(source)
        return


def as_array(source: Path, content: np.ndarray | bytes) -> None:
    for path in source.glob("*.png"):
        path.unlink()
    if isinstance(content, bytes):
        (source / "images.npy").write_bytes(content)
    else:
        np.save(source / "images.npy", content, allow_pickle=content.dtype == object)


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced(values: np.ndarray) -> Callable[[Path], None]:
    return lambda source: Image.fromarray(values).save(source / "4.png")


ROI = np.random.default_rng(4).integers(0, 256, (64, 64)).astype(np.uint8)
imported("as it should be", lambda source: None)
imported("a colour image", replaced(np.stack([ROI] * 3, -1)), "cyst: expected 8-bit gray", "3 color channels in 4.png")
imported("a 16-bit image", replaced(ROI.astype(np.uint16)), "uint16 values in 4.png")
imported("another size", replaced(ROI[:60]), "60 x 64 px in 4.png")
imported("one grey level", replaced(np.full_like(ROI, 3)), "a single gray level in 4.png")
imported("a damaged image", lambda source: (source / "4.png").write_bytes(b"\x89PNG"), "4.png: expected a")
imported("too few images", lambda source: (source / "4.png").unlink(), "expected at least 10 images, found 9")
imported(
    "no images", lambda source: [path.unlink() for path in source.glob("*.png")], "PNG, JPEG or TIFF files, found none"
)
imported(
    "no folder",
    lambda source: [path.unlink() for path in source.iterdir()] and source.rmdir(),
    "found none",
    problems=2,
)
imported("an array of floats", lambda source: as_array(source, np.zeros((10, 64, 64))), "images.npy", "found float64")
imported("an array of objects", lambda source: as_array(source, np.array([{}])), "images.npy: expected a NumPy array")
imported("a truncated array", lambda source: as_array(source, b"\x93NUMPY\x01\0v\0{'descr'"), "expected a NumPy array")
imported(
    "a damaged .npz named .npy", lambda source: as_array(source, b"PK\x03\x04" + b"x" * 50), "expected a NumPy array"
)
imported("an array of no images", lambda source: as_array(source, ROI[None][:0]), "cyst", "expected")
imported(
    "no patients.csv", lambda source: (source / "patients.csv").unlink(), "patients.csv: expected", "found no file"
)
imported("a folder patients.csv", lambda source: as_folder(source / "patients.csv"), "patients.csv: expected")
imported(
    "patients.csv of another header",
    lambda source: (source / "patients.csv").write_text("id\np1\n"),
    "row 1",
    "found id",
)
imported("patients.csv in UTF-16", lambda source: (source / "patients.csv").write_bytes("patient\n".encode("utf-16")),
         "patients.csv: expected comma-separated UTF-8")  # fmt: skip
imported(
    "an unknown patient", lambda source: (source / "patients.csv").write_text("patient\nq1\n"), "row 2: patient q1"
)
imported("a patient of the test fold", lambda source: (source / "patients.csv").write_text("patient\np0\n"),
         "row 2: patient p0: expected no patient that is tested on")  # fmt: skip
imported("patients that differ in case", lambda source: (source / "patients.csv").write_text("patient\nP1\n"),
         "did you mean p1?")  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- config


def configured(name: str, change: Callable[[dict], object], *words: str) -> None:
    """Add an entry that changes config/tiny.yaml as loaded."""
    entry("config", name, *words)(change)


configured("as it should be", lambda c: None)
configured("a misspelt key", lambda c: c.update(fold=3), "unknown key 'fold'; did you mean 'folds'?")
configured("a key missing", lambda c: c["rois"].pop("margin"), "rois: key 'margin' is missing")
configured("text for a number", lambda c: c["rois"].update(margin="0.3"), "rois: margin: '0.3' is not of type 'number'")
configured("a number out of range", lambda c: c.update(folds=1), "folds: 1 is less than the minimum of 2")
configured("true for a number", lambda c: c.update(folds=True), "folds: True is not of type 'integer'")
configured("a list for a section", lambda c: c.update(rois=[]), "rois: [] is not of type 'object'")
configured("an empty section", lambda c: c.update(rois=None), "rois: None is not of type 'object'")
configured("no seeds", lambda c: c.update(seeds=[]), "seeds: []")
configured("a seed twice", lambda c: c.update(seeds=[0, 0]), "seeds: [0, 0] has non-unique elements")
configured("path traversal in the cohort", lambda c: c.update(cohort="../other"), "cohort: '../other' does not match")
configured("a class twice", lambda c: c["cases"].update(classes=["cyst", "cyst"]), "classes: ['cyst', 'cyst']")
entry(
    "config",
    "a single class",
    "cases: classes: expected two or more to tell apart, found cyst; add the others",
    "expected those of the phantom, cyst, metastasis, hemangioma",
    "acgan: sampling: samples: 20 per class",
    problems=3,
)(lambda c: c["cases"].update(classes=["cyst"]))
configured(
    "a window upside down", lambda c: c["rois"]["intensity"].update(low=200, high=-60), "low 200 is not below high"
)
configured("an unknown preset", lambda c: c["experiment"].update(generators=["dcgna"]), "'dcgna' is not a preset")
configured("an unknown field of a folder", lambda c: c.update(imported={"mine": {"folder": "a/{class}/{cls}"}}),
           "found {class}; correct it")  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- the battery

GOT: dict[str, str] = {}


def key(item: Entry) -> str:
    return f"{item.kind}: {item.name}"


def run(item: Entry, folder: Path) -> str:
    """Return what became of an entry: "handled ...", or the lines that refused it; raise AssertionError otherwise."""
    if item.kind == "config":
        return run_config(item)
    study, out = folder / "study", folder / "out"
    study.mkdir()
    out.mkdir()
    rows = base(study)
    result = item.make(study, rows)
    if item.kind == "import":
        return run_import(study / "made" / "cyst")
    columns = dict.fromkeys(name for row in rows for name in row if name != "_text")
    content = rows[0].pop("_text", None) or result
    if not isinstance(content, str | bytes):
        content = pd.DataFrame(rows, columns=list(columns), dtype=str).fillna("").to_csv(index=False)
        content = None if "no file" in item.name or (study / "table.csv").exists() else content
    if content is not None:
        (study / "table.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    before = sorted(study.rglob("*"))
    settings = json.dumps({"classes": CLASSES})
    arguments = ["--table", str(study / "table.csv"), "--params", settings, "--out", str(out / "cases.csv")]
    with mock.patch("sys.argv", ["check_cases", *arguments]):
        try:
            message = check_cases.main()
        except SystemExit as stopped:
            message = str(stopped.code)  # printed by Python, which then exits with 1
    assert sorted(study.rglob("*")) == before
    if message is not None:
        assert not list(out.iterdir())
        assert message.startswith("ERROR [check_cases] ")
        return message.removeprefix("ERROR [check_cases] ").replace(f"{study}/", "")
    assert isinstance(result, Read), "it should be refused"
    return compare(result, study, out)


def compare(expected: Read, study: Path, out: Path) -> str:
    """Check that L0 was read as it should be."""
    checked = pd.read_csv(out / "cases.csv", dtype={"lesion": str}).set_index("lesion").loc["L0"]
    row = cases.read_table(study / "table.csv").set_index("lesion", drop=False).loc["L0"].to_dict()
    image, lesion = cases.lesion_on_slice({**row, "slice": checked["slice"]}, study)
    assert checked["slice"] == expected.slice
    np.testing.assert_array_equal(image, expected.image)
    np.testing.assert_array_equal(lesion, expected.lesion)
    ys, xs = np.nonzero(expected.lesion)
    assert checked["center_x_px"] == (xs.min() + xs.max()) / 2
    assert checked["center_y_px"] == (ys.min() + ys.max()) / 2
    if expected.pixel_mm is None:
        assert np.isnan(checked["diameter_mm"])
    else:
        assert checked["diameter_mm"] == pytest.approx(checked["diameter_px"] * expected.pixel_mm, rel=1e-4)
        assert checked[["spacing_x_mm", "spacing_z_mm"]].tolist() == pytest.approx([expected.pixel_mm, STEP], rel=1e-4)
    return f"handled: {image.shape[1]} x {image.shape[0]} px, {lesion.sum()} of the lesion, as expected"


def run_import(folder: Path) -> str:
    rois = pd.DataFrame({"lesion": ["L0", "L1"], "patient": ["p0", "p1"], "class": "cyst", "set": "main"})
    folds = pd.DataFrame({"lesion": ["L0", "L1"], "patient": ["p0", "p1"], "class": "cyst", "fold": [0, 1]})
    cohort = imported_files.Cohort(rois, "lesion", folds, np.zeros((2, 64, 64), np.uint8), 0)
    before = sorted(folder.rglob("*"))
    try:
        read = imported_images.check({("1", "cyst"): folder}, cohort, imported_images.Params(["cyst"], 10), "mine")
    except InputError as error:
        assert sorted(folder.rglob("*")) == before
        return str(error).replace(f"{folder.parent}/", "")
    (source,) = read.values()
    np.testing.assert_array_equal(
        source.images, np.random.default_rng(3).integers(0, 256, (10, 64, 64)).astype(np.uint8)
    )
    return f"handled: {len(source.images)} images, as expected"


def run_config(item: Entry) -> str:
    """Run the Snakefile's checks of the config, which are Python."""
    config = yaml.safe_load((ROOT / "config/tiny.yaml").read_text(encoding="utf-8"))
    item.make(config)
    try:
        common_rules.check(config)
    except SystemExit as stopped:
        return str(stopped.code)
    return "handled: no problem, as expected"


def judge(item: Entry, got: str) -> None:
    """Check the words of a refusal: a line a problem, each with what was expected, what was found and what to do."""
    if not item.words:
        assert got.startswith("handled: ")
        return
    assert not got.startswith("handled: ")
    assert "Traceback" not in got
    assert not got.startswith("unexpected ")
    lines = got.splitlines()
    lines = lines[1:] if lines[0].endswith(" problem" if item.problems == 1 else " problems") else lines
    assert len(lines) == item.problems, got
    for word in item.words:
        assert any(word in line for line in lines), (word, got)
    for line in lines:
        if item.kind == "config":
            assert line.startswith("error: config: "), line
            assert "; " in line or "(" in line, line
        else:
            assert "expected" in line, line
            assert "found" in line, line
            assert ";" in line, line
    assert item.kind in ("config", "import") or "table.csv" in got


@pytest.mark.parametrize("item", ENTRIES, ids=key)
def test_bad_input(item, tmp_path):
    GOT[key(item)] = run(item, tmp_path)
    judge(item, GOT[key(item)])


def test_the_table_has_no_gap(tmp_path):
    assert len({key(item) for item in ENTRIES}) == len(ENTRIES) >= 60
    lines = []
    for number, item in enumerate(ENTRIES):
        if key(item) not in GOT:
            (tmp_path / str(number)).mkdir()
            GOT[key(item)] = run(item, tmp_path / str(number))
        expected = f"refused: {' ... '.join(item.words)}" if item.words else "handled"
        got = GOT[key(item)].splitlines()
        got = got[-item.problems] if item.problems > 1 else got[-1]
        lines.append((key(item), expected, got.strip()))
    print("\n" + "\n".join(" | ".join(line) for line in [("input", "expected", "got"), *lines]))
    assert len(lines) == len(ENTRIES)
    for name, expected, got in lines:
        assert name, lines
        assert expected, name
        assert got, name
        assert got.startswith("handled") == (expected == "handled"), name
