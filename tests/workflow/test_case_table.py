"""From what a group has to a report, with a case table and a config that nobody wrote by hand."""

import sys

import pandas as pd
import pytest
import yaml

from synthaug.files import artifacts
from tests.helpers import every_format, first_rules, forked

COHORT = every_format.cohort(6)
MINE = "data/mine/config.yaml"


def draft(project, write, task: str = "classification") -> dict:
    """Write the cohort in a format, make its table and config in ``data/mine``, and return what the config says."""
    options = write(project.folder / "data/set", COHORT)
    command = [sys.executable, "scripts/make_case_table.py", "--from", "data/set", "--to", "data/mine", "--task", task]
    done = forked.run([*command, *options, "--patients", every_format.PATIENT], cwd=project.folder)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load((project.folder / MINE).read_text())


def smallest(config: dict, draft: dict) -> None:
    """Give what the draft decides to the config of the smallest networks."""
    config.update({key: value for key, value in draft.items() if key != "budget"} | {
        "cases": config["cases"] | draft["cases"], "rois": config["rois"] | draft["rois"],
        "augmentation": draft["augmentation"], "folds": 2,
        "evaluation": config["evaluation"] | {"costs": None, "smallest_gain": draft["evaluation"]["smallest_gain"]},
    })  # fmt: skip
    config["experiment"] |= {"classic": [60], "generators": ["acgan"], "extra": [], "online": [], "mixup": []}


@pytest.mark.slow
@pytest.mark.parametrize("write", [every_format.write_folders, every_format.write_coco])
def test_from_a_folder_to_a_report(project, tmp_path, write):
    """What the run learns from is what `first_rules` makes, with which the other formats are compared."""
    drafted = draft(project, write)
    assert drafted["cases"]["table"] == "data/mine/cases.csv"
    project.configure(lambda config: smallest(config, drafted))
    done = project.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / "results/mine"
    assert (results / "report.html").stat().st_size
    cases = artifacts.read_csv(results / "cases.csv")
    assert cases.groupby("class")["patient"].nunique().to_dict() == dict.fromkeys(every_format.CLASSES, 6)
    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    assert len(headline)
    made = first_rules.run(project.folder / MINE, project.folder, tmp_path / "made")
    learned = {"cases": "cases.csv", "index": "rois/rois.csv", "images": "rois/images.npy", "crops": "rois/crops.npz"}
    assert made.keys() == learned.keys()
    for name, path in made.items():
        assert path.read_bytes() == (results / learned[name]).read_bytes(), name


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_a_draft_is_planned_and_its_slices_are_cut(project, tmp_path, task):
    """The draft as it is; the rules cut what `first_rules` makes."""
    draft(project, every_format.write_coco, task)
    assert {"check_cases", "make_folds", "write_summary"} <= set(project.planned(configfile=MINE))
    done = project.snakemake("--", "results/mine/slices/slices.csv", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in first_rules.run(project.folder / MINE, project.folder, tmp_path / "made").values():
        folder = "" if path.name == "cases.csv" else "slices"
        assert path.read_bytes() == (project.folder / "results/mine" / folder / path.name).read_bytes(), path.name


def test_a_draft_for_classification_is_planned(project):
    """With the budget for which no network is timed, and one of its seeds."""
    draft(project, every_format.write_folders)
    project.edit(MINE, lambda text: text.replace("budget: 2h", "budget: gpu\nseeds: [0]"))
    assert {"check_cases", "extract_rois", "write_summary"} <= set(project.planned(configfile=MINE))
