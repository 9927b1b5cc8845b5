"""One cohort in each format: whatever it lies in, networks learn from the same pixels, classes and patients.

`tests/workflow/test_case_table.py` runs COCO and folders of classes to their reports, and compares what these runs made
of images and annotations with what `first_rules` makes. Here every other format is compared with these two.
"""

import functools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.helpers import case_tables, every_format, first_rules

from synthaug.cohort import annotations, case_table
from synthaug.imaging import volumes

COHORT = every_format.cohort(4)
LESIONS = [case for case in COHORT if case.cls]
VOLUMES = ("nnunet", "dicom")  # of these it is known how large a pixel is
CLASSES = list(every_format.CLASSES)
TABLES = {"cases", "index", "slices", "boxes"}
IN_MM = ["spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "diameter_mm", "pixel_mm"]
OF_OUTLINES = ["center_x_px", "center_y_px", "diameter_px", "diameter_mm", "digest"]
IDS = ["lesion", "patient", "slice", "box", "volume"]


@pytest.fixture(scope="module")
def drafted(tmp_path_factory):
    """Return a function that gives the folder of a task and a format, in which ``mine`` has table and config."""

    @functools.cache
    def draft(task: str, name: str) -> Path:
        folder = tmp_path_factory.mktemp(f"{task}-{name}")
        options = (every_format.OUTLINED | every_format.WHOLE)[name](folder / "set", COHORT)
        if name not in ("dicom", "names"):  # these say themselves whose an image is
            options += ["--patients", "image" if name == "medmnist" else every_format.PATIENT]
        done = case_tables.script(folder / "set", folder / "mine", "--task", task, *options)
        assert done.returncode == 0, done.stderr
        assert "problems" not in done.stderr
        return folder

    return draft


@pytest.fixture(scope="module")
def ingested(drafted):
    """Return a function that gives what the first rules make of a task's table in a format, by name of the file."""

    @functools.cache
    def ingest(task: str, name: str) -> dict[str, Path]:
        folder = drafted(task, name)
        return first_rules.run(folder / "mine/config.yaml", folder, folder / "results")

    return ingest


def check_drawn(folder: Path, cases: list[every_format.Case]) -> None:
    """Check that each row of a table is about the pixels, and those alone, of its case."""
    table = case_table.read_table(folder / "cases.csv").sort_values("lesion")
    assert table["class"].tolist() == [case.cls for case in cases]
    for (_, row), case in zip(table.iterrows(), cases, strict=True):
        source = volumes.open_image(folder / row["image"])
        np.testing.assert_array_equal(source.slice(0), case.image)
        labels = annotations.read_labels(folder / row["mask"], source.geometry) if row["mask"] else None
        if row["box"]:
            assert row["box"] == ",".join(map(str, case.rectangle))
        else:
            drawn = np.ones_like(case.mask) if annotations.is_whole(row) else case.mask
            np.testing.assert_array_equal(annotations.locate(row, source.geometry, labels)[1], drawn)


def check_same(found: dict[str, Path], expected: dict[str, Path], name: str) -> None:
    """Check that the first rules made the same of a format as of another one.

    All bytes are the same where pictures have the same names. Elsewhere ids may differ, not whose they are, and so may
    the order of the samples and lengths in mm. In detection, where COCO has boxes, masks tell more of a lesion than its
    box in ``cases.csv``, which no network learns from.
    """
    assert found.keys() == expected.keys()
    named_alike = name not in (*VOLUMES, "medmnist")
    masks = "boxes" in found and name in (*VOLUMES, "masks", "names")
    for part in found.keys() & TABLES:
        one, other = _table(found, part), _table(expected, part)
        assert list(one) == list(other)
        ids = [] if named_alike else [column for column in IDS if column in one]
        free = ids + IN_MM * (name in VOLUMES) + OF_OUTLINES * (masks and part == "cases")
        pd.testing.assert_frame_equal(
            one.drop(columns=free, errors="ignore"), other.drop(columns=free, errors="ignore")
        )
        for column in ids:
            assert pd.factorize(one[column])[0].tolist() == pd.factorize(other[column])[0].tolist(), (part, column)
    for part in found.keys() - TABLES:
        if named_alike:
            assert found[part].read_bytes() == expected[part].read_bytes(), part
        for one, other in zip(_arrays(found, part), _arrays(expected, part), strict=True):
            np.testing.assert_array_equal(one, other)


def _table(files: dict[str, Path], part: str) -> pd.DataFrame:
    """Return a table as text, its rows in the order of the images in the case table."""
    table = pd.read_csv(files[part], dtype=str, keep_default_na=False)
    if "slices" in files and part != "cases":
        table = table.assign(order=table["slice"].map(_volumes(files))).sort_values("order").drop(columns="order")
    return table.reset_index(drop=True)


def _volumes(files: dict[str, Path]) -> pd.Series:
    """Return the number of the image in the case table of each slice."""
    return pd.read_csv(files["slices"]).set_index("slice")["volume"]


def _arrays(files: dict[str, Path], part: str) -> list[np.ndarray]:
    """Return arrays, in the order of the images in the case table."""
    if part == "crops":
        with np.load(files[part]) as arrays:
            return [arrays[lesion] for lesion in arrays.files]
    arrays = np.load(files[part])
    return list(arrays[np.argsort(_volumes(files))] if "slices" in files else arrays)


@pytest.mark.parametrize("name", [*every_format.OUTLINED, *every_format.WHOLE])
def test_classification(drafted, ingested, name):
    reference = "folders" if name in every_format.WHOLE else "coco"
    check("classification", name, reference, drafted, ingested)
    check_drawn(drafted("classification", name) / "mine", LESIONS)
    assert len(np.unique(np.load(ingested("classification", name)["images"]), axis=0)) == len(LESIONS)


@pytest.mark.parametrize("name", every_format.OUTLINED)
def test_segmentation(drafted, ingested, name):
    check("segmentation", name, "coco", drafted, ingested)
    check_drawn(drafted("segmentation", name) / "mine", COHORT)
    files = ingested("segmentation", name)
    table = _table(files, "slices")
    for row, labels, case in zip(table.itertuples(), _arrays(files, "labels"), COHORT, strict=True):
        present = {CLASSES.index(case.cls) + 1} if case.cls else set()
        assert set(np.unique(labels).tolist()) - {0} == present
        scale = labels.shape[0] / max(every_format.SHAPE)
        # The border of a rectangle is rounded to whole pixels, on each side by half of one at most.
        width, height = np.ptp(np.reshape(case.rectangle or (0, 0, 0, 0), (2, 2)), axis=0) * scale
        assert abs(np.count_nonzero(labels) - width * height) <= width + height + 1, row


@pytest.mark.parametrize("name", every_format.OUTLINED)
def test_detection(drafted, ingested, name):
    check("detection", name, "coco", drafted, ingested)
    check_drawn(drafted("detection", name) / "mine", COHORT)
    files = ingested("detection", name)
    boxes = pd.read_csv(files["boxes"]).merge(pd.read_csv(files["slices"]), on="slice").sort_values("volume")
    assert boxes["class"].tolist() == [case.cls for case in LESIONS]
    for box, case in zip(boxes.itertuples(), LESIONS, strict=True):
        corners = (np.reshape(case.rectangle, (2, 2)) - (box.left, box.top)) * (box.scale_x, box.scale_y)
        np.testing.assert_allclose([box.x0, box.y0, box.x1, box.y1], corners.ravel(), atol=1e-4)


def check(task, name, reference, drafted, ingested):
    """Check that a format's draft, and what the first rules make of it, are those of the reference."""
    one, other = ((drafted(task, each) / "mine/config.yaml").read_text() for each in (name, reference))
    assert yaml.safe_load(one) == yaml.safe_load(other)
    check_same(ingested(task, name), ingested(task, reference), name)
