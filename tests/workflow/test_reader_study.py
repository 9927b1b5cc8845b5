"""The reader study in the workflow: built on request, closed once there are answers, then part of everything."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthaug.readers import answers as reader_answers
from tests.helpers import made_readers
from tests.reader.server import Study

SCORING = {"score_reader_study": 1, "make_tables": 1, "write_conformance": 1, "write_summary": 1, "all": 1}  # jobs


class Served(Study):
    """The pack of a project, with the application's default database."""

    @property
    def database(self) -> Path:
        return self.folder.parents[2] / "reader-study/tiny.sqlite"


@pytest.fixture
def served():
    """Return a function that invites the readers of a project and starts the server, which ends with the test."""
    made = []

    def serve(project):
        study = Served(project.folder / "results/tiny/reader-study")
        made.append(study)
        study.links = study.invite()
        study.start()
        return study

    yield serve
    for study in made:
        study.kill()


def answers(project):
    """Return answers of simulated readers to the pack of a project, and the key."""
    folder = project.folder / "results/tiny/reader-study"
    key = pd.read_csv(folder / "key.csv", dtype=str, keep_default_na=False)
    content = json.loads((folder / "pack/study.json").read_text(encoding="utf-8"))
    asked = reader_answers.Study(content["classes"], content["presentations"], key)
    random = np.random.default_rng(0)
    by_reader = {reader: made_readers.detecting(key, 1, random) for reader in asked.presentations}
    given = made_readers.answers(asked, by_reader)
    return given.assign(**{"class": random.choice(content["classes"], len(given))}), key


def check_table4(project, given, key):
    """Table 4 counts the first answer of a reader to each image."""
    first = given.drop_duplicates(["reader", "image"]).merge(key, on="image", suffixes=("", "_true"))
    table = pd.read_csv(project.folder / "results/tiny/evaluation/tables/table4.csv", index_col="Reader")
    for reader, rows in first.groupby("reader"):
        for column, task in (("Class right, all (%)", "class"), ("Is ROI real? right (%)", "origin")):
            right = (rows[task] == rows[f"{task}_true"]).sum()
            assert table.loc[reader, column].startswith(f"{right}/24 = {100 * right / 24:.1f} (")


def check_verified(project):
    """The pack counts as the maker of what was scored, and an edited image of it is noticed."""
    done = project.verify()
    assert done.returncode == 0, done.stderr
    assert "all as recorded\nThe reader study is closed: its pack is as recorded" in done.stdout
    assert "earlier runs" not in done.stdout
    image = sorted((project.folder / "results/tiny/reader-study/pack/images").glob("*.png"))[0]
    before = image.read_bytes()
    image.write_bytes(before + b"?")
    done = project.verify()
    image.write_bytes(before)
    assert done.returncode == 1
    assert f"{image.name}: expected" in done.stderr
    assert "as build_reader_study wrote it" in done.stderr


@pytest.mark.slow
def test_reader_study_from_pack_to_report(rerun):
    """Answers come in from outside, so this also says that the scored table equals the answers given."""
    done = rerun.snakemake("build_reader_study")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rerun.planned("build_reader_study") == {}
    assert rerun.planned() == {}
    given, key = answers(rerun)
    given.to_csv(rerun.folder / "answers.csv", index=False)
    rerun.configure(lambda c: c["reader_study"].update(answers="answers.csv"))
    assert rerun.planned() == SCORING
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    results = rerun.folder / "results/tiny"
    check_table4(rerun, given, key)
    report = (results / "report.html").read_text(encoding="utf-8")
    for content in ("real or synthetic", "agreement", "response times", "all measures", "images that fooled everyone"):
        assert f"Readers: {content}" in report
    page = (results / "evaluation/conformance.html").read_text(encoding="utf-8")
    assert "waits for readers" not in page
    assert page.count("reader-1") == 6
    check_verified(rerun)

    # The study is closed: nothing that would change the pack builds it again, and its scores stand.
    rerun.configure(lambda c: c["generators"]["dcgan"].update(epochs=3))
    planned = rerun.planned()
    assert planned["train_dcgan"] == 6
    assert not {"build_reader_study", "score_reader_study"} & set(planned)
    rerun.configure(lambda c: c["generators"]["dcgan"].update(epochs=2))
    assert rerun.planned() == {}

    # The images that the pack was made of are made anew; what it shows stays what readers saw.
    rerun.configure(lambda c: c["generators"]["dcgan"]["sampling"].update(sampling_latent="normal"))
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    check_verified(rerun)

    given.assign(origin="fake").to_csv(rerun.folder / "answers.csv", index=False)
    done = rerun.snakemake()
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"answers.csv: {len(given)} problems" in text
    assert "row 2: origin: expected real or synthetic, found 'fake'" in text
    assert not list((results / "evaluation/readers").glob("*.csv"))


@pytest.mark.slow
def test_what_readers_answer_over_http_is_table_4(rerun, served):
    """The pack that the rule built, real invitations, the real server over HTTP, its export, and the scores of that."""
    done = rerun.snakemake("build_reader_study")
    assert done.returncode == 0, done.stdout + done.stderr
    given, key = answers(rerun)
    study = served(rerun)
    assert list(study.links) == ["reader-1", "reader-2"]
    for reader, rows in given.groupby("reader"):
        client = study.client()
        assert client.enter(study.links[reader].split("#")[1]).status == 204
        for number in range(1, 7):  # an image of each class and origin to practise on
            assert client.answer(number, part="training").status == 200
        for row in rows.to_dict("records"):
            content = {name: row[name] for name in ("class", "origin", "confidence", "seconds")}
            assert client.answer(row["presentation"], **content).status == 200
        assert client.get("/study/place").json["presentation"] is None  # all is answered
    done = study.run("export", "--out", str(rerun.folder / "answers.csv"))
    assert done.returncode == 0, done.stderr
    exported = pd.read_csv(rerun.folder / "answers.csv", dtype={"image": str})
    pd.testing.assert_frame_equal(exported[list(given)], given)

    rerun.configure(lambda c: c["reader_study"].update(answers="answers.csv"))
    assert rerun.planned() == SCORING
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    check_table4(rerun, given, key)


def test_pack_is_not_built_again_once_readers_have_begun(project):
    """Neither their database nor their answers can be read with another key."""
    assert project.planned("build_reader_study")["build_reader_study"] == 1
    database, answers = project.folder / "reader-study/tiny.sqlite", project.folder / "answers.csv"
    key = project.folder / "results/tiny/reader-study/key.csv"
    for path in (database, answers, key):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    line = (
        "error: reader_study: the study has begun: {}; to begin another, move results/tiny/reader-study and"
        " reader-study away and give answers: null"
    )
    of_database, of_answers = "its database is reader-study/tiny.sqlite", "its answers are answers.csv"

    def refused(*arguments):
        done = project.snakemake("build_reader_study", *arguments)
        assert done.returncode == 1
        return [text for text in (done.stdout + done.stderr).splitlines() if text.startswith("error:")]

    assert refused() == refused("--dry-run") == [line.format(of_database)]
    assert "build_reader_study" not in project.planned("--forceall")
    project.configure(lambda c: c["reader_study"].update(answers="answers.csv"))
    assert refused() == [line.format(f"{of_database} and {of_answers}")]
    database.unlink()
    assert refused() == [line.format(of_answers)]
    begun = project.folder / "results/tiny/reader-study/pack/begun.txt"
    begun.parent.mkdir()
    begun.touch()
    project.configure(lambda c: c["reader_study"].update(answers=None))
    assert refused() == [line.format("readers were invited (results/tiny/reader-study/pack/begun.txt)")]
    assert key.stat().st_size == 0
    assert not list((project.folder / ".snakemake/locks").iterdir())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"generator": "dcgan-lowdata"}, ["reader_study: generator: 'dcgan-lowdata' is not in experiment: generators"]),
        (
            {"answers": "answers.csv"},
            [
                "reader_study: answers: no file answers.csv; correct the path",
                "reader_study: answers: their key results/tiny/reader-study/key.csv is missing; put back",
            ],
        ),
        ({"real": 0}, ["reader_study: real: 0 is less than the minimum of 1"]),
        ({"repeat": 3}, ["reader_study: unknown key 'repeat'; did you mean 'repeats'?"]),
    ],
)
def test_wrong_reader_study_is_a_line_each(project, changes, expected):
    project.configure(lambda c: c["reader_study"].update(changes))
    done = project.snakemake("--dry-run", "--quiet", "host")
    assert done.returncode == 1
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: config:")]
    assert len(lines) == len(expected)
    assert all(text in line for text, line in zip(expected, lines, strict=True))


def test_paper_config_shows_readers_the_papers_images(project):
    done = project.snakemake(
        "build_reader_study", "--dry-run", "--quiet", "host", "--printshellcmds", configfile="config/paper.yaml"
    )
    (command,) = [
        line for line in done.stdout.splitlines() if "scripts/build_reader_study.py" in line and "--params" in line
    ]
    assert '"real": null' in command
    assert '"synthetic": 40' in command
    assert command.count("images.npy") == 1 + 9 * 5  # the ROIs, and three classes of three generators at five seeds
