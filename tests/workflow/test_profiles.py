"""What a cluster relies on: resources of every rule, profiles that Snakemake accepts, and the container's recipe."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.helpers import common_rules

from .conftest import ROOT

PROFILES = sorted(path.parent.name for path in (ROOT / "workflow/profiles").glob("*/config.yaml"))
assert PROFILES == ["cluster-generic", "local-gpu", "slurm"]
NETWORKS = {
    "train_dcgan",
    "sample_dcgan",
    "train_classifier",
    "select_synthetic",
    "classify_discriminator",
    "assess_generator",
    "plot_tsne",
    "train_lcgan",
    "sample_lcgan",
    "choose_candidate",
    "train_segmenter",
    "assess_pairs",
    "train_cpggan",
    "sample_variations",
    "sample_cpggan",
    "filter_synthetic",
    "train_detector",
    "assess_slices",
}


def rules() -> dict[str, str]:
    """Return the text of every rule that runs a command, by its name; `use rule` inherits what it does not say."""
    found = {}
    for path in (ROOT / "workflow/rules").rglob("*.smk"):
        text = path.read_text(encoding="utf-8")
        blocks = re.split(r"^ *(?=(?:use )?rule )", text, flags=re.MULTILINE)[1:]
        found |= {
            re.match(r"rule (\w+):", block)[1]: block
            for block in blocks
            if block.startswith("rule ") and "shell:" in block
        }
    return found


RULES = rules()


def test_rules_are_found():
    assert {"make_phantom", "train_dcgan", "train_classifier", "make_tables"} <= set(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_says_what_it_needs_and_grows_with_the_attempt(name):
    text = RULES[name]
    assert re.search(r"^ +threads: (1|2|config\[\"threads\"\])(  #.*)?$", text, re.MULTILINE)
    memory, minutes = re.search(r"^ +\*\*grown\(mem_mb=(\d+), runtime=(\d+)\),$", text, re.MULTILINE).groups()
    assert 500 <= int(memory) <= 16000
    assert 5 <= int(minutes) <= 480  # the third attempt still fits a day
    assert ("gpu=gpu()" in text) == (name in NETWORKS)


def test_resources_grow_with_each_attempt():
    grown = common_rules.helpers({})["grown"](mem_mb=4000, runtime=30)
    assert [grown["mem_mb"](None, attempt) for attempt in (1, 2, 3)] == [4000, 8000, 12000]
    assert grown["runtime"](None, 3) == 90


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_plans_with_each_profile(project, name):
    counts = project.planned("--workflow-profile", f"workflow/profiles/{name}", configfile="config/tiny.yaml")
    assert counts == project.planned(configfile="config/tiny.yaml")


@pytest.mark.parametrize("folder", ["profiles/default", *(f"workflow/profiles/{name}" for name in PROFILES)])
def test_every_entry_of_a_profile_is_explained(folder):
    lines = (ROOT / folder / "config.yaml").read_text(encoding="utf-8").splitlines()
    for above, line in zip(["", *lines], lines, strict=False):
        if re.match(r"[a-z-]+:", line) and not line.startswith("resources:"):
            assert " # " in line or above.startswith("#"), line
    profile = yaml.safe_load("\n".join(lines))
    assert profile["rerun-incomplete"] is True
    assert all(value is not None for value in profile.values())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("JobId=1 JobState=COMPLETED Reason=None", "success"),
        ("JobId=1 JobState=PENDING Reason=Resources", "running"),
        ("JobId=1 JobState=COMPLETING Reason=None", "running"),
        ("JobId=1 JobState=CANCELLED Reason=None", "failed"),
        ("JobId=1 JobState=OUT_OF_MEMORY Reason=None", "failed"),
        ("JobId=1 JobState=NODE_FAIL Reason=None", "failed"),
        ("slurm_load_jobs error: Invalid job id specified", "failed"),
        ("slurm_load_jobs error: Unable to contact slurm controller", "running"),
    ],
)
def test_status_script_tells_what_the_queue_says(tmp_path, answer, status):
    (tmp_path / "scontrol").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (tmp_path / "scontrol").chmod(0o755)
    script = ROOT / "workflow/profiles/cluster-generic/status.sh"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([script, "1"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{status}\n"


def test_executors_of_the_profiles_are_pinned():
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name in PROFILES:
        profile = yaml.safe_load((ROOT / f"workflow/profiles/{name}/config.yaml").read_text(encoding="utf-8"))
        if "executor" in profile:
            assert f"\nsnakemake-executor-plugin-{profile['executor']}==" in pins


def test_container_recipe_agrees_with_the_project():
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    base = re.findall(r"^FROM python:(\d+)\.(\d+)\.\d+-slim-\w+$", recipe, re.MULTILINE)
    assert len(base) == 1
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert tuple(map(int, base[0])) >= tuple(map(int, re.fullmatch(r">=(\d+)\.(\d+)", required).groups()))
    assert f"python={'.'.join(base[0])}" in (ROOT / "envs/training.yaml").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^(?:COPY|ADD) (\S+) ", recipe, re.MULTILINE)
    assert copied == ["requirements.txt", "requirements-hashes.txt"]
    for source in copied:
        assert (ROOT / source).is_file()
        assert f"!{source}" in ignored
    installs = re.findall(r"pip install [^&\n]+", recipe)
    assert len(installs) == len(copied)
    assert all("==" not in install for install in installs)  # versions stand in requirements.txt alone
    assert "--no-deps --require-hashes --requirement /tmp/requirements-hashes.txt" in installs[0]
    assert "--requirement /tmp/requirements.txt" in installs[1]
    known = {"FROM", "ARG", "COPY", "RUN", "ENV", "USER", "WORKDIR", "CMD"}
    assert set(re.findall(r"^([A-Z]+) ", recipe, re.MULTILINE)) == known


NOBODY = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]  # whom /etc/passwd does not name


def can_be_nobody() -> bool:
    return (
        shutil.which("unshare") is not None and subprocess.run([*NOBODY, "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not can_be_nobody(), reason="this system lets nobody run as another user")
def test_a_user_without_an_entry_can_plan(tmp_path):
    """As in a container that is run with --user: the recipe's variables are all that he has."""
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (given,) = re.findall(r"^ENV (.*)$", recipe, re.MULTILINE)
    environment = dict(pair.split("=", 1) for pair in given.split()) | {"PATH": os.environ["PATH"]}
    environment |= {name: str(tmp_path / name) for name in ["HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR"]}
    shutil.copytree(ROOT, tmp_path / "project", ignore=shutil.ignore_patterns(".*", "results"))
    plan = [*NOBODY, sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--configfile", "config/tiny.yaml"]

    def planned(environment: dict) -> subprocess.CompletedProcess:
        return subprocess.run(plan, cwd=tmp_path / "project", env=environment, capture_output=True, text=True)

    done = planned(environment)
    assert done.returncode == 0, done.stderr
    assert "A run would have" in done.stdout
    del environment["USER"]
    assert "getpwuid" in planned(environment).stdout  # what the recipe's USER is for
