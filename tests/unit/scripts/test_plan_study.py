"""The command that plans a study: its table, its page, and what it says of impossible studies."""

import re
import sys
from pathlib import Path

from tests.helpers import forked

ROOT = Path(__file__).parents[3]
PLAIN = ["--icc", "0", "--shift", "0", "--lesions-per-patient", "1.58"]


def plan(folder, *arguments):
    command = [sys.executable, "scripts/plan_study.py", *arguments, "--out", folder / "plan.html"]
    return forked.run(command, cwd=ROOT)


def test_terminal_and_page_have_the_same_numbers(tmp_path):
    done = plan(tmp_path, *PLAIN, "--discordance", "13", "20", "--arms", "11")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    cells = re.findall(r"<td>([\d,]+ \([\d,]+ patients\))</td>", page)
    assert "310 (196 patients)" in cells
    assert len(cells) == 8
    assert all(cell in done.stdout for cell in cells)
    assert page.count("<svg") == 1
    assert not re.findall(r'(?:src|href)="(?!#)', page)  # self-contained


def test_the_same_page_each_time(tmp_path):
    pages = []
    for _ in range(2):
        assert plan(tmp_path).returncode == 0
        pages.append((tmp_path / "plan.html").read_bytes())
    assert pages[0] == pages[1]


def test_more_patients_instead_of_more_seeds_are_refused_in_words(tmp_path):
    done = plan(tmp_path, "--gain", "3", "--seeds", "1", "--shift", "5.8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no number") == 16
    assert "no number" in (tmp_path / "plan.html").read_text(encoding="utf-8")


def test_an_impossible_study_is_one_line(tmp_path):
    done = plan(tmp_path, "--gain", "15", "--discordance", "10")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "ERROR [plan_study] discordance: expected the gain, 15 %, to 100 %, found 10; arms cannot differ in fewer "
        "lesions than the gain: raise it or lower the gain"
    ]
    assert not (tmp_path / "plan.html").exists()
