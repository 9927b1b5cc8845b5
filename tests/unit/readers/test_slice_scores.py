"""Scores of readers who judged slices, counted by hand: real or synthetic alone, by the script of the rule."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked, made_packs, made_readers

from synthaug.readers.answers import Study

NAMES = ("scores", "told", "agreement", "times", "fooled")


def scored(folder, answers):
    """Run the script on a pack in ``folder``; return how it ended, and its tables by name."""
    answers.to_csv(folder / "answers.csv", index=False)
    command = [sys.executable, "scripts/score_reader_study.py", "--answers", folder / "answers.csv"]
    command += ["--study", folder / "pack/study.json", "--key", folder / "key.csv", "--images", folder / "pack/images"]
    command += ["--params", json.dumps({"master_seed": 0, "bootstrap": 200, "confidence": 0.95})]
    for name in NAMES:
        command += [f"--{name}", folder / f"{name}.csv"]
    command += ["--png", folder / "fooled.png", "--svg", folder / "fooled.svg"]
    done = forked.run(command)
    tables = {name: pd.read_csv(folder / f"{name}.csv") for name in NAMES} if done.returncode == 0 else {}
    return done, tables


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack of 12 real and 12 synthetic slices, 4 of them twice, and answers of two readers.

    The first takes 3 synthetic slices for real and is right otherwise; the second takes all for real.
    """
    folder = tmp_path_factory.mktemp("slices")
    study, key = made_packs.build_slices(folder, real=12, synthetic=12, repeats=4, training=0)
    synthetic = (key["origin"] == "synthetic").to_numpy()
    mistaken = synthetic & (synthetic.cumsum() <= 3)
    given = pd.DataFrame(
        {"class": "all", "confidence": 4, "origin": np.where(synthetic & ~mistaken, "synthetic", "real")}
    )
    by_reader = {"reader-1": given, "reader-2": given.assign(origin="real", confidence=1)}
    answers = made_readers.answers(Study([], study["presentations"], key), by_reader)
    return folder, answers, sorted(key["image"][mistaken])


def test_readers_of_slices_are_scored_by_origin_alone(pack):
    folder, answers, mistaken = pack
    done, tables = scored(folder, answers)
    assert done.returncode == 0, done.stderr
    scores = tables["scores"]
    assert set(scores["task"]) == {"origin"}
    value = scores.set_index(["reader", "measure", "origin"])["value"]
    assert value["reader-1", "accuracy", "all"] == pytest.approx(21 / 24)
    assert value["reader-1", "accuracy", "synthetic"] == pytest.approx(9 / 12)
    assert value["reader-1", "balanced accuracy", "all"] == pytest.approx((1 + 9 / 12) / 2)
    # Of 12 x 12 pairs the real slice is rated higher in 12 x 9, and alike in 12 x 3.
    assert value["reader-1", "auc", "all"] == pytest.approx((108 + 36 / 2) / 144)
    assert value["reader-2", "accuracy", "all"] == pytest.approx(0.5)
    assert value["reader-2", "auc", "all"] == pytest.approx(0.5)
    agreement = tables["agreement"]
    assert set(agreement["task"]) == {"origin"}
    same = agreement.query("agreement == 'between readers' and measure == 'same answer'")["value"]
    assert same.tolist() == [pytest.approx(15 / 24)]
    assert sorted(tables["fooled"]["image"]) == mistaken
    assert tables["told"]["Reader"].tolist()[:2] == ["reader-1", "reader-2"]
    assert tables["told"]["Raw accuracy (%)"].iloc[0].startswith("87.5 (")


def test_an_answer_that_names_a_class_of_a_slice_is_one_line(pack):
    folder, answers, _ = pack
    done, _ = scored(folder, answers.assign(**{"class": ["glioma", *answers["class"][1:]]}))
    assert done.returncode != 0
    expected = "row 2: class: expected all, as no class was asked for, found 'glioma'; correct the cell"
    assert expected in done.stderr
