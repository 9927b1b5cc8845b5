"""The config key `budget`: what it sets, that it is chosen once, and what a run says of its time."""

import json
import re
import shutil

import pytest
import yaml

from tests.helpers import progress_said

from .conftest import Project, copy_workflow

MINE = "config/mine.yaml"
ROWS = ["lesion,patient,class,image,box", *(f'L{n},P{n},{"ab"[n % 2]},{n}.png,"1,1,9,9"' for n in range(12))]


@pytest.fixture
def mine(project) -> Project:
    return with_cases(project)


@pytest.fixture(scope="module")
def timed(tmp_path_factory) -> tuple[Project, str]:
    """A copy whose budget of 1min was chosen in a dry-run, and what that said. Tests must leave it as they found it."""
    project = with_cases(copy_workflow(tmp_path_factory.mktemp("budget") / "project"))
    give(project, budget="1min")
    done = project.snakemake("--dry-run", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    return project, done.stderr


def with_cases(project) -> Project:
    """Give the project a case table of two classes, whose images nobody needs to plan a run, and a config for it."""
    (project.folder / "data").mkdir()
    (project.folder / "data/cases.csv").write_text("\n".join(ROWS) + "\n")
    config = {"cohort": "mine", "cases": {"table": "data/cases.csv", "classes": ["a", "b"], "positive": "b"}}
    write(project, config)
    return project


def copied(project, folder) -> Project:
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder)


def write(project, config):
    (project.folder / MINE).write_text(yaml.safe_dump(config))


def give(project, **keys):
    write(project, yaml.safe_load((project.folder / MINE).read_text()) | keys)


def commands(project) -> dict[str, dict]:
    """Return the parameters that a planned run gives to the script of each rule, of its last job."""
    done = project.snakemake("--dry-run", "--printshellcmds", "--quiet", "host", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "--params '" in line]
    return {
        re.search(r"scripts/(\w+)\.py", line)[1]: json.loads(re.search(r"--params '(\{.*?\})' ", line)[1])
        for line in lines
    }


def chosen(project) -> dict:
    return json.loads((project.folder / "results/mine/budget.json").read_text())


def test_real_data_without_a_budget_is_refused_with_a_line_that_offers_one(mine):
    done = mine.snakemake("--dry-run", configfile=MINE)
    assert done.returncode == 1
    assert "error: config: budget: null leaves real data to the demo's small networks; give budget: 2h" in done.stderr


@pytest.mark.parametrize("wrong", ["40 min", "0h", "fast", 40])
def test_a_budget_that_is_none_is_explained(mine, wrong):
    give(mine, budget=wrong)
    done = mine.snakemake("--dry-run", configfile=MINE)
    assert done.returncode == 1
    assert "error: config: budget: " in done.stderr
    assert "such as 40min or 2h" in done.stderr


def test_a_budget_is_chosen_once_and_its_values_are_plain(timed, tmp_path):
    mine, said = copied(timed[0], tmp_path / "project"), timed[1]
    assert said.count("timing training steps") == 1
    assert "; nothing fits 1min, so this is the smallest study" in said
    assert "budget: 1min: step 1, 1 seed (one draw of all trainings), about" in said
    first = chosen(mine)
    assert (first["budget"], first["step"]) == ("1min", "1")  # none fits, so the smallest
    enough = int(re.search(r"the smallest budget that fits here is about (\d+)min", said)[1])
    assert first["estimate_s"] / 60 <= enough < first["estimate_s"] / 60 + 5.1
    assert enough % 5 == 0
    again = mine.snakemake("--dry-run", configfile=MINE)
    assert "timing" not in again.stderr
    assert chosen(mine) == first
    # The summary of a dry-run: ten lines, the time with them.
    summary = again.stdout[again.stdout.index("A run would have") :].strip().splitlines()
    assert len(summary) <= 10
    assert summary[0].endswith(" jobs, with 1 seed (one draw of all trainings):")
    assert any(re.match(r"It would take about .* \(cores: 2\)", line) for line in summary)
    given = commands(mine)
    assert given["write_summary"]["smallest_study_of"] == "1min"
    preset = yaml.safe_load((mine.folder / "workflow/presets/budgets-classification.yaml").read_text())["all"]
    assert given["train_dcgan"]["epochs"] == preset["generators"]["dcgan"]["epochs"]
    assert given["train_classifier"]["widths"] == preset["classifier"]["widths"]
    # A value of the user's own wins, also inside a preset; two classes share the images evenly.
    give(mine, generators={"dcgan": {"epochs": 3}}, evaluation={"bootstrap": 123})
    given = commands(mine)
    assert given["train_dcgan"]["epochs"] == 3
    assert given["compute_metrics_classification"]["bootstrap"] == 123
    assert given["train_dcgan"]["generator_maps"] == preset["generators"]["dcgan"]["generator_maps"]
    sizes = {"classic": "960", "dcgan": "480+240x2"}
    listed = mine.snakemake("--dry-run", "--quiet", "host", configfile=MINE).stdout
    for arm, size in sizes.items():
        assert f"classify/{arm}/{size}/" in listed
    # Another budget is another choice.
    give(mine, budget="2min")
    assert mine.snakemake("--dry-run", configfile=MINE).stderr.count("timing training steps") == 1
    assert chosen(mine)["budget"] == "2min"


def test_faster_machines_take_larger_steps(timed, tmp_path):
    mine = copied(timed[0], tmp_path / "project")
    path = mine.folder / "results/mine/benchmarks/speeds.json"
    noted = json.loads(path.read_text())
    noted["speeds"] = dict.fromkeys(noted["speeds"], 1e7)
    path.write_text(json.dumps(noted))
    give(mine, budget="4min")
    mine.snakemake("--dry-run", configfile=MINE)
    found = chosen(mine)
    assert int(found["step"]) >= 2
    assert found["estimate_s"] <= 240
    assert commands(mine)["write_summary"]["smallest_study_of"] is None


def test_the_gpus_budget_is_the_papers_protocol(mine):
    give(mine, budget="gpu")
    given = commands(mine)
    paper = yaml.safe_load((mine.folder / "config/paper.yaml").read_text())
    networks = {key: value for key, value in paper["generators"]["dcgan"].items() if key != "sampling"}
    assert given["train_dcgan"].items() >= networks.items()
    preset = yaml.safe_load((mine.folder / "workflow/presets/classifier.yaml").read_text())["frid-adar"]
    assert paper["classifier"] == {"preset": "frid-adar"}
    classifier = {key: value for key, value in preset.items() if key != "mixup"}
    assert given["train_classifier"].items() >= classifier.items()
    bovw = paper["baselines"]["bovw"]
    assert {key: value for key, value in given["train_bovw"].items() if key in bovw}.items() <= bovw.items()
    found = chosen(mine)["values"]
    assert found["seeds"] == paper["seeds"]
    assert found["experiment"]["group"] == paper["experiment"]["group"]
    assert found["experiment"]["synthetic"] == paper["evaluation"]["synthetic"]
    assert found["run"] == paper["experiment"]["generators"]


def test_a_network_that_the_user_chose_stays(mine):
    give(mine, budget="gpu", classifier={"preset": "resnet", "epochs": 7})
    preset = yaml.safe_load((mine.folder / "workflow/presets/classifier.yaml").read_text())["resnet"]
    classifier = {key: value for key, value in preset.items() if key != "mixup"} | {"epochs": 7}
    given = commands(mine)
    assert given["train_classifier"].items() >= classifier.items()
    assert not {"kernel", "dense", "dropout", "preset"} & set(given["train_classifier"])
    assert given["train_dcgan"]["generator_maps"] == 128  # the budget's


@pytest.mark.parametrize("budget", [None, "2h"])
def test_check_data_needs_no_budget(mine, budget):
    give(mine, budget=budget)
    done = mine.snakemake("check_data", "--dry-run", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (mine.folder / "results/mine/budget.json").exists()


def test_a_run_says_what_is_left(finished):
    """Its jobs are forks, which an estimate cannot know before; what is left takes in how long they really take.

    What a run of jobs that are started as a user's are says before the first one: `test_private`.
    """
    done, ends, took = progress_said.ends((finished.folder.parent / "said.txt").read_text())
    assert all(took / 2 < end < 2 * took for end in ends[len(ends) // 2 :])
    assert done == sorted(done)
