"""Records and the chain that they make, on files small enough to follow by hand."""

import argparse
import hashlib
import importlib.metadata
import json
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from steps import command, resumable
from synthaug.audit import verification
from synthaug.errors import InputError
from synthaug.files import artifacts, records
from synthaug.training import checkpoints

ROOT = Path(__file__).parents[3]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def arguments(folder: Path, **more) -> argparse.Namespace:
    return argparse.Namespace(log=str(folder / "log"), record=folder / "b/record.json", **more)


def test_record_names_what_was_read_and_written(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/in.json").write_text("[1]")
    with command.logged("rule", arguments(tmp_path, params='{"x": 1}')):
        artifacts.read_json(tmp_path / "a/in.json")
        artifacts.write_text("made", tmp_path / "b/out.txt")
        artifacts.write_text("for a while", tmp_path / "b/checkpoint")
        artifacts.read_text(tmp_path / "b/checkpoint")
        (tmp_path / "b/checkpoint").unlink()
        command.note(device="cpu")
    record = json.loads((tmp_path / "b/record.json").read_text())
    assert record["inputs"] == {"../a/in.json": digest("[1]")}
    assert record["outputs"] == {"out.txt": digest("made")}
    assert (record["rule"], record["params"], record["device"]) == ("rule", {"x": 1}, "cpu")
    code = (ROOT / "scripts/steps/command.py").read_bytes()
    assert record["code"]["scripts/steps/command.py"] == hashlib.sha256(code).hexdigest()
    assert record["versions"]["numpy"] == importlib.metadata.version("numpy")


@pytest.fixture
def signals():
    """Leave the signals of this process as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_checkpoints_stay_until_the_record_is_written(tmp_path, signals):
    """A job that fails to the last loses its outputs, but no training."""
    state = SimpleNamespace(pack=lambda: ({}, {"epoch": 1}))
    folder, record = tmp_path / "b", tmp_path / "b/record.json"

    def train():
        with command.logged("rule", arguments(tmp_path)), resumable.trainings() as checkpoint:
            artifacts.write_text("made", folder / "out.txt")
            assert checkpoint(folder, {}).save(state)

    record.mkdir(parents=True)
    with pytest.raises(SystemExit, match=r"record\.json"):
        train()
    assert (folder / checkpoints.NAME).exists()
    record.rmdir()
    train()
    assert not (folder / checkpoints.NAME).exists()
    assert json.loads(record.read_text())["outputs"] == {"out.txt": digest("made")}


def test_record_has_what_was_read_not_what_was_edited_since(tmp_path):
    (tmp_path / "in.json").write_text("[1]")
    (tmp_path / "table.csv").write_text("before")
    with command.logged("rule", arguments(tmp_path)):
        command.note_file(case_table=str(tmp_path / "table.csv"))
        artifacts.read_json(tmp_path / "in.json")
        (tmp_path / "in.json").write_text("[2]")
        (tmp_path / "table.csv").write_text("after")
    record = json.loads((tmp_path / "b/record.json").read_text())
    assert record["inputs"] == {"../in.json": digest("[1]")}
    assert record["case_table"] == digest("before")


def test_a_job_that_is_asked_to_stop_says_so_in_one_line(tmp_path, signals):
    text = r"^STOPPED \[rule\] asked to stop .* run the same command again"
    with pytest.raises(SystemExit, match=text), command.logged("rule", arguments(tmp_path)):
        signal.raise_signal(signal.SIGTERM)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["log"]


def test_failed_job_leaves_no_record(tmp_path):
    with pytest.raises(SystemExit, match="ERROR"), command.logged("rule", arguments(tmp_path)):
        raise InputError("expected better")
    assert not (tmp_path / "b/record.json").exists()


def test_log_of_a_private_script_says_where_but_not_what(tmp_path, capsys):
    text = "t.csv: 2 problems\n  row 3, lesion L1: image: Hans/1.dcm: torn\n  row 5, lesion L2: mask: Hans: none"

    def job() -> None:
        with command.logged("rule", arguments(tmp_path), private=True) as log:
            log.warning("Hans: strange")
            raise InputError(text)

    with pytest.raises(SystemExit) as stop:
        job()
    assert str(stop.value).startswith(f"ERROR [rule] {text}")
    written = (tmp_path / "log").read_text()
    assert "InputError: row 3, row 5" in written
    assert "test_records.py" in written  # the traceback
    assert "Hans: strange" in capsys.readouterr().err
    frames = written.split("row 5", 1)[1]
    assert "Hans" not in written.replace('log.warning("Hans', "")  # the traceback quotes this test's own line
    assert "1.dcm" not in frames


def test_every_imported_package_is_found():
    # Against the whole list of what installed packages contain, which takes too long for every job.
    probe = (
        "import sys, json; sys.path.insert(0, 'scripts')\n"
        "import torch, skimage.io, sklearn.svm, matplotlib.pyplot, pandas, SimpleITK, safetensors.torch, yaml, PIL\n"
        "import jinja2, highdicom, pydicom, h5py, threadpoolctl, scipy.stats\n"
        "from synthaug.files import records\n"
        "print(json.dumps([records.versions(), sorted({m.partition('.')[0] for m in sys.modules})]))"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    found, modules = json.loads(done.stdout)
    installed = importlib.metadata.packages_distributions()
    expected = {name.lower() for module in modules for name in installed.get(module, [])}
    expected -= {"setuptools"}  # it hooks into every start of Python
    assert {name.replace("_", "-") for name in found} - {"python"} == {name.replace("_", "-") for name in expected}


def chain(folder: Path) -> None:
    """Write three jobs by hand: a makes x, b makes y of x, c makes z of x and y."""
    for name, read, version in [("a", [], "1"), ("b", ["x"], "1"), ("c", ["x", "y"], "1")]:
        made = {"a": "x", "b": "y", "c": "z"}[name]
        (folder / name).mkdir(parents=True)
        (folder / name / made).write_text(f"content of {made}")
        place = {"x": "../a/x", "y": "../b/y"}
        record = {
            "rule": f"make_{made}",
            "params": None,
            "code": {"LICENSE": artifacts.sha256(ROOT / "LICENSE")},
            "versions": {"numpy": version},
            "inputs": {place[file]: digest(f"content of {file}") for file in read},
            "outputs": {made: digest(f"content of {made}")},
        }
        artifacts.write_json(record, folder / name / "record.json")


def change(path: Path, edit) -> None:
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def test_whole_chain_is_counted(tmp_path):
    chain(tmp_path)
    done = verification.check(tmp_path, None)
    # files: x, y, z and LICENSE; links: three inputs and three times the code
    assert (done.records, len(done.files), done.links, done.report, done.left_over) == (3, 4, 6, False, 0)


def write(name: str, text: str):
    return lambda folder: (folder / name).write_text(text)


def remove(name: str):
    return lambda folder: (folder / name).unlink()


def update(name: str, part: str, **values: str):
    return lambda folder: change(folder / name, lambda record: record[part].update(values))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (write("b/y", "edited"), r"b/y: expected .*, as make_y wrote it \(b/record.json\), found .*; read by make_z"),
        (remove("a/x"), "a/x: expected .*, as make_x wrote it .*found no file; read by make_y, make_z"),
        (remove("b/record.json"), "b/y: expected a record .*; read by make_z"),
        (remove("c/record.json"), "c/z: expected a record that says what made it, found none"),
        (write("c/more", ""), "c/more: expected a record"),
        (
            update("c/record.json", "versions", numpy="2"),
            "c/record.json: expected numpy 1, as in a/record.json, found 2",
        ),
        (update("b/record.json", "code", LICENSE="0" * 64), "LICENSE: expected 000000000000, as make_y ran it"),
        (write("b/record.json", "{"), "b/record.json: expected a record, found other content"),
        (write("b/record.json", "[]"), "b/record.json: expected a record, found other content"),
    ],
    ids=["edited", "deleted", "record", "last record", "unrecorded", "versions", "code", "torn", "list"],
)
def test_break_is_named(tmp_path, damage, message):
    chain(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError, match=f"^{message}"):
        verification.check(tmp_path, None)


def test_first_break_in_the_order_of_the_flow_is_named(tmp_path):
    chain(tmp_path)
    for path in ["c/z", "b/y", "a/x"]:
        (tmp_path / path).write_text("edited")
    with pytest.raises(InputError, match="a/x: "):
        verification.check(tmp_path, None)


def test_input_made_again_later_is_named(tmp_path):
    chain(tmp_path)
    (tmp_path / "a/x").write_text("new")
    change(tmp_path / "a/record.json", lambda record: record["outputs"].update(x=digest("new")))
    old, new = digest("content of x")[:12], digest("new")[:12]
    expected = (
        f"^a/x: expected {old}, as make_y read it .b/record.json., found {new}; made by make_x .a/record.json. later"
    )
    with pytest.raises(InputError, match=expected):
        verification.check(tmp_path, None)


def test_what_an_earlier_run_left_over_is_not_part_of_the_report(tmp_path):
    chain(tmp_path)
    (tmp_path / "report.html").write_text("page")
    report = {
        "rule": "write_report",
        "params": None,
        "code": {},
        "versions": {},
        "outputs": {"report.html": digest("page")},
    }
    shown = {f"{name}/record.json": artifacts.sha256(tmp_path / name / "record.json") for name in "ab"}
    artifacts.write_json({**report, "inputs": shown}, tmp_path / "report.record.json")
    (tmp_path / "c/z").write_text("edited")
    done = verification.check(tmp_path, None)
    assert (done.records, done.left_over, done.report) == (3, 1, True)
    change(tmp_path / "b/record.json", lambda record: record.update(params=1))
    with pytest.raises(InputError, match=r"^b/record\.json: expected .*, as write_report read it"):
        verification.check(tmp_path, None)


def closed_study(folder: Path) -> None:
    """Write a report of a and of the scores of a pack; the pack was made of an x that is no more."""
    chain(folder)
    change(folder / "b/record.json", lambda record: record.update(rule="build_reader_study"))
    change(
        folder / "c/record.json",
        lambda record: (record.update(rule="score_reader_study"), record["inputs"].pop("../a/x")),
    )
    (folder / "a/x").write_text("new")
    change(folder / "a/record.json", lambda record: record["outputs"].update(x=digest("new")))
    for part, other in [("versions", {"numpy": "0"}), ("code", {"LICENSE": "0" * 64})]:
        change(folder / "b/record.json", lambda record, part=part, other=other: record.update({part: other}))
    (folder / "report.html").write_text("page")
    report = {"rule": "write_report", "params": None, "code": {}, "versions": {}}
    shown = {f"{name}/record.json": artifacts.sha256(folder / name / "record.json") for name in "ac"}
    made = {"report.html": digest("page")}
    artifacts.write_json({**report, "inputs": shown, "outputs": made}, folder / "report.record.json")


def test_a_closed_pack_is_a_source_of_the_scores(tmp_path):
    closed_study(tmp_path)
    done = verification.check(tmp_path, None)
    assert (done.records, done.left_over, done.report, done.closed) == (4, 0, True, True)
    # links: the pack by the scores, two records by the report, and the code of a and c
    assert done.links == 5


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            write("b/y", "edited"),
            "b/y: expected .*, as build_reader_study wrote it .*; put back the pack that readers saw$",
        ),
        (
            remove("b/record.json"),
            "b/y: expected a record that says what made it, found none; read by score_reader_study",
        ),
        (
            update("c/record.json", "inputs", **{"../b/y": "0" * 64}),
            "b/y: expected 0{12}, as score_reader_study read it .*; made by build_reader_study .* later; run again$",
        ),
    ],
    ids=["edited", "record", "other pack"],
)
def test_break_of_a_closed_pack_is_named(tmp_path, damage, message):
    closed_study(tmp_path)
    damage(tmp_path)
    with pytest.raises(InputError, match=f"^{message}"):
        verification.check(tmp_path, None)


def test_a_pack_that_nothing_has_read_yet_is_a_result_like_any_other(tmp_path):
    chain(tmp_path)
    (tmp_path / "c/record.json").unlink()
    (tmp_path / "c/z").unlink()
    change(tmp_path / "b/record.json", lambda record: record.update(rule="build_reader_study"))
    assert not verification.check(tmp_path, None).closed
    (tmp_path / "a/x").write_text("new")
    change(tmp_path / "a/record.json", lambda record: record["outputs"].update(x=digest("new")))
    with pytest.raises(InputError, match=r"^a/x: expected .*, as build_reader_study read it .*; run again$"):
        verification.check(tmp_path, None)


def test_no_results(tmp_path):
    with pytest.raises(InputError, match="expected the results of a cohort, found no record"):
        verification.check(tmp_path, None)


@pytest.fixture
def recorded(tmp_path, signals):
    """Return the record of a job that read ``a/in.json`` and wrote ``b/out.txt``."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/in.json").write_text("[1]")
    with command.logged("rule", arguments(tmp_path, params="{}")):
        artifacts.read_json(tmp_path / "a/in.json")
        artifacts.write_text("made", tmp_path / "b/out.txt")
    return tmp_path / "b/record.json"


def changed(record: Path, part: str, values: dict) -> None:
    content = json.loads(record.read_text())
    record.write_text(json.dumps(content | {part: content[part] | values}))


def test_a_record_holds_until_something_that_it_names_changes(recorded):
    assert records.holds(recorded)


@pytest.mark.parametrize("file", ["in.json", "out.txt"])
@pytest.mark.parametrize("change", [lambda path: path.write_text("[2]"), Path.unlink], ids=["edited", "removed"])
def test_a_record_does_not_hold_of_a_changed_file(recorded, file, change):
    change(next(recorded.parents[1].rglob(file)))
    assert not records.holds(recorded)


def test_a_record_does_not_hold_with_other_code(recorded):
    changed(recorded, "code", {"scripts/steps/command.py": digest("as it was")})
    assert not records.holds(recorded)


@pytest.mark.parametrize("package", ["python", "numpy", "a-package-that-was-removed"])
def test_a_record_does_not_hold_with_other_versions(recorded, package):
    changed(recorded, "versions", {package: "0.1"})
    assert not records.holds(recorded)


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "{}", '{"inputs": [], "outputs": {}, "code": {}, "versions": {}}']
)
def test_a_record_that_is_no_record_does_not_hold(tmp_path, text):
    if text is not None:
        (tmp_path / "record.json").write_text(text)
    assert not records.holds(tmp_path / "record.json")
