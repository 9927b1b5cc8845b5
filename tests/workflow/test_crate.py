"""What a crate holds of a folder of results in which several runs have worked."""

import json
import shutil
import sys

from tests.helpers import forked

from .conftest import ROOT


def test_what_an_earlier_run_left_over_is_no_part_of_the_crate(rerun, tmp_path):
    """Left over: the figures of a generator and a seed that the config had then, with their records."""
    results = rerun.folder / "results/tiny"
    ignored = shutil.ignore_patterns("neighbours.*")  # of another folder's record
    shutil.copytree(results / "evaluation/figures/acgan", results / "evaluation/figures/former", ignore=ignored)
    shutil.copytree(results / "seed-0", results / "seed-1")
    left_over = [
        *(path for path in (results / "evaluation/figures/former").rglob("*") if path.is_file()),
        *(results / "seed-1").rglob("*record.json"),
        results / "seed-1/folds.csv",
    ]
    for part in ["README.md", "LICENSE", "CITATION.cff", "requirements.txt"]:
        shutil.copy(ROOT / part, rerun.folder / part)
    shutil.copytree(ROOT / "docs", rerun.folder / "docs", dirs_exist_ok=True)
    export = [sys.executable, "scripts/export_crate.py", "--results", "results/tiny", "--author", "A. Name", "--out"]
    done = forked.run([*export, tmp_path / "crate"], cwd=rerun.folder)
    assert done.returncode == 0, done.stderr
    line = f"{len(set(left_over))} files of earlier runs were left out: no record of this run names them\n"
    assert done.stdout == line

    written = {path.relative_to(tmp_path / "crate/run") for path in (tmp_path / "crate/run").rglob("*")}
    assert not {path.relative_to(results) for path in left_over} & written
    report = json.loads((results / "report.record.json").read_text(encoding="utf-8"))
    records = {path.as_posix() for path in written if path.name.endswith("record.json")}
    assert records == {*(path for path in report["inputs"] if path.endswith("record.json")), "report.record.json"}
    kept = {path.relative_to(results) for path in (results / "evaluation").rglob("*") if path not in left_over}
    assert {path for path in kept if (results / path).is_file() and not path.name.startswith(".")} <= written
    assert (tmp_path / "crate/docs/results.md").is_file()  # where README sends its readers
