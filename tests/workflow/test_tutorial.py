"""The tutorial's commands, as they stand there, on made-up files of the form that it downloads."""

import json
import os
import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import ndimage

from tests.helpers import forked

from .conftest import Project

TUTORIAL = Path(__file__).parents[2] / "docs/tutorial.md"
CLASSES = {1: "meningioma", 2: "glioma", 3: "pituitary"}
# The study of the tutorial is of 180 lesions; this one is of 24, and its networks are as small as they can be.
FEWER = {"--main 40 --extra 20": "--main 6 --extra 2"}
SIDE = 96


def commands() -> list[str]:
    """Return the commands of the tutorial, in order."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    text = "".join(blocks).replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines()]


def config() -> str:
    return re.search(r"```yaml\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)[1]


def write_downloads(folder: Path) -> None:
    """Write MATLAB files of 12 patients of each class: a disk of another size and brightness on smooth noise."""
    folder.mkdir(parents=True)
    for number in range(36):
        draws, label = np.random.default_rng(number), 1 + number % 3
        image = 300 + 300 * ndimage.gaussian_filter(draws.standard_normal((SIDE, SIDE)), 3)
        rows, columns = np.mgrid[:SIDE, :SIDE]
        center, radius = draws.uniform(35, 60, 2), 6 + 3 * label + draws.uniform(0, 2)
        mask = (rows - center[0]) ** 2 + (columns - center[1]) ** 2 < radius**2
        image = np.clip(image + mask * (150 + 100 * label + 20 * draws.standard_normal((SIDE, SIDE))), 0, None)
        with h5py.File(folder / f"{number + 1}.mat", "w", userblock_size=512) as file:
            data = file.create_group("cjdata")
            data["label"] = np.array([[float(label)]])
            data["PID"] = np.array([[ord(letter)] for letter in f"{100000 + number}"], dtype=np.uint16)
            data["image"], data["tumorMask"] = image.T.astype(np.int16), mask.T.astype(np.uint8)
            data["tumorBorder"] = np.zeros((1, 8))


def choose_smallest(project: Project, budget: str) -> None:
    """Leave the choice of a budget as a first run does, with networks and sizes for a test."""
    presets = project.folder / "workflow/presets/budgets-classification.yaml"
    known = yaml.safe_load(presets.read_text(encoding="utf-8"))
    values = {**known["all"], **known["steps"][0], "run": ["dcgan"]}
    values["experiment"] = {"group": 24, "synthetic": 12, "nested": []}
    values["generators"]["dcgan"] |= {"epochs": 2, "generator_maps": 4, "discriminator_maps": 4}
    values["classifier"] |= {"epochs": 2}
    values["baselines"] = {
        "bovw": {"words": 20, "single": 10, "multi": 5, "stride": 8},
        "svm": {"c": [-1, 3, 2], "gamma": [-5, -1, 2], "inner_folds": 2},
    }
    values["quality"] = {"images": 20}
    values["evaluation"]["bootstrap"] = 200
    folder = project.folder / "results/tutorial"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "budget.json").write_text(json.dumps({"budget": budget, "step": "1", "values": values}))


@pytest.mark.slow
def test_tutorial_runs_as_written(project):
    folder = project.folder
    write_downloads(folder / "resources/figshare-brain-mat")
    (folder / "tutorial.yaml").write_text(config())
    choose_smallest(project, yaml.safe_load(config())["budget"])
    said = {}
    activate, *others = commands()
    assert activate == "source .venv/bin/activate"
    for command in others:
        for many, few in FEWER.items():
            command = command.replace(many, few)
        words = [sys.executable, *(["-m"] if command.startswith("snakemake") else []), *command.split()]
        words = [word for word in words if word != "python"]
        done = forked.run(words, cwd=folder, env={**os.environ, "COLUMNS": "200"})
        assert done.returncode == 0, (command, done.stdout + done.stderr)
        said[command] = done.stdout + done.stderr
    convert, select, check, plan, run = said
    assert (convert.split()[1], select.split()[1]) == ("scripts/convert_figshare_brain.py", "scripts/select_cases.py")
    table = pd.read_csv(folder / "resources/figshare-brain/cases.csv", dtype=str)
    assert table.groupby("class")["lesion"].count().to_dict() == dict.fromkeys(sorted(CLASSES.values()), 8)
    assert "check_data" in check
    for name in re.findall(r"`(results/tutorial/[^`]+)`", TUTORIAL.read_text(encoding="utf-8")):
        assert (folder / name).is_file(), name
    summary = said[plan][said[plan].index("A run would have") : said[plan].index("Nothing was run.")].splitlines()
    assert len(summary) <= 10
    assert "Do synthetic images improve the classifier?" in said[run]
    assert " jobs done, " in said[run]
