"""Imported pairs are taken over as they are; every fault planted in a folder is named, all of them at once."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synthaug.errors import InputError
from synthaug.generators import imported_files
from synthaug.segmentation import imported_pairs

SHAPE = (8, 8)
SLICES = pd.DataFrame({"slice": [f"S{k}" for k in range(6)], "patient": ["P0", "P0", "P1", "P2", "P3", "P4"]})
FOLDS = SLICES.assign(fold=[0, 0, 1, 1, 1, 1], validation=[0, 0, 0, 0, 0, 1])
PARAMS = imported_pairs.Params(["a", "b"], {"b": 255, "a": 7})
SHARES = {"1": imported_pairs.Share("500", 3, frozenset(["P1", "P3"]))}


@pytest.fixture
def cohort():
    return imported_files.Cohort(SLICES, "slice", FOLDS, np.zeros((6, *SHAPE), np.uint8), seed=0)


def images(count=4):
    return np.random.default_rng(count).integers(0, 256, (count, *SHAPE)).astype(np.uint8)


def masks(count=4):
    """Class a, whose value is 7, in the first two columns of each; class b, 255, in the last one of the second."""
    found = np.zeros((count, *SHAPE), np.uint8)
    found[:, :, :2] = 7
    found[1, :, -1] = 255
    return found


@pytest.fixture
def folder(tmp_path):
    """Four clean pairs as files, of a generator that has seen P1."""
    for part, arrays in (("images", images()), ("masks", masks())):
        (tmp_path / part).mkdir()
        for number, array in enumerate(arrays):
            Image.fromarray(array).save(tmp_path / part / f"{number}.png")
    (tmp_path / "patients.csv").write_text("patient\nP1\n")
    return tmp_path


def as_arrays(folder, found_images, found_masks):
    np.save(folder / "images.npy", found_images)
    np.save(folder / "labels.npy", found_masks)


def taken(folder, cohort):
    return imported_pairs.check({"1": folder}, cohort, SHARES, PARAMS, "ldm")["1"]


def problems(folder, cohort):
    with pytest.raises(InputError) as error:
        taken(folder, cohort)
    first, *lines = str(error.value).split("\n  ")
    assert first == f"imported images of ldm: {len(lines)} problem" + "s" * (len(lines) > 1)
    return lines


@pytest.mark.parametrize("arrays", [False, True])
def test_the_first_pairs_get_the_labels_of_the_classes(folder, cohort, arrays):
    if arrays:
        as_arrays(folder, images(), masks())
    source = taken(folder, cohort)
    np.testing.assert_array_equal(source.images, images()[:3])
    assert source.labels.dtype == np.uint8
    for mask, label in zip(masks(), source.labels, strict=False):
        np.testing.assert_array_equal(label == 1, mask == 7)
        np.testing.assert_array_equal(label == 2, mask == 255)
    assert source.patients == ["P1"]


def test_without_labels_the_classes_are_counted():
    assert imported_pairs.Params(["a", "b"], None).values() == {"a": 1, "b": 2}


def test_a_mask_of_other_values_is_named(folder, cohort):
    other = masks()
    other[2, 3, 4], other[3, 3, 4] = 9, 1
    as_arrays(folder, images(), other)
    (line,) = problems(folder, cohort)
    assert line == (
        f"{folder}/labels.npy: expected 0 for nothing and 7 (a), 255 (b), found 1, 9 in number 2, number 3; name the "
        "values under labels in the config, or save the masks anew"
    )


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda at: (at / "masks/2.png").unlink(), "/masks: expected a mask named 2, found none; add it or delete the"),
        (lambda at: (at / "images/0.png").unlink(), "/images: expected an image named 0, found none; add it or delete"),
        (
            lambda at: Image.fromarray(images(5)[4]).save(at / "images/2.tif"),
            "/images: expected one file of a name, found several of 2; rename them",
        ),
        (
            lambda at: Image.new("L", (9, 8)).save(at / "masks/1.png"),
            "/masks: expected 8-bit gray images of 8 x 8 px, found 8 x 9 px in 1.png; export them again",
        ),
        (
            lambda at: Image.new("RGB", SHAPE).save(at / "masks/1.png"),
            "/masks: expected 8-bit gray images of 8 x 8 px, found 3 color channels in 1.png; export them again",
        ),
        (
            lambda at: Image.fromarray(masks()[0]).convert("P").save(at / "masks/1.png"),
            "/masks: expected 8-bit gray images of 8 x 8 px, found 3 color channels in 1.png; export them again",
        ),
        (
            lambda at: [(at / "masks/1.png").unlink(), Image.fromarray(masks()[0]).save(at / "masks/1.jpg")],
            "/masks: expected files that keep every value, found JPEG in 1.jpg; save them as PNG",
        ),
        (
            lambda at: Image.new("L", SHAPE, 70).save(at / "images/1.png"),
            ": expected images, found a single gray level in 1.png; remove them",
        ),
        (
            lambda at: [(at / part / f"{k}.png").unlink() for part in ("images", "masks") for k in (1, 3)],
            ": expected at least 3 pairs, as many as the share has slices with a lesion, found 2; make more",
        ),
        (
            lambda at: [Image.new("L", SHAPE).save(at / f"masks/{k}.png") for k in range(4)],
            ": expected lesions in the masks of the first 3 pairs, found none; correct them",
        ),
        (
            lambda at: as_arrays(at, images(), masks(3)),
            "/labels.npy: expected a label map of each of 4 images, found 3; save both anew",
        ),
        (
            lambda at: as_arrays(at, images(), masks().astype(np.int64)),
            "/labels.npy: expected uint8 (n, 8, 8), found int64 (4, 8, 8); save 8-bit gray images of that size",
        ),
        (
            lambda at: (at / "patients.csv").write_text("patient\nP0\n"),
            "row 2: patient P0: expected no patient that is tested on, found one of fold 0",
        ),
        (
            lambda at: (at / "patients.csv").write_text("patient\nP4\n"),
            "row 2: patient P4: expected no patient of the validation, found one; train the generator without this",
        ),
        (
            lambda at: (at / "patients.csv").write_text("patient\nP1\nP2\n"),
            "row 3: patient P2: expected one of share 500, found one outside it; train a generator on each share alone",
        ),
        (lambda at: (at / "patients.csv").unlink(), "patients.csv: expected the patients of this cohort"),
    ],
)
def test_each_fault_is_one_line(folder, cohort, damage, expected):
    damage(folder)
    (line,) = problems(folder, cohort)
    assert expected in line


def test_several_faults_are_named_at_once(folder, cohort):
    (folder / "masks/2.png").unlink()
    (folder / "patients.csv").write_text("patient\nP2\nnobody\n")
    assert len(problems(folder, cohort)) == 3
