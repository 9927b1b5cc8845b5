"""A task is added without an edit of what is shared, and takes no part in another one."""

import re

import pytest

from tests.helpers import common_rules, regression_task

ROOT = common_rules.ROOT
REGRESSION = "config/regression.yaml"


@pytest.fixture
def two_tasks(project):
    """A copy of the workflow with a second task."""
    regression_task.add(project.folder)
    return project


def test_another_task_is_planned_with_the_shared_stages(two_tasks):
    counts = two_tasks.planned(configfile=REGRESSION)
    assert counts["train_regressor"] == 4  # two arms, two folds
    own = {"cut_slices", "train_regressor"}
    shared = {
        "make_phantom", "check_cases", "plot_contours", "make_folds", "train_acgan", "sample_acgan", "plot_synthetic",
        "plot_training", "assess_generator", "collect_predictions", "compute_metrics", "compare_arms",
        "plot_size_curves", "write_headline", "compute_subgroups", "audit_lineage", "all",
    }  # fmt: skip
    assert set(counts) == own | shared
    done = two_tasks.snakemake("--dry-run", "--printshellcmds", configfile=REGRESSION)
    assert "results/numbers/seed-0/regress/acgan/60+10x3/train-0/predictions.csv" in done.stdout
    assert "python scripts/measure_regression.py --predictions" in done.stdout


def test_another_task_changes_nothing_of_the_first(project):
    before = project.snakemake("--dry-run", "--printshellcmds").stdout
    regression_task.add(project.folder)
    after = project.snakemake("--dry-run", "--printshellcmds").stdout

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
            lambda c: c["experiment"].update(mixup=[60]),
            "experiment: 'mixup' is a key of task classification; remove it or set task: classification",
        ),
        ("regression", lambda c: c["experiment"].update(plain=[10]), "experiment: group: is not in plain"),
        (
            "regression",
            lambda c: c["regressor"].update(epoch=2),
            "regressor: unknown key 'epoch'; did you mean 'epochs'?",
        ),
        (
            "regression",
            lambda c: c.update(task="regresion"),
            "task: 'regresion' is no task; choose one of: classification,",
        ),
        (
            "classification",
            lambda c: c.update(regressor={"epochs": 2}),
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
    assert two_tasks.planned(configfile="mine.yaml")["train_regressor"] == 4


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
        text = (folder / f"workflow/rules/{task}/{task}.smk").read_text(encoding="utf-8")
        defined = set(re.findall(r"^(?:def )?((?:task|TASK)_\w+)", text, re.MULTILINE))
        assert defined == asked(folder), task


def test_no_shared_rule_names_a_task():
    text = shared_rules(ROOT)
    for task in common_rules.helpers({})["tasks"]():
        interface = (ROOT / f"workflow/rules/{task}/{task}.smk").read_text(encoding="utf-8")
        folder = re.search(r'^TASK_FOLDER = "(\w+)"$', interface, re.MULTILINE)[1]
        assert not re.search(rf"\b({task}|{folder})\b", text)
