"""The data are looked at from the first patient on, long before there are enough of them for an experiment."""

import re

import numpy as np
import pandas as pd
from PIL import Image

from synthaug.files import artifacts
from tests.helpers import pdf_content

LONG = "A-patient-whose-id-was-made-of-a-hash-0123456789abcdef01234567"  # 60 letters and more


def picture(seed, shape=(120, 160)):
    """Speckle, which no other picture has."""
    return np.kron(np.random.default_rng(seed).integers(0, 255, (shape[0] // 4, shape[1] // 4)), np.ones((4, 4)))


def give(project, rows, **changes):
    """Write pictures, the case table of (lesion, patient, class, seed of the picture, box), and a config for them."""
    folder = project.folder / "data"
    folder.mkdir()
    table = []
    for lesion, patient, cls, seed, box in rows:
        Image.fromarray(picture(seed).astype(np.uint8)).save(folder / f"{lesion}.png")
        table.append((lesion, patient, cls, f"{lesion}.png", box, "with, a comma"))
    columns = ["lesion", "patient", "class", "image", "box", "remark"]
    pd.DataFrame(table, columns=columns).to_csv(folder / "cases.csv", index=False)

    def use(config):
        config["cohort"] = "mine"
        config["cases"].update(table="data/cases.csv", classes=["benign", "malignant"], positive="malignant")
        config["rois"].update(intensity={"mode": "percentile", "low": 0, "high": 100}, **changes)
        config["evaluation"].update(costs=None)

    project.configure(use)
    return project.folder / "results/mine"


def test_the_first_lesion_of_the_first_patient(project):
    results = give(project, [("L1", LONG, "benign", 1, "60,40,99,79")])
    done = project.snakemake("check_data")
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    notes = (results / "check/notes.txt").read_text()
    few = "class benign: expected at least 2 patients in the main set for 2 folds, found 1; add patients"
    none = "class malignant: expected lesions, found none; add some or remove the class from the config"
    assert few in notes
    assert f"{notes}\nLook at:\n  results/mine/check/contours.pdf\n  results/mine/evaluation/figures/fig3.png\n" in text
    assert none in notes
    assert "WARNING [write_notes] The experiment will not run before the cohort is larger" in text
    assert (results / "check/suggested_cases.csv").read_text() == ""
    assert (results / "evaluation/figures/fig3.png").exists()
    # What is drawn as seen by the network is what it will see.
    (roi,) = artifacts.read_array(results / "rois/images.npy")
    shown = pdf_content.images((results / "check/contours.pdf").read_bytes())
    assert [np.array_equal(image, roi) for image in shown] == [False, True, False]  # between outline and slice

    plans = project.folder / "analysis-plans"
    done = project.snakemake()
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert re.search(rf"ERROR \[(make_folds|register_analysis_plan)\] {re.escape(few)}", text)
    assert none in text
    assert not list(plans.glob("*.json"))
    assert not list(results.rglob("predictions.csv"))


def test_patients_that_are_one_are_suggested_as_one_and_rois_at_the_border_are_named(project):
    rows = [
        ("a1", "P1", "benign", 1, "60,40,99,79"),
        ("a2", LONG, "malignant", 1, "61,40,99,79"),
        ("b1", "P3", "benign", 2, "60,40,99,79"),
        ("b2", LONG, "benign", 2, "60,41,99,79"),
        ("c1", "P4", "malignant", 3, "0,0,30,30"),
    ]
    results = give(project, rows, padding="constant")
    done = project.snakemake("check_data")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [check_duplicates] images: expected different ones of different patients, found 2 pairs" in text
    # The job's own line and where to look stand there; Snakemake's log has its command.
    shown = [results / "check" / name for name in ("notes.txt", "contours.pdf", "suggested_cases.csv")]
    assert "\n".join(["Look at:", *(f"  {path.relative_to(project.folder)}" for path in shown)]) in text
    (log,) = (project.folder / ".snakemake/log").glob("*.log")
    for words in ("CalledProcessError", "WorkflowError", "set -euo pipefail"):
        assert words not in text
        assert words in log.read_text()
    notes = (results / "check/notes.txt").read_text().splitlines()
    assert notes[0] == "The cohort is large enough for 2 folds, unless the pairs below change its patients."
    listed = [line.strip() for line in notes if "same pixels" in line]
    assert listed == [
        f"a1 (patient P1, row 2) and a2 (patient {LONG}, row 3): contradicting classes benign and malignant; "
        "same pixels, correlation 1.000",
        f"b1 (patient P3, row 4) and b2 (patient {LONG}, row 5): same pixels, correlation 1.000",
    ]
    checked = pd.read_csv(results / "cases.csv").set_index("lesion").loc["c1"]
    side = 1.5 * checked["diameter_px"]  # with a margin of a quarter; the centre is at 15 px, and the border at -0.5
    beyond = 1 - ((side / 2 + 15.5) / side) ** 2
    assert f"  c1, patient P4: {100 * beyond:.1f} %" in notes
    assert [line.split(",")[0] for line in notes if line.endswith(" %")] == ["  c1"]
    roi = artifacts.read_array(results / "rois/images.npy")[-1]
    black = round(64 * (side / 2 - 15.5) / side)
    assert not roi[: black - 1].any()
    assert not roi[:, : black - 1].any()

    # The user takes the suggestion.
    given = pd.read_csv(project.folder / "data/cases.csv", dtype=str)
    (project.folder / "data/merged.csv").write_text((results / "check/suggested_cases.csv").read_text())
    merged = pd.read_csv(project.folder / "data/merged.csv", dtype=str)
    assert merged["patient"].tolist() == ["P1", "P1", "P1", "P1", "P4"]
    pd.testing.assert_frame_equal(merged.drop(columns="patient"), given.drop(columns="patient"))
    project.configure(lambda config: config["cases"].update(table="data/merged.csv"))
    done = project.snakemake("check_data")
    assert done.returncode == 0, done.stdout + done.stderr
    notes = (results / "check/notes.txt").read_text()
    assert "No two patients share an image" in notes
    assert "the pairs below" not in notes
    assert (results / "check/suggested_cases.csv").read_text() == ""
