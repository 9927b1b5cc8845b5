"""Synthetic images leave the group with a card, and without any id."""

import json
import re
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synthaug.errors import InputError
from synthaug.report import synthetic_card
from tests.helpers import forked

from .conftest import ROOT

COMMAND = [sys.executable, "scripts/export_synthetic.py", "--results", "results/tiny", "--author", "A. Name"]
COMMAND += ["--intended-use", "augmentation of training sets", "--generator", "acgan"]


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    shutil.copy(ROOT / "CITATION.cff", finished.folder / "CITATION.cff")
    out = tmp_path_factory.mktemp("export") / "acgan"
    done = forked.run([*COMMAND, "--weights", "--license", "CC BY 4.0", "--out", out], cwd=finished.folder)
    assert done.returncode == 0, done.stderr
    return out


def test_every_image_is_there_pixel_by_pixel(finished, exported):
    arrays = sorted((finished.folder / "results/tiny/seed-0/synthetic/acgan").rglob("images.npy"))
    assert arrays
    for path in arrays:
        images = np.load(path)
        written = sorted((exported / path.parent.parent.name / path.parent.name).glob("*.png"))
        assert np.array_equal([np.asarray(Image.open(name)) for name in written], images)


def test_the_card_says_where_they_come_from(finished, exported):
    text = (exported / "README.md").read_text(encoding="utf-8")
    results = finished.folder / "results/tiny"
    patient = pd.read_csv(results / "rois/rois.csv", dtype=str).set_index("lesion")["patient"]
    for path in (results / "seed-0/generators/acgan").rglob("train_set.csv"):
        lesions = pd.read_csv(path, dtype=str)["lesion"].unique()
        folds = path.parent.parent.name
        row = rf"\| `{folds}/\w+` \| \d+ \| {len(lesions)} \| {patient[lesions].nunique()} \|"
        assert len(re.findall(row, text)) == 3  # classes
    assert "| classes | ['cyst', 'metastasis', 'hemangioma'] |" in text  # Markdown is not escaped as HTML is
    state = pd.read_csv(results / "evaluation/quality/acgan/seed-0/diagnosis.csv")["state"].item()
    for words in ["CC BY 4.0", "A. Name", f"**{state}**", "The cohort is simulated", "augmentation of training sets"]:
        assert words in text


def test_no_file_has_an_id(finished, exported):
    table = pd.read_csv(finished.folder / "results/tiny/rois/rois.csv", dtype=str)
    ids = {name.encode() for name in [*table["lesion"], *table["patient"]]}
    for path in exported.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(name in content for name in ids), path


def test_digests_and_weights(finished, exported):
    digests = json.loads((exported / "digests.json").read_text(encoding="utf-8"))
    files = {path.relative_to(exported).as_posix() for path in exported.rglob("*") if path.is_file()}
    assert set(digests) == files - {"digests.json"}
    (one, *_) = sorted((finished.folder / "results/tiny/seed-0/generators/acgan").rglob("generator.safetensors"))
    copies = (exported / "weights").rglob("generator.safetensors")
    assert one.read_bytes() in [path.read_bytes() for path in copies]


@pytest.mark.parametrize(
    ("further", "message"),
    [
        (["--generator", "none"], "expected the synthetic images of a generator, found none"),
        (["--generator", "../acgan"], "--generator: expected a name, found ../acgan"),
        (["--group", "7"], "--group 7: expected one of 60"),
    ],
)
def test_what_cannot_be_exported_is_one_line(finished, tmp_path, further, message):
    done = forked.run([*COMMAND, *further, "--out", tmp_path / "out"], cwd=finished.folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_generator_that_copies_is_refused():
    with pytest.raises(InputError, match="gan: expected no copies of training images, found: 9 of 10"):
        synthetic_card.refuse_copies("copying", "9 of 10 images are near.", "gan")
    synthetic_card.refuse_copies("fine", "", "gan")
    with pytest.raises(InputError, match="gan: expected images that are drawn from noise, found variations"):
        synthetic_card.refuse_copies("fine", "", "gan", varied=True)
