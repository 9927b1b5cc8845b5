"""A task is added without an edit of what is shared, and takes no part in another one."""

import json
import re
import sys

import numpy as np
import pandas as pd
import pytest

from synthaug.terms import model_lists
from tests.helpers import common_rules, forked, regression_task
from tests.workflow.conftest import copy_workflow

ROOT = common_rules.ROOT
REGRESSION = "config/regression.yaml"


@pytest.fixture
def two_tasks(project):
    """A copy of the workflow with a second task."""
    regression_task.add(project.folder)
    return project


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    """The results of the second task, run to its report."""
    project = copy_workflow(tmp_path_factory.mktemp("tasks") / "project")
    regression_task.add(project.folder)
    done = project.snakemake(configfile=REGRESSION)
    assert done.returncode == 0, done.stdout + done.stderr
    return project.folder / "results/diameters"


def test_another_task_is_planned_with_the_shared_stages(two_tasks):
    own = {"cut_squares": 1, "train_regressor": 8}  # four arms and sizes, two seeds
    shared = {
        "make_phantom", "check_cases", "plot_contours", "collect_predictions", "compute_metrics", "compare_arms",
        "plot_size_curves", "write_headline", "write_summary", "compute_subgroups", "audit_lineage",
        "register_analysis_plan", "list_deviations", "estimate_study_size", "check_duplicates", "write_checklists",
        "all",
    }  # fmt: skip
    assert two_tasks.planned(configfile=REGRESSION) == own | dict.fromkeys(shared, 1) | {"make_folds": 2}


@pytest.mark.slow
def test_another_task_gets_its_statistics_and_its_report(regression):
    """Its numbers, counted by hand from its predictions."""
    files = {name: regression / f"evaluation/{name}.csv" for name in ("predictions", "metrics")}
    read = {name: pd.read_csv(path, dtype={"size": str, "seed": str}) for name, path in files.items()}
    table = read["predictions"].query("arm == 'classic' and size == '0'")
    near = (table["predicted"] - table["truth"]).abs() <= 0.25 * table["truth"]
    row = read["metrics"].query("arm == 'classic' and size == '0' and seed == 'all' and metric == 'within'").iloc[0]
    assert row["value"] == pytest.approx(near.mean())
    assert row["low"] < row["value"] < row["high"]
    for seed, of_seed in table.groupby("seed"):
        found = read["metrics"].query(f"arm == 'classic' and size == '0' and seed == '{seed}'").set_index("metric")
        expected = np.corrcoef(of_seed["truth"], of_seed["predicted"])[0, 1]
        assert found.loc["correlation", "value"] == pytest.approx(expected)

    compared = pd.read_csv(regression / "evaluation/comparisons.csv")
    assert set(compared["against"]) == {
        *("best classic", "equal number", "fixed", "published"),
        *("no augmentation", "best classic, at the operating point"),
    }
    assert compared["p"].between(0, 1).all()
    mean = compared.query("against == 'fixed' and arm_a == 'mean' and metric == 'within'").iloc[0]
    assert mean["delta"] < 0  # the mean diameter alone is worse than what the pixels tell
    assert compared.query("metric == 'correlation'")["p_mcnemar"].isna().all()
    headline = pd.read_csv(regression / "evaluation/tables/headline.csv")
    assert headline["Arm"].tolist() == ["no augmentation", "classic", "mixup", "mean"]
    assert {"Within (%)", "Lesions", "Verdict"} <= set(headline)
    assert len(json.loads((regression / "evaluation/lineage.json").read_text())["models"]) == 24
    assert (regression / "evaluation/figures/fig8.svg").stat().st_size
    checklists = (regression / "evaluation/checklists.html").read_text()
    assert "17 patients with 24 lesions" in checklists
    assert "what the scripts of this task do not describe by themselves: model, baselines." in checklists
    assert "Within" in (regression / "evaluation/figures/subgroups.svg").read_text()
    report = (regression / "report.html").read_text()
    assert "how often the prediction is near enough" in report
    assert "Do mixed images improve the estimate of the diameter?" in report


@pytest.mark.slow
def test_one_fold_alone_is_tested(two_tasks):
    """Every result is of its lesions, and the report says so; the other folds' lesions are trained on."""
    two_tasks.configure(lambda config: config.update(tested_folds=1, seeds=[0]), REGRESSION)
    done = two_tasks.snakemake(configfile=REGRESSION)
    assert done.returncode == 0, done.stdout + done.stderr
    results = two_tasks.folder / "results/diameters"
    folds = pd.read_csv(results / "seed-0/folds.csv")
    tested = folds.loc[folds["fold"] == 0, "lesion"]
    assert 0 < len(tested) < len(folds)
    predictions = pd.read_csv(results / "evaluation/predictions.csv", dtype={"size": str, "folds": str})
    assert set(predictions["folds"]) == {"12"}
    for _, of_arm in predictions.groupby(["arm", "size"]):
        assert sorted(of_arm["lesion"]) == sorted(tested)
    metrics = pd.read_csv(results / "evaluation/metrics.csv")
    assert set(metrics.loc[metrics["metric"] == "within", "n"]) == {len(tested)}
    patients = folds.loc[folds["fold"] == 0, "patient"].nunique()
    assert set(pd.read_csv(results / "evaluation/study_size.csv")["patients"]) == {patients}
    trained = pd.read_csv(results / "seed-0/regress/classic/0/train-12/train_set.csv")["lesion"]
    assert set(trained) == set(folds.loc[folds["fold"] > 0, "lesion"])
    assert "Of 3 folds only the first was tested" in (results / "summary.html").read_text()
    checklists = (results / "evaluation/checklists.html").read_text()
    assert "The first is tested by models trained on the other 2" in checklists
    assert two_tasks.planned(configfile=REGRESSION) == {}


@pytest.mark.slow
def test_the_audit_finds_a_leak_of_another_task(regression):
    """A test lesion planted in a training list is named, though nothing of the audit knows this task."""
    path = regression / "seed-0/regress/classic/0/train-12/train_set.csv"
    before = path.read_text()
    folds = pd.read_csv(regression / "seed-0/folds.csv")
    leak = folds.loc[folds["fold"] == 0, "lesion"].iloc[0]
    path.write_text(f"{before}roi,{leak},-1\n")
    try:
        done = forked.run(audit_of(regression), cwd=regression.parents[1])
    finally:
        path.write_text(before)
    assert done.returncode == 1
    assert re.search(rf"train-12: lesion {leak} of test patient \w+ is in the training set", done.stderr)


@pytest.mark.slow
def test_results_of_another_task_are_computed_again(regression):
    command = [sys.executable, "scripts/recompute_results_regression.py", "--results", "results/diameters"]
    done = forked.run(command, cwd=regression.parents[1])
    assert done.returncode == 0, done.stderr
    assert {line.split(": ")[0] for line in done.stdout.splitlines() if ": 0 " not in line} == {
        "cases", "folds", "all predictions", "metrics", "comparisons", "headline", "lineage audit",
    }  # fmt: skip
    path = regression / "seed-0/regress/classic/0/train-12/predictions.csv"
    before = path.read_text()
    first = before.splitlines()[1]
    path.write_text(before.replace(first, ",".join([*first.split(",")[:-1], "77.0"])))
    try:
        done = forked.run(command, cwd=regression.parents[1])
    finally:
        path.write_text(before)
    assert done.returncode == 1
    assert re.search(r"evaluation/predictions.csv, row \d+: expected, .* predicted 77.0, found predicted", done.stderr)


def audit_of(results):
    """Return the command of the audit of the models of the arm `classic` without augmentation, first seed."""
    runs = [["classic", "0", 0, folds] for folds in ("12", "02", "01")]
    command = [sys.executable, "scripts/audit_lineage.py", "--results", results, "--unit", "lesion"]
    command += ["--units", results / "squares/units.csv", "--truth", "diameter_px", "--stage", "regress"]
    command += ["--folds", f"0={results / 'seed-0/folds.csv'}", "--runs", model_lists.written(runs)]
    return [*command, "--out", results.parent / "lineage.json"]


def test_another_task_changes_nothing_of_the_first(project):
    before = project.snakemake("--dry-run", "--quiet", "host", "--printshellcmds").stdout
    regression_task.add(project.folder)
    after = project.snakemake("--dry-run", "--quiet", "host", "--printshellcmds").stdout

    def commands(text):
        return sorted(line for line in text.splitlines() if line.lstrip().startswith(("python", "input:", "output:")))

    assert len(commands(before)) > 80
    assert commands(after) == commands(before)


@pytest.mark.parametrize(
    ("task", "change", "expected"),
    [
        (
            "regression",
            lambda c: c.update(classifier={"epochs": 2}),
            "top level: 'classifier' is a key of task classification; remove it or set task: classification",
        ),
        (
            "regression",
            lambda c: c["experiment"].update(extra=[60]),
            "experiment: 'extra' is a key of task classification; remove it or set task: classification",
        ),
        (
            "regression",
            lambda c: c["regressor"].update(ridges=2),
            "regressor: unknown key 'ridges'; did you mean 'ridge'?",
        ),
        (
            "regression",
            lambda c: c.update(task="regresion"),
            "task: 'regresion' is no task; choose one of: classification,",
        ),
        (
            "classification",
            lambda c: c.update(regressor={"ridge": 2}),
            "top level: 'regressor' is a key of task regression; remove it or set task: regression",
        ),
    ],
)
def test_key_of_another_task_is_one_line_that_says_what_to_write(two_tasks, task, change, expected):
    configfile = REGRESSION if task == "regression" else "config/tiny.yaml"
    two_tasks.configure(change, configfile)
    if configfile == REGRESSION:  # else it would be its own default
        (two_tasks.folder / configfile).rename(two_tasks.folder / "mine.yaml")
        configfile = "mine.yaml"
    done = two_tasks.snakemake("--dry-run", configfile=configfile)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: config:")]
    assert done.returncode == 1
    assert len(lines) == 1
    assert expected in lines[0]


def test_config_of_a_task_is_merged_over_the_default_of_that_task(two_tasks):
    (two_tasks.folder / "mine.yaml").write_text("{task: regression, cohort: mine, seeds: [3]}\n")
    assert two_tasks.planned(configfile="mine.yaml")["train_regressor"] == 4


def test_complete_config_needs_no_default(two_tasks):
    (two_tasks.folder / REGRESSION).rename(two_tasks.folder / "mine.yaml")
    assert two_tasks.planned(configfile="mine.yaml")["train_regressor"] == 8


def shared_rules(folder):
    """Return the text of the Snakefile and of the rules and helpers that every task shares."""
    rules = folder / "workflow/rules"
    files = [folder / "Snakefile", *rules.glob("*.smk"), *(rules / "common").glob("*.smk")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def asked(folder):
    """Return the names that the shared rules ask of a task."""
    text = shared_rules(folder)
    return set(re.findall(r"\b(?:task|TASK)_\w+", text)) - set(re.findall(r"^def (task_\w+)", text, re.MULTILINE))


def test_tasks_define_what_is_asked_of_them_and_nothing_more(two_tasks):
    folder = two_tasks.folder
    for task in common_rules.helpers({}, folder)["tasks"]():
        rules = folder / f"workflow/rules/{task}"
        text = (rules / f"{task}.smk").read_text(encoding="utf-8")
        for name in re.findall(r'^include: "(\w+\.smk)"$', text, re.MULTILINE):
            text += (rules / name).read_text(encoding="utf-8")
        defined = set(re.findall(r"^(?:def )?((?:task|TASK)_\w+)", text, re.MULTILINE))
        assert defined == asked(folder), task


def test_no_shared_rule_names_a_task():
    text = shared_rules(ROOT)
    for task in common_rules.helpers({})["tasks"]():
        interface = (ROOT / f"workflow/rules/{task}/{task}.smk").read_text(encoding="utf-8")
        folder = re.search(r'^TASK_FOLDER = "(\w+)"$', interface, re.MULTILINE)[1]
        assert not re.search(rf"\b({task}|{folder})\b", text)
