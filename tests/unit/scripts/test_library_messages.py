"""Files on which libraries remark: each line on the terminal is ours, and what we say beside a library is not lost."""

import json
import logging
import os
import re
import sys
import warnings
from pathlib import Path

import pydicom
import pytest
from tests.helpers import forked, odd_files

from synthaug.imaging import quiet

SCRIPTS = Path(__file__).parents[3] / "scripts"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} "
COUNTS = ["            lesion  patient", "set  class                 ", r"main a +\d+ +\d+"]


def written(folder, made):
    """Write odd files, each in a folder of its own, and return the rows of a case table about them."""
    rows = []
    for name, write in made.items():
        (folder / name).mkdir()
        image = write(folder / name)
        place = "" if image.suffix in (".png", ".jpg", ".tif") else "0" if image.is_file() else "3"
        rows.append(f'{name},P{name},a,{image.relative_to(folder)},,,"10,10,20,22",{place}')
    return rows


def checked(folder, rows, *options):
    """Return what the check of a table says on the terminal, as lines, and its exit status."""
    header = "lesion,patient,class,image,mask,label,box,slice"
    (folder / "cases.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    command = [sys.executable, SCRIPTS / "check_cases.py", "--table", folder / "cases.csv"]
    params = ["--params", json.dumps({"classes": ["a"]}), "--out", folder / "checked.csv"]
    done = forked.run([*command, *params, *options])
    assert done.stdout == ""
    return done.stderr.splitlines(), done.returncode


def of_another_series(path):
    """Let a SEG refer to another series of the same frame of reference."""
    file = pydicom.dcmread(path)
    file.ReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3.4"
    file.save_as(path)


@pytest.mark.filterwarnings("ignore")  # of those who write the files
def test_files_that_are_read(tmp_path):
    rows = written(tmp_path, odd_files.READ)
    (tmp_path / "drawn").mkdir()
    for number, (mask, label) in enumerate(odd_files.annotations(tmp_path / "drawn")):
        rows.append(f"M{number},PM,a,drawn/series,drawn/{mask},{label},,")
    of_another_series(tmp_path / "drawn/seg.dcm")
    elsewhere = "seg.dcm: drawn on another series of the same frame of reference"
    lines, code = checked(tmp_path, rows)
    assert code == 0
    ours = [TIME + re.escape(elsewhere), TIME + r"7 lesions checked", *COUNTS]
    assert len(lines) == len(ours)
    for line, expected in zip(lines, ours, strict=True):
        assert re.fullmatch(expected, line), line
    lines, code = checked(tmp_path, rows, "--log", tmp_path / "log")
    assert (lines, code) == ([f"WARNING [check_cases] {elsewhere}"], 0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("log", [False, True])
def test_files_that_are_refused(tmp_path, log):
    rows = written(tmp_path, odd_files.REFUSED)
    lines, code = checked(tmp_path, rows, *(["--log", tmp_path / "log"] if log else []))
    assert code == 1
    assert re.fullmatch(r"ERROR \[check_cases\] .*cases\.csv: 2 problems", lines[0])
    assert [line.split(":")[0] for line in lines[1:]] == ["  row 2, lesion jpeg", "  row 3, lesion truncated"]
    assert all("expected" in line and "found" in line for line in lines[1:])


@pytest.mark.filterwarnings("ignore")
def test_a_case_table_of_odd_dicom_files(tmp_path):
    (tmp_path / "set").mkdir()
    odd_files.annotations(tmp_path / "set")
    command = [sys.executable, SCRIPTS / "make_case_table.py", "--from", tmp_path / "set", "--to", tmp_path / "mine"]
    done = forked.run(command)
    assert (done.returncode, done.stdout) == (0, "")
    said = [re.sub(TIME, "", line) for line in done.stderr.splitlines()]
    known = ("dicom: ", "looking at", "note: ", "1 problems", "  lesions: expected", "next: read", "  snakemake check")
    assert len(said) > 4
    assert [line for line in said if not line.startswith(known)] == []


def test_what_is_logged_beside_a_library_is_said_afterwards(caplog, capfd):
    with quiet.silenced() as said, quiet.silenced():
        os.write(2, b"libodd: warning\n")
        logging.getLogger("synthaug.imaging").warning("ours")
        warnings.warn("odd", stacklevel=1)
        assert caplog.messages == []
    assert caplog.messages == ["ours"]
    assert said == []  # it went to the inner block
    assert capfd.readouterr() == ("", "")
