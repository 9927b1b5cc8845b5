"""Answers of readers: good files are read as they are; each problem of a bad one is a line that names its row."""

import json
import logging
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.helpers import forked, made_readers

from synthaug.errors import InputError
from synthaug.readers import answers


@pytest.fixture(scope="module")
def asked():
    table = made_readers.key((4, 4, 4), (4, 4, 4))
    return made_readers.study(table, readers=2, repeats=list(table["image"][:3]))


@pytest.fixture
def given(asked):
    random = np.random.default_rng(0)
    return made_readers.answers(
        asked, {reader: made_readers.detecting(asked.key, 1, random) for reader in asked.presentations}
    )


def save(table, path, **how):
    table.to_csv(path, index=False, **how)
    return path


def test_answers_of_readers_are_read_with_repeats_marked_and_truth_beside(asked, given, tmp_path):
    shuffled = given.assign(answered_at="2026-01-01T10:00:00Z", note="a, b").sample(frac=1, random_state=1)
    found = answers.read(save(shuffled, tmp_path / "a.csv", encoding="utf-8-sig", lineterminator="\r\n"), asked)
    pd.testing.assert_frame_equal(found[list(given)], given, check_dtype=False)
    assert found.groupby("reader")["repeat"].sum().tolist() == [3, 3]
    assert (found.loc[found["repeat"], "presentation"] > 24).all()
    truth = answers.with_truth(found, asked)
    assert set(truth["true_origin"]) == {"real", "synthetic"}
    assert (truth["true_class"] == truth["class"]).all()


def cell(column, value, row=3):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[row, column] = value

    return change


IMAGE = made_readers.key((4, 4, 4), (4, 4, 4))["image"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (cell("reader", "dr-x"), "row 5: reader: expected one of reader-1, reader-2, found 'dr-x'"),
        (cell("image", "../key"), "row 5: image: expected one of the study, found '../key'"),
        (cell("class", "Cyst"), "row 5: class: expected one of cyst, metastasis, hemangioma, found 'Cyst'"),
        (cell("origin", "fake"), "row 5: origin: expected real or synthetic, found 'fake'"),
        (cell("confidence", 6), "row 5: confidence: expected a whole number from 1 to 5, found '6'"),
        (cell("confidence", 2.5), "row 5: confidence: expected a whole number from 1 to 5, found '2.5'"),
        (cell("confidence", ""), "row 5: confidence: expected a whole number from 1 to 5, found ''"),
        (cell("seconds", -1), "row 5: seconds: expected a number, 0 or more, found '-1'"),
        (cell("seconds", "nan"), "row 5: seconds: expected a number, 0 or more, found 'nan'"),
        (cell("seconds", "3,5"), "row 5: seconds: expected a number, 0 or more, found '3,5'"),
        (cell("presentation", 28), "row 5: presentation: expected a whole number from 1 to 27, found '28'"),
        (cell("presentation", "9" * 5000), "row 5: presentation: expected a whole number from 1 to 27"),
    ],
)
def test_a_wrong_answer_of_a_reader_is_one_line(asked, given, tmp_path, change, expected):
    change(given)
    path = save(given, tmp_path / "a.csv")
    with pytest.raises(InputError) as caught:
        answers.read(path, asked)
    first, line = str(caught.value).splitlines()
    assert first == f"{path}: 1 problem"
    assert line.strip().startswith(expected)
    assert "; " in line  # what to do


def test_twice_given_and_exchanged_answers_of_readers_are_found(asked, given, tmp_path):
    with pytest.raises(InputError, match=r"row 56: presentation: expected each once, found 4 of reader-1 in row 5 too"):
        answers.read(save(pd.concat([given, given.iloc[[3]]]), tmp_path / "a.csv"), asked)
    given.loc[[0, 1], "image"] = given.loc[[1, 0], "image"].to_numpy()
    with pytest.raises(InputError, match=r"row 2: image: expected \w+, which reader-1 saw as presentation 1, found"):
        answers.read(save(given, tmp_path / "a.csv"), asked)


def test_files_that_are_no_answers_of_readers(asked, given, tmp_path):
    path = tmp_path / "a.csv"

    def refused():
        with pytest.raises(InputError) as caught:
            answers.read(path, asked)
        return str(caught.value)

    assert "found no file; check reader_study: answers in the config" in refused()
    path.write_bytes(b"")
    assert "found an empty file" in refused()
    save(given, path, sep=";")
    assert "expected columns separated by commas, found semicolons" in refused()
    save(given.drop(columns=["origin", "image", "seconds"]), path)
    assert "missing: image, origin; add them" in refused()
    path.write_text(save(given, path).read_text().replace("class,origin", "class,class,origin", 1))
    assert "several named class" in refused()
    save(given.head(0), path)
    assert "found only the header" in refused()
    path.write_text(save(given, path).read_text() + "reader-1,5\n")
    assert "row 56: expected 7 cells, found 2" in refused()
    path.write_bytes(b"reader\xff\xfe")
    assert "expected UTF-8 text" in refused()


def test_answers_of_readers_without_confidence_and_seconds_are_read(asked, given, tmp_path):
    found = answers.read(save(given.drop(columns=["confidence", "seconds"]), tmp_path / "a.csv"), asked)
    assert found[["confidence", "seconds"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(found[list(given)[:5]], given[list(given)[:5]])


def test_second_answer_of_a_reader_is_never_scored_for_a_missing_first_one(asked, given, tmp_path):
    again = given[given["presentation"] > 24]
    missed = given.drop(index=given[given["image"].isin(again["image"]) & (given["presentation"] <= 24)].index)
    found = answers.read(save(missed, tmp_path / "a.csv"), asked)
    assert found.loc[found["repeat"], "presentation"].tolist() == [25, 26, 27] * 2


def test_missing_answers_of_readers_are_counted(asked, given, tmp_path, caplog):
    short = given[(given["reader"] == "reader-1") & (given["presentation"] <= 20)]
    found = answers.read(save(short, tmp_path / "a.csv"), asked)
    with caplog.at_level(logging.WARNING):
        answers.warn_of_missing(found, asked)
    assert [record.getMessage() for record in caplog.records] == [
        "reader-1: 7 of 27 answers are missing; the others are scored",
        "reader-2: 27 of 27 answers are missing; the others are scored",
    ]


def test_another_packs_key_is_refused_for_readers(asked):
    content = {"classes": asked.classes, "presentations": asked.presentations}
    assert answers.study(content, asked.key).images == set(asked.key["image"])
    with pytest.raises(InputError, match="1 that only one of them has"):
        answers.study(content, asked.key.iloc[1:])
    with pytest.raises(InputError, match="missing: origin"):
        answers.study(content, asked.key.drop(columns="origin"))


def test_script_scores_readers_and_stops_with_one_line(asked, given, tmp_path):
    random = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    for name in asked.key["image"]:
        Image.fromarray(random.integers(0, 256, (64, 64), np.uint8)).save(images / f"{name}.png")
    save(asked.key, tmp_path / "key.csv")
    study = {"classes": asked.classes, "presentations": asked.presentations}
    (tmp_path / "study.json").write_text(json.dumps(study))
    params = {"master_seed": 1, "bootstrap": 100, "confidence": 0.95}
    command = [sys.executable, "scripts/score_reader_study.py", "--answers", save(given, tmp_path / "answers.csv")]
    command += ["--study", tmp_path / "study.json", "--key", tmp_path / "key.csv", "--images", images]
    command += ["--params", json.dumps(params)]
    outputs = [f"{name}.csv" for name in ("scores", "told", "agreement", "times", "fooled")] + ["s.png", "s.svg"]
    for name in outputs:
        flag = name[2:] if name.startswith("s.") else name.removesuffix(".csv")
        command += [f"--{flag}", tmp_path / "out" / name]
    forked.run(command, check=True)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(outputs)
    scores = pd.read_csv(tmp_path / "out/scores.csv")
    told = scores[(scores["task"] == "origin") & (scores["measure"] == "accuracy") & (scores["origin"] == "all")]
    first = given[given["presentation"] <= 24].merge(asked.key, on="image")
    right = (first["origin_x"] == first["origin_y"]).groupby(first["reader"]).sum()
    assert told.set_index("reader").loc[["reader-1", "reader-2"], "right"].tolist() == right.tolist()
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    forked.started(command, check=True)
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before

    save(given.assign(origin="?"), tmp_path / "answers.csv")
    for path in before:
        path.unlink()
    done = forked.run(command)
    assert done.returncode == 1
    assert "ERROR [score_reader_study]" in done.stderr
    assert "54 problems" in done.stderr
    assert not list((tmp_path / "out").iterdir())
