"""What the assessment reads of the images that a generator was trained on."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthaug.classification import training_sets
from synthaug.errors import InputError
from synthaug.files import artifacts

LESIONS = [f"lesion-{number}" for number in range(6)]


def script():
    path = Path(__file__).parents[3] / "scripts/assess_generator.py"
    spec = importlib.util.spec_from_file_location("assess_generator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def cohort():
    rois = pd.DataFrame({"lesion": LESIONS, "patient": LESIONS, "class": ["cyst", "met"] * 3, "set": "main"})
    pool = pd.DataFrame({"lesion": np.repeat(LESIONS, 3), "rank": [0, 1, 2] * 6})
    folds = rois.drop(columns="set").assign(fold=np.arange(6) // 2)
    # Each image shows its own row.
    images = [np.arange(count, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2) for count in (6, 18)]
    return script().Cohort(rois, pool, folds, *images)


@pytest.fixture
def written(cohort, tmp_path):
    """A training set of both sources, as it comes back from its file."""
    rows = training_sets.generator_set(
        cohort.rois, cohort.pool_index, cohort.folds, train_folds="12", group=3, cls="met", seed=0, master_seed=1
    )
    artifacts.write_csv(rows, tmp_path / "train_set.csv")
    return artifacts.read_csv(tmp_path / "train_set.csv")


def test_the_rows_of_the_file_lead_to_the_images(cohort, written):
    found = cohort.located(written, "train_set.csv")
    values = cohort.pixels(found)[:, 0, 0]
    assert set(found["source"]) == {"roi", "pool"}
    for row, value in zip(found.itertuples(), values, strict=True):
        table = cohort.rois if row.source == "roi" else cohort.pool_index
        assert table["lesion"][value] == row.lesion
        assert row.source == "roi" or table["rank"][value] == row.rank


def test_rows_of_another_cohort_are_refused(cohort, written):
    with pytest.raises(InputError, match=r"expected the column row, found source, lesion, .*; train it again"):
        cohort.located(written.drop(columns="row"), "train_set.csv")
    moved = written.assign(row=written["row"] + 3)
    with pytest.raises(InputError, match=r"train_set.csv: expected lesion lesion-\d in row \d+ of the .* images"):
        cohort.located(moved, "train_set.csv")
    with pytest.raises(InputError, match="expected lesion other"):
        cohort.located(written.assign(lesion="other"), "train_set.csv")
