"""The pack of whole slices: which are shown, that no class is asked, and that files tell nothing of their origin."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import made_packs
from tests.helpers.blinding import chunks, told_apart

from synthaug.errors import InputError
from synthaug.readers import pack as reader_pack
from synthaug.readers import shown_slices

TASKS = ["detection", "segmentation"]
ASKED = {"real": 12, "synthetic": 12, "repeats": 4, "training": 2}


@pytest.mark.parametrize("task", TASKS)
def test_readers_are_shown_slices_with_lesions_and_asked_no_class(tmp_path, task):
    study, key = made_packs.build_slices(tmp_path, task, **ASKED)
    table, images, with_lesion, pools = made_packs.slices()
    assert list(key) == ["image", "origin", "class", "slice", "patient", "generator", "seed", "folds", "sample"]
    assert key["origin"].value_counts().to_dict() == {"real": 12, "synthetic": 12}
    assert set(key["class"]) == {"all"}
    real = key[key["origin"] == "real"]
    assert set(real["slice"]) <= set(table["slice"][with_lesion])
    assert not set(key["sample"][key["origin"] == "synthetic"]) & {str(i) for i in range(3, 40, 4)}
    assert study["classes"] == []
    assert study["window"] == {"low": 0, "high": 255, "unit": ""}
    assert {facts["width_mm"] for facts in study["images"].values()} == {None}
    place = dict(zip(table["slice"], range(len(table)), strict=True))
    for row in key.to_dict("records"):
        shown = np.asarray(Image.open(tmp_path / f"pack/images/{row['image']}.png"))
        source = images[place[row["slice"]]] if row["slice"] else pools[int(row["seed"]), row["folds"]][0]
        np.testing.assert_array_equal(shown, source if row["slice"] else source[int(row["sample"])])
    # Practice tells the truth, so it is of patients who are not judged, and of one kind as often as of the other.
    practised = {Image.open(tmp_path / f"pack/images/{item['image']}.png").tobytes() for item in study["training"]}
    patients = {table["patient"][i] for i, image in enumerate(images) if image.tobytes() in practised}
    assert len(patients) in (1, 2)
    assert not patients & set(real["patient"])
    assert sorted(item["origin"] for item in study["training"]) == ["real"] * 2 + ["synthetic"] * 2


@pytest.mark.parametrize("task", TASKS)
def test_files_of_slices_are_alike(tmp_path, task):
    made_packs.build_slices(tmp_path, task, side=64, **ASKED)
    files = sorted((tmp_path / "pack/images").iterdir())
    assert len(files) == 28
    assert len({path.stat().st_size for path in files}) == 1
    assert {path.stat().st_mtime for path in files} == {315532800}
    data = [path.read_bytes() for path in files]
    assert {tuple(chunks(content)) for content in data} == {(b"IHDR", b"IDAT", b"IEND")}
    assert len({content[:48] for content in data}) == 1
    image = Image.open(files[0])
    assert (image.mode, image.size) == ("L", (64, 64))
    text = (tmp_path / "pack/study.json").read_text(encoding="utf-8")
    assert "dcgan" not in text
    assert "S0" not in text


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_blinded_pack_of_slices_tells_readers_nothing(tmp_path, seed):
    """Only the middles of the images differ by kind, so whatever told them apart would be the pack's doing."""
    asked = {"real": 115, "synthetic": 115, "repeats": 30, "training": 0}
    _, key = made_packs.build_slices(tmp_path, seed=seed, number=180, samples=80, **asked)
    area, p = told_apart(tmp_path / "pack", dict(zip(key["image"], key["origin"], strict=True)))
    assert p > 0.05, area


def built(**changes):
    table, images, with_lesion, pools = made_packs.slices()
    asked = made_packs.params(subject="slice", classes=[], **{**ASKED, **changes})
    synthetic = {
        (*source, "all"): reader_pack.Pool(made, np.flatnonzero(kept)) for source, (made, kept) in pools.items()
    }
    return reader_pack.build(shown_slices.real(table, images, with_lesion), synthetic, asked)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"real": 41}, "real: expected 41 main slices, found 40 (20 without a lesion are left out); lower it"),
        ({"synthetic": 70}, "synthetic: expected 36 images of dcgan, seed 0, train-12, found 30; lower it"),
        ({"real": 40}, "training: expected 2 further real slices, of patients outside the study, found 0 (20 without"),
    ],
)
def test_too_few_slices_are_a_line_that_says_so(changes, expected):
    with pytest.raises(InputError) as caught:
        built(**changes)
    assert any(line.startswith(f"reader_study: {expected}") for line in str(caught.value).splitlines()), caught.value


def test_a_generator_without_any_lesion_has_nothing_to_show():
    table, images, with_lesion, pools = made_packs.slices()
    none = {(*source, "all"): reader_pack.Pool(made, np.array([], int)) for source, (made, _) in pools.items()}
    asked = made_packs.params(subject="slice", classes=[], **ASKED)
    with pytest.raises(InputError, match="synthetic: expected images of dcgan that may be shown, found none"):
        reader_pack.build(shown_slices.real(table, images, with_lesion), none, asked)


def test_slices_are_the_same_pack_each_time_and_another_by_another_seed():
    first, again, other = built(), built(), built(master_seed=8)
    assert json.dumps(first.study) == json.dumps(again.study)
    pd.testing.assert_frame_equal(first.key, again.key)
    assert not set(first.key["image"]) & set(other.key["image"])
