import json

import numpy as np
import pytest
from skimage import io

from synthaug.errors import InputError
from synthaug.readers.app import pack
from tests.reader.packs import write_pack


def test_reader_pack_holds_what_its_files_say(tmp_path):
    study = write_pack(tmp_path / "pack")
    found = pack.load(tmp_path / "pack")
    assert found.readers == ("reader-1", "reader-2")
    assert found.images("reader-2", "study") == tuple(study["presentations"]["reader-2"])
    assert found.images("reader-2", "training") == tuple(row["image"] for row in study["training"])
    assert found.truths == (pack.Practice("cyst", "real"), pack.Practice("metastasis", "synthetic"))
    for image, pixels in found.pixels.items():
        expected = io.imread(tmp_path / "pack/images" / f"{image}.png")
        np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(64, 64), expected)
    assert found.widths == {image: facts["width_mm"] for image, facts in study["images"].items()}


def test_reader_pack_with_some_widths_unknown_shows_none(tmp_path):
    """Else a scale bar could tell real from synthetic."""
    study = write_pack(tmp_path / "pack")
    next(iter(study["images"].values()))["width_mm"] = None
    (tmp_path / "pack/study.json").write_text(json.dumps(study))
    assert pack.load(tmp_path / "pack").widths is None


def test_reader_pack_with_facts_of_a_later_version_is_read(tmp_path):
    write_pack(tmp_path / "pack", more={"seed": 1})
    assert pack.load(tmp_path / "pack").cohort == "made-up"


def test_reader_pack_has_another_digest_after_any_change(tmp_path):
    def digest(folder, **changes):
        write_pack(tmp_path / folder, **changes)
        return pack.load(tmp_path / folder).digest

    first = digest("first")
    assert digest("same") == first
    assert digest("order", seed=2) != first
    assert digest("window", window={"low": 0, "high": 1, "unit": ""}) != first
    image = next((tmp_path / "same/images").iterdir())
    pixels = io.imread(image)
    pixels[0, 0] ^= 1
    io.imsave(image, pixels, check_contrast=False)
    assert pack.load(tmp_path / "same").digest != first


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cohort": "../up"}, "cohort: '../up' does not match"),
        ({"classes": ["cyst", "<b>"]}, "classes: 1: '<b>' does not match"),
        ({"window": {"low": 5, "high": 5, "unit": ""}}, "window: expected low below high"),
        ({"readers": ["reader-1"]}, "presentations: expected those of"),
        ({"presentations": {"reader-1": ["ab"], "reader-2": ["ab"]}}, "images: ab is shown but not listed"),
        ({"presentations": {"reader-1": ["../key"], "reader-2": ["ab"]}}, "'../key' does not match"),
        (
            {"training": [{"image": "ab", "class": "cyst", "origin": "fake"}]},
            "training: 0: origin: 'fake' is not one of",
        ),
    ],
)
def test_reader_pack_that_is_none_is_refused_in_one_line(tmp_path, changes, expected):
    write_pack(tmp_path / "pack", **changes)
    with pytest.raises(InputError) as caught:
        pack.load(tmp_path / "pack")
    assert expected in str(caught.value)
    assert "study.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def damage(path):
    path.write_bytes(path.read_bytes()[:60])


def enlarge(path):
    io.imsave(path, np.zeros((65, 64), np.uint8), check_contrast=False)


def deepen(path):
    io.imsave(path, np.zeros((64, 64), np.uint16), check_contrast=False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: path.unlink(), "expected an image, found none"),
        (damage, "expected a PNG image"),
        (enlarge, "expected 8-bit gray 64x64, found uint8 (65, 64)"),
        (deepen, "expected 8-bit gray 64x64, found uint16 (64, 64)"),
    ],
)
def test_reader_pack_with_a_bad_image_is_refused(tmp_path, change, expected):
    write_pack(tmp_path / "pack")
    change(sorted((tmp_path / "pack/images").iterdir())[0])
    with pytest.raises(InputError) as caught:
        pack.load(tmp_path / "pack")
    assert expected in str(caught.value)


def test_reader_pack_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="snakemake build_reader_study"):
        pack.load(tmp_path)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        pack.load(tmp_path)
