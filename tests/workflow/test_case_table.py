"""From what a group has to a report, with a case table and a config that nobody wrote by hand."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from synthaug.files import artifacts
from tests.helpers import forked

CLASSES = ["benign", "malignant"]


def speckle(seed: int, bright: bool) -> np.ndarray:
    """Return a picture that is like no other one, with a lesion, dark or bright, in the middle: uint8 (96, 96)."""
    random = np.random.default_rng(seed)
    picture = np.kron(random.integers(60, 200, (24, 24)), np.ones((4, 4)))
    rows, columns = np.indices(picture.shape)
    picture[np.hypot(rows - 48, columns - 48) < 20] = 230 if bright else 25
    return picture.astype(np.uint8)


def write_folders(folder):
    """Write a folder for each class."""
    for place, cls in enumerate(CLASSES):
        for number in range(6):
            path = folder / cls / f"P{number}{place}_1.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(speckle(10 * number + place, bool(place))).save(path)


def write_coco(folder):
    """Write pictures and a COCO file of their boxes."""
    folder.mkdir(parents=True)
    images, annotations = [], []
    for number in range(12):
        Image.fromarray(speckle(number, bool(number % 2))).save(folder / f"P{number:02}_1.png")
        images.append({"id": number, "file_name": f"P{number:02}_1.png", "width": 96, "height": 96})
        annotations.append({"id": number, "image_id": number, "category_id": number % 2, "bbox": [28, 28, 40, 40]})
    categories = [{"id": place, "name": cls} for place, cls in enumerate(CLASSES)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content))


def smallest(config: dict, draft: dict) -> None:
    """Give what the draft decides to the config of the smallest networks."""
    config.update({key: value for key, value in draft.items() if key != "budget"} | {
        "cases": config["cases"] | draft["cases"], "rois": config["rois"] | draft["rois"],
        "augmentation": draft["augmentation"], "folds": 2,
        "evaluation": config["evaluation"] | {"costs": None, "smallest_gain": draft["evaluation"]["smallest_gain"]},
    })  # fmt: skip
    config["experiment"] |= {"classic": [60], "generators": ["acgan"], "extra": [], "online": [], "mixup": []}


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_folders, write_coco])
def test_from_a_folder_to_a_report(project, write):
    write(project.folder / "data/set")
    command = [sys.executable, "scripts/make_case_table.py", "--from", "data/set", "--to", "data/mine"]
    done = forked.run([*command, "--patients", "P[0-9]+"], cwd=project.folder)
    assert done.returncode == 0, done.stderr
    draft = yaml.safe_load((project.folder / "data/mine/config.yaml").read_text())
    assert draft["cases"]["table"] == "data/mine/cases.csv"
    project.configure(lambda config: smallest(config, draft))
    done = project.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / "results/mine"
    assert (results / "report.html").stat().st_size
    cases = artifacts.read_csv(results / "cases.csv")
    assert cases.groupby("class")["patient"].nunique().to_dict() == dict.fromkeys(CLASSES, 6)
    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    assert len(headline)
