"""Another workflow imports this one: from a folder, and from a git repository as Snakedeploy writes it."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.helpers import common_rules, forked

FROM_FOLDER = """
module synthaug:
    snakefile: "{project}/Snakefile"
    config: config["study"]

use rule * from synthaug as synthaug_*
"""
TWO_COHORTS = FROM_FOLDER + FROM_FOLDER.replace("synthaug", "other").replace('config["study"]', 'dict(cohort="other")')
PREFIXED = FROM_FOLDER.replace("    config:", '    prefix: "mine"\n    config:')
# As snakedeploy 0.17.1 writes it, which also copies config and profiles.
DEPLOYED = """
configfile: "config/config.yaml"

module synthaug:
    snakefile:
        github("us/synthaug", path="workflow/Snakefile", tag="{tag}")
    config:
        config

use rule * from synthaug
"""
SMALL = {"cyst": 2, "metastasis": 2, "hemangioma": 2}


def snakemake(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    given = {**os.environ, "COLUMNS": "200", "XDG_CACHE_HOME": str(folder / ".cache"), **environment}
    return forked.run(command, cwd=folder, env=given)


def importing(folder: Path, text: str, study: dict, **values: object) -> Path:
    """Write a workflow with ``text`` as its Snakefile and ``study`` in its config; return its folder."""
    folder.mkdir()
    (folder / "Snakefile").write_text('configfile: "mine.yaml"\n' + text.format(**values), encoding="utf-8")
    (folder / "mine.yaml").write_text(yaml.safe_dump({"study": study, "further": 1}), encoding="utf-8")
    return folder


def commands(done: subprocess.CompletedProcess) -> Counter:
    """Return how often a dry-run shows each shell command."""
    assert done.returncode == 0, done.stdout + done.stderr
    return Counter(re.findall(r"^Shell command: (.*)$", done.stdout + done.stderr, re.MULTILINE))


def shipped(name: str) -> dict:
    return yaml.safe_load((common_rules.ROOT / f"config/{name}.yaml").read_text(encoding="utf-8"))


FEW = {"cohort": "mine", "seeds": [3]}
BUDGET = FEW | {"budget": "gpu"}


@pytest.mark.parametrize(
    ("study", "mine"),
    [(shipped("tiny"), shipped("tiny")), (FEW, FEW), (shipped("config") | BUDGET, BUDGET)],
    ids=["a whole config", "a few keys over the defaults", "a copy of the defaults with a budget"],
)
def test_a_module_plans_the_same_commands_as_the_project(project, tmp_path, study, mine):
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(mine), encoding="utf-8")
    shown = ["--dry-run", "--quiet", "host", "--printshellcmds"]
    own = commands(snakemake(project.folder, "--configfile", "mine.yaml", *shown))
    folder = importing(tmp_path / "another", FROM_FOLDER, study, project=project.folder)
    theirs = commands(snakemake(folder, *shown, "--", "synthaug_all"))
    assert sum(own.values()) > 35
    place = re.compile(r"\.\./project/(?=scripts/|workflow/)")
    assert Counter({place.sub("", text): number for text, number in theirs.items()}) == own
    assert all(place.search(text) for text in theirs if "python" in text)
    assert not any('"../project' in text for text in theirs)  # the plan names files as the project does


def test_a_module_runs_in_the_folder_of_the_other_workflow(project, tmp_path):
    study = shipped("tiny")
    study["phantom"] = {"lesions": SMALL, "extra": dict.fromkeys(SMALL, 1), "slices": 1}
    before = {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}
    text = FROM_FOLDER + "\n\nonsuccess:\n    synthaug.onsuccess()\n"
    folder = importing(tmp_path / "another", text, study, project=project.folder)
    done = snakemake(folder, "--", "synthaug_check_cases")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = (folder / "results/tiny/cases.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + sum(SMALL.values()) + sum(study["phantom"]["extra"].values())
    command = [sys.executable, project.folder / "scripts/verify_results.py", "--results", "results/tiny"]
    verified = forked.run(command, cwd=folder)
    assert verified.returncode == 0, verified.stderr
    assert {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [(PREFIXED, "leave out prefix, replace_prefix and pathvars"), (TWO_COHORTS, "run them one after the other")],
    ids=["another folder", "two cohorts"],
)
def test_what_a_module_cannot_take_is_refused_in_a_line(project, tmp_path, text, said):
    folder = importing(tmp_path / "another", text, {"cohort": "mine"}, project=project.folder)
    done = snakemake(folder, "--dry-run", "--", "synthaug_all")
    assert done.returncode != 0
    errors = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in done.stdout + done.stderr


def test_the_check_of_data_needs_no_budget_under_its_other_name(project, tmp_path):
    (tmp_path / "cases.csv").write_text("lesion,patient,class,image,polygon\n", encoding="utf-8")
    study = {"cohort": "mine", "cases": {"table": "../cases.csv"}}
    folder = importing(tmp_path / "another", FROM_FOLDER, study, project=project.folder)
    assert snakemake(folder, "--dry-run", "--", "synthaug_check_data").returncode == 0
    whole = snakemake(folder, "--dry-run", "--", "synthaug_all")
    assert "budget: null leaves real data to the demo's small networks" in whole.stdout + whole.stderr


def test_what_counts_as_given_to_a_module_is_what_differs_from_the_defaults():
    differing = common_rules.helpers({})["differing"]
    defaults = {"a": {"b": 1, "c": [1, 2]}, "d": None, "e": {"f": {"g": 0}}}
    assert differing(defaults, defaults) == {}
    assert differing({"a": {"b": 1, "c": [1]}, "d": False, "h": {}}, defaults) == {"a": {"c": [1]}, "d": False, "h": {}}
    assert differing({"e": {"f": {"g": 0, "i": 2}}, "a": 3}, defaults) == {"e": {"f": {"i": 2}}, "a": 3}


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.slow
def test_snakedeploys_form_brings_the_scripts_and_reruns_what_a_version_changes(project, tmp_path):
    """Github is a folder here; everything else is as from there."""
    hub = tmp_path / "hub"
    source = hub / "us/synthaug"
    source.parent.mkdir(parents=True)
    project.folder.rename(source)
    for command in ["init -q", "add .", "commit -qm first", "tag v1"]:
        git(source, *command.split())
    folder = tmp_path / "deployed"
    for name in ["config", "profiles"]:
        shutil.copytree(source / name, folder / name)
    edited = yaml.safe_load((folder / "config/config.yaml").read_text(encoding="utf-8"))
    edited["phantom"] = {"lesions": SMALL, "extra": dict.fromkeys(SMALL, 0), "slices": 1}
    (folder / "config/config.yaml").write_text(yaml.safe_dump(edited), encoding="utf-8")
    (folder / "workflow").mkdir()
    hosted = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{hub}/.insteadOf"}
    hosted |= {"GIT_CONFIG_VALUE_0": "https://github.com/", "GITHUB_TOKEN": ""}

    def deployed(tag: str, *arguments: str) -> str:
        (folder / "workflow/Snakefile").write_text(DEPLOYED.format(tag=tag), encoding="utf-8")
        done = snakemake(folder, *arguments, **hosted)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "A run would have 86 jobs" in deployed("v1", "--dry-run")
    deployed("v1", "--", "make_phantom")
    with (source / "scripts/train_dcgan.py").open("a", encoding="utf-8") as file:
        file.write("# of no job that ran\n")
    git(source, "commit", "-qam", "second")
    git(source, "tag", "v2")
    assert "Nothing to be done" in deployed("v2", "--dry-run", "--", "make_phantom")
    assert (folder / ".snakemake/synthaug/scripts/train_dcgan.py").read_text(encoding="utf-8").endswith("that ran\n")
    with (source / "scripts/make_phantom.py").open("a", encoding="utf-8") as file:
        file.write("# of the job that ran\n")
    git(source, "commit", "-qam", "third")
    git(source, "tag", "v3")
    assert "Nothing to be done" not in deployed("v3", "--dry-run", "--", "make_phantom")


def test_the_catalogue_finds_what_it_asks_for(project):
    root = common_rules.ROOT
    known = yaml.safe_load((root / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert set(known) == {"mandatory-flags", "software-stack-deployment"}
    assert set(known["software-stack-deployment"]) == {"conda", "apptainer", "apptainer+conda", "report"}
    assert all(isinstance(value, bool) for value in known["software-stack-deployment"].values())
    for name in ["workflow/Snakefile", "config/README.md", "config/config.yaml", "workflow/schemas/config.schema.yaml"]:
        assert (root / name).is_file()
    whole = [project.planned(*more, configfile="config/tiny.yaml") for more in [[], ["-s", "workflow/Snakefile"]]]
    assert whole[0] == whole[1] != {}
