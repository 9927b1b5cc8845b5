"""The plan of a real run: registered before anything predicts, kept whatever becomes of results, and in the report."""

import base64
import json
import re
import shutil
import sys

import pandas as pd
import pytest

from tests.helpers import forked, regression_task

from .conftest import EVERY, Project

PLAN, COPY = "analysis-plans/tiny.json", "results/tiny/analysis-plan/entries.json"


def entries(project: Project, name: str = PLAN) -> list[dict]:
    return json.loads((project.folder / name).read_text(encoding="utf-8"))


def listed(project: Project, *arguments: str) -> str:
    """Run what lists the deviations, and nothing that trains; return the page."""
    done = project.snakemake(COPY, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule train_" not in done.stdout + done.stderr
    return (project.folder / "results/tiny/analysis-plan/plan.html").read_text(encoding="utf-8")


def jobs(project: Project, configfile: str) -> list[tuple[str, str, str]]:
    """Return (rule, inputs, outputs) of each job of a whole run."""
    text = project.snakemake("--dry-run", "--quiet", "host", configfile=configfile).stdout
    return re.findall(r"^rule (\w+):\n    input: (.*)\n    output: (.*)$", text, re.MULTILINE)


def nest(config):
    config["folds"], config["experiment"]["nested"] = 3, ["classic", "acgan"]


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_everything_that_predicts_waits_for_the_plan(project, task):
    if task == "regression":
        regression_task.add(project.folder)
    project.configure(nest)
    configfile = EVERY if task == "classification" else "config/regression.yaml"
    predicting = [job for job in jobs(project, configfile) if re.search(r"seed-\d+/.*/predictions\.csv", job[2])]
    assert len(predicting) >= 8
    assert [rule for rule, inputs, _ in predicting if "analysis-plans/" not in inputs] == []


def test_the_demos_files_have_its_name_where_no_config_is_given(project):
    """Then its config is read in the Snakefile, after the command line and before the helpers that name files."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "host"]
    done = forked.run(command, cwd=project.folder, check=True)
    assert set(re.findall(r"analysis-plans/(\S+)\.json", done.stdout)) == {"phantom"}
    assert "None" not in done.stdout


def test_the_plan_of_a_run_came_before_its_first_prediction(finished):
    (plan,) = entries(finished)
    assert plan["predictions"] == 0
    assert entries(finished, COPY) == [plan]
    results = finished.folder / "results/tiny"
    first = min(path.stat().st_mtime for path in results.glob("seed-*/**/predictions.csv"))
    assert (finished.folder / PLAN).stat().st_mtime < first
    assert pd.read_csv(results / "analysis-plan/deviations.csv").empty
    page = (results / "analysis-plan/plan.html").read_text(encoding="utf-8")
    assert "No deviations." in page
    assert plan["sha256"] in page
    assert f"{plan['date'].replace('T', ' ').removesuffix('Z')} UTC" in page
    planned = plan["content"]
    assert planned["config"]["evaluation"]["smallest_gain"] == 0.03
    assert planned["analysis"]["arms"][0] == "classic"
    assert {"scripts/train_classifier.py", "scripts/synthaug/evaluation/comparisons.py"} < set(planned["code"])


def pages(report: str) -> list[str]:
    """Return the pages that the report holds."""
    return [
        base64.b64decode(page).decode("utf-8")
        for page in re.findall(r"data:text/html;(?:charset=utf-?8;)?(?:filename=[^;]*;)?base64,([\w+/=]+)", report)
    ]


@pytest.mark.slow
def test_a_smallest_gain_that_is_changed_after_a_run_is_in_the_report(rerun):
    rerun.configure(lambda c: c["evaluation"].update(smallest_gain=0.05))
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(rerun.folder / "results/tiny/analysis-plan/deviations.csv", dtype=str)
    (row,) = table.to_dict("records")
    assert (row["key"], row["planned"], row["value"]) == ("evaluation: smallest_gain", "0.03", "0.05")
    report = (rerun.folder / "results/tiny/report.html").read_text(encoding="utf-8")
    (page,) = [page for page in pages(report) if "<h1>Analysis plan</h1>" in page]
    assert re.search(r"evaluation: smallest_gain</td><td>0\.03</td><td>0\.05</td>", page)
    verified = rerun.verify()
    assert verified.returncode == 0, verified.stderr


def test_a_change_that_is_taken_back_stays_listed(rerun):
    (plan,) = entries(rerun)
    for gain in (0.05, 0.03):
        rerun.configure(lambda c, gain=gain: c["evaluation"].update(smallest_gain=gain))
        listed(rerun)
    first, changed, back = entries(rerun)
    assert first == plan
    row = pd.read_csv(rerun.folder / "results/tiny/analysis-plan/deviations.csv").iloc[0]
    assert (row["planned"], row["value"]) == (0.03, 0.05)
    assert (row["since"], row["until"]) == (changed["date"], back["date"])
    assert entries(rerun, COPY) == [first, changed, back]


def test_the_plan_outlives_the_results_and_a_forced_run(rerun):
    before = (rerun.folder / PLAN).read_bytes()
    page = listed(rerun, "--forcerun", "register_analysis_plan", "list_deviations")
    shutil.rmtree(rerun.folder / "results/tiny/analysis-plan")
    for path in (rerun.folder / "results/tiny").glob("seed-*/**/predictions.csv"):
        path.unlink()
    rerun.configure(lambda c: c["evaluation"].update(smallest_gain=0.05))
    assert "No deviations." in page
    assert "<td>0.03</td><td>0.05</td>" in listed(rerun)
    assert entries(rerun)[:1] == json.loads(before)


def test_a_plan_that_was_lost_cannot_be_written_anew_unseen(rerun):
    for name in (PLAN, COPY):
        (rerun.folder / name).unlink()
    page = listed(rerun)
    count = len(list((rerun.folder / "results/tiny").glob("seed-*/**/predictions.csv")))
    assert entries(rerun)[0]["predictions"] == count > 0
    assert f"There were {count} files of predictions already" in " ".join(page.split())
    assert "before the first prediction" not in page


def test_a_forged_plan_stops_the_run_in_one_line(rerun):
    rerun.edit(PLAN, lambda text: text.replace('"smallest_gain": 0.03', '"smallest_gain": 0.02'))
    rerun.configure(lambda c: c["evaluation"].update(smallest_gain=0.02))
    done = rerun.snakemake(COPY)
    assert done.returncode == 1
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR [list_deviations]" in line]
    assert f"{PLAN}: entry 1: expected content with the SHA-256" in line
    assert not (rerun.folder / COPY).exists()


def test_a_deviation_hides_no_model_that_is_stale(rerun):
    """Snakemake does not look at what follows a job that is to run: the plan's job must not be one."""
    rerun.configure(lambda c: c["evaluation"].update(smallest_gain=0.05))
    rerun.configure(lambda c: c["classifier"].update(mixup=0.4))
    planned = rerun.planned()
    assert "register_analysis_plan" not in planned
    assert planned["train_classifier"] == planned["list_deviations"] == 1
