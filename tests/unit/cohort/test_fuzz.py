"""Damaged bytes and cells at random: only an `InputError` comes out of the library, and one line out of the script.

SYNTHAUG_FUZZ_EXAMPLES sets how many inputs are tried a test; the default takes seconds.
"""

import contextlib
import io
import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from tests.helpers import annotated
from tests.helpers.annotated.segmentations import write_seg

import check_cases
from synthaug.cohort import annotations, cases
from synthaug.errors import InputError
from synthaug.generators import imported_files
from synthaug.imaging import volumes

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydicom"),  # that an element is damaged
]
EXAMPLES = int(os.environ.get("SYNTHAUG_FUZZ_EXAMPLES", "0"))
FUZZ = settings(
    deadline=None,
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PARAMS = cases.Params(classes=["a", "b"])
HEADER = ["lesion", "patient", "class", "set", "image", "mask", "label", "polygon", "box", "slice", "site"]
ROWS = [
    ["L1", "p1", "a", "main", "1.png", "", "", "", "2,2,9,9", "", "x"],
    ["L2", "p2", "b", "", "2.png", "", "", "2,2 9,2 9,9", "", "0", "y z"],
    ["L3", "p3", "b", "extra", "v.mha", "m.mha", "1", "", "", "", ""],
]
NUMBERS = ["", "-1", "0", "1", "99", "1e400", "nan", "inf", "1_0", "1.0", "\u0663", "1,1", "1,1 2,2", "0,0,1e308,1e308"]
PATHS = [".", "..", "/", "~", "1.png", "v.mha", "m.mha", "./1.png", "x" * 300, "a/" * 3000, "{x}", "con"]
NAMES = ["a", "A", "all", "main", "L1", "p1", "\u00e4", "a\u0308", "\ud7ff", "--help", "=1+1"]
MARKS = ["\ufeff", "\n", "\r", "\0", '"', ";", "\u2028", "\u200b"]
CELLS = st.one_of(
    st.sampled_from([*NUMBERS, *PATHS, *NAMES, *MARKS]),
    st.text(max_size=12),
    st.text("0123456789.,- eE+", max_size=20),
)


@contextlib.contextmanager
def little_memory():
    """Give a reader half a GB: GDCM allocates whatever a damaged length says, up to 4 GB, before it looks for it.

    An input at a time, because GDCM does not give all of it back.
    """
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 29), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A folder with the images of ROWS."""
    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(0)
    for name in ("1.png", "2.png"):
        Image.fromarray(rng.integers(0, 256, (12, 12)).astype(np.uint8)).save(folder / name)
    mask = np.zeros((3, 12, 12), np.uint8)
    mask[1, 3:8, 4:9] = 1
    for name, values in (("v.mha", rng.integers(0, 99, mask.shape).astype(np.int16)), ("m.mha", mask)):
        sitk.WriteImage(sitk.GetImageFromArray(values), str(folder / name))
    return folder


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\r\n') else cell


def table(rows: list[list[str]]) -> bytes:
    text = "".join(",".join(map(quoted, row)) + "\n" for row in [HEADER, *rows])
    return text.encode("utf-8", "surrogatepass")


def changed(content: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    """Return ``content`` after each edit: at a place, as a fraction, replace, insert, delete or repeat some bytes."""
    for kind, place, length, new in edits:
        at = int(place * len(content))
        cut = content[at : at + length]
        middle = {"replace": new, "insert": new + cut, "delete": b"", "repeat": cut + cut, "end": b""}[kind]
        content = content[:at] + middle + (b"" if kind == "end" else content[at + length :])
    return content


KINDS = ["replace", "replace", "insert", "delete", "repeat", "end"]
EDITS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 12), st.binary(min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)


def checked(path: Path) -> None:
    """Check a table by the library and by the script: a result, or one line a problem and no file."""
    refusal = refused(lambda: cases.check(path, PARAMS))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cases.csv"
        settings_ = json.dumps({"classes": PARAMS.classes})
        arguments = ["check_cases", "--table", str(path), "--params", settings_, "--out", str(out)]
        message = None
        with little_memory(), mock.patch("sys.argv", arguments), contextlib.redirect_stderr(io.StringIO()):
            try:
                check_cases.main()
            except SystemExit as stopped:
                message = str(stopped.code)
        assert out.exists() == (refusal is None)
        assert list(Path(folder).iterdir()) == [out] * (refusal is None)
    assert message == (None if refusal is None else f"ERROR [check_cases] {refusal}")


def refused(read: Callable[[], object]) -> str | None:
    """Call ``read`` with little memory; return the message by which it refused, one line a problem, or None."""
    try:
        with little_memory():
            read()
    except InputError as error:
        one_line_a_problem(str(error))
        return str(error)
    return None


def one_line_a_problem(refusal: str) -> None:
    head, *lines = refusal.split("\n")
    lines = [head] if not lines else lines if head.endswith(("problem", "problems")) else [head, *lines]
    for line in lines:
        assert "expected" in line, refusal
        assert "found" in line, refusal


@FUZZ
@given(row=st.integers(0, 2), column=st.integers(0, len(HEADER) - 1), cell=CELLS, more=st.integers(0, 2), other=CELLS)
def test_cells_of_the_case_table(study, row, column, cell, more, other):
    rows = [list(cells) for cells in ROWS]
    rows[row][column] = cell
    if more:
        rows[(row + 1) % 3][(column + more - 1) % len(HEADER)] = other
    (study / "table.csv").write_bytes(table(rows))
    checked(study / "table.csv")


@FUZZ
@given(edits=EDITS)
def test_bytes_of_the_case_table(study, edits):
    (study / "table.csv").write_bytes(changed(table(ROWS), edits))
    checked(study / "table.csv")


def slice_bytes(z: int) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.{z + 1}"
    file = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID, file.SeriesInstanceUID = CTImageStorage, f"1.2.{z + 1}", "1.2.99"
    file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 2.5 * z], [1, 0, 0, 0, 1, 0]
    file.PixelSpacing, file.Rows, file.Columns = [0.7, 0.7], 6, 6
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 12, 11
    file.RescaleSlope, file.RescaleIntercept = 1, -1024
    file.PixelData = np.arange(36, dtype="<u2").tobytes()
    content = io.BytesIO()
    file.save_as(content, enforce_file_format=True)
    return content.getvalue()


def elements(dataset: Dataset) -> list[tuple[Dataset, BaseTag, str]]:
    """Return every element's data set, tag and VR, also of those within sequences."""
    found = []
    for element in dataset:
        found.append((dataset, element.tag, element.VR))
        for item in element.value if element.VR == "SQ" else []:
            found += elements(item)
    return found


def with_elements_changed(content: bytes, edits: list[tuple[float, bytes | None]]) -> bytes:
    """Return a DICOM file in which elements, at places as fractions, are removed (None) or hold other bytes."""
    file = pydicom.dcmread(io.BytesIO(content))
    everything = elements(file)
    for place, value in edits:
        dataset, tag, kind = everything[int(place * len(everything))]
        if value is None:
            dataset.pop(tag, None)
        elif kind == "SQ":
            dataset[tag] = DataElement(tag, "SQ", [])
        else:
            dataset[tag] = RawDataElement(tag, kind, len(value), value, 0, False, True)
    changed_file = io.BytesIO()
    try:
        file.save_as(changed_file)
    except Exception:
        reject()  # pydicom cannot write it
    return changed_file.getvalue()


VALUES = [b"", b"x ", b"-1", b"0 ", b"1.5 ", b"1\\2 ", b"nan ", b"1e400 ", b"9" * 20, b"\1\0\2\0", b"\xff" * 8]
ELEMENT_EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.none() | st.sampled_from(VALUES)),
    min_size=1,
    max_size=2,
)
SLICES = [slice_bytes(z) for z in range(3)]


def read(path: Path) -> None:
    """Read an image as the workflow does."""
    source = volumes.open_image(path)
    source.check()
    for index in range(min(3, source.geometry.size[0])):
        image = source.slice(index)
        assert np.isfinite(image).all()
        assert image.shape == source.geometry.size[1:]


@FUZZ
@given(edits=EDITS, whole=st.booleans())
def test_bytes_of_a_dicom_slice(edits, whole):
    # The preamble and the meta header say little: without `whole`, only the data set is edited.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for z, content in enumerate(SLICES):
            (folder / f"{z}.dcm").write_bytes(content)
        start = 0 if whole else 300
        (folder / "1.dcm").write_bytes(SLICES[1][:start] + changed(SLICES[1][start:], edits))
        refused(lambda: read(folder))


@FUZZ
@given(edits=ELEMENT_EDITS, others=st.booleans())
def test_elements_of_a_dicom_slice(edits, others):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "1.dcm").write_bytes(with_elements_changed(SLICES[1], edits))
        for z in (0, 2) if others else ():
            (folder / f"{z}.dcm").write_bytes(SLICES[z])
        refused(lambda: read(folder))


@pytest.fixture(scope="module")
def annotated_series(tmp_path_factory) -> tuple[Path, volumes.Geometry, dict[str, bytes]]:
    """A folder, the geometry of a series, and the bytes of its annotations by three kinds."""
    folder = tmp_path_factory.mktemp("annotated")
    annotated.write_series(folder / "ct")
    contents = {"RTSTRUCT": (annotated.FOLDER / "plain.dcm").read_bytes()}
    for kind, lesions in (("BINARY", annotated.LESIONS), ("LABELMAP", annotated.LESIONS[:2])):  # these do not overlap
        contents[kind] = write_seg(folder / kind, folder / "ct", lesions, kind=kind).read_bytes()
    return folder, volumes.open_image(folder / "ct").geometry, contents


def draw_all(path: Path, image: volumes.Geometry) -> None:
    labels = annotations.read_labels(path, image)
    for label in labels.names:
        assert labels.lesion(label).shape == image.size


@FUZZ
@given(kind=st.sampled_from(["RTSTRUCT", "BINARY", "LABELMAP"]), edits=EDITS)
def test_bytes_of_a_dicom_annotation(annotated_series, kind, edits):
    folder, geometry, contents = annotated_series
    (folder / "bytes.dcm").write_bytes(contents[kind][:132] + changed(contents[kind][132:], edits))
    refused(lambda: draw_all(folder / "bytes.dcm", geometry))


@FUZZ
@given(kind=st.sampled_from(["RTSTRUCT", "BINARY", "LABELMAP"]), edits=ELEMENT_EDITS)
def test_elements_of_a_dicom_annotation(annotated_series, kind, edits):
    folder, geometry, contents = annotated_series
    (folder / "elements.dcm").write_bytes(with_elements_changed(contents[kind], edits))
    refused(lambda: draw_all(folder / "elements.dcm", geometry))


@pytest.fixture(scope="module")
def originals(tmp_path_factory) -> dict[str, bytes]:
    """The bytes of a small image in each format."""
    folder = tmp_path_factory.mktemp("originals")
    values = np.random.default_rng(0).integers(0, 256, (3, 12, 12)).astype(np.uint8)
    for name in ("v.nii", "v.nii.gz", "v.mha", "v.nrrd"):
        sitk.WriteImage(sitk.GetImageFromArray(values.astype(np.int16)), str(folder / name))
    for name in ("p.png", "p.jpg", "p.tif"):
        Image.fromarray(values[0]).save(folder / name)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@FUZZ
@given(kind=st.sampled_from(["v.nii", "v.nii.gz", "v.mha", "v.nrrd", "p.png", "p.jpg", "p.tif"]), edits=EDITS)
def test_bytes_of_other_images(originals, kind, edits):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / kind
        path.write_bytes(changed(originals[kind], edits))
        refused(lambda: read(path))


@FUZZ
@given(edits=EDITS, array=EDITS)
def test_bytes_of_an_imported_generator(edits, array):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = io.BytesIO()
        np.save(content, np.zeros((2, 64, 64), np.uint8))
        (folder / "images.npy").write_bytes(changed(content.getvalue()[:300], array) + bytes(8192))
        (folder / "patients.csv").write_bytes(changed(b"patient\np1\np2\n", edits))
        refused(lambda: imported_files.read_images(folder, (64, 64)))
        refused(lambda: imported_files.read_patients(folder / "patients.csv"))
