"""The first rules of the workflow, in this process: a drafted config and its table become what networks learn from."""

from pathlib import Path

import yaml

import check_cases
import check_cases_detection
import cut_slices
import cut_slices_detection
import extract_rois
from tests.helpers import case_tables, common_rules

CUTTERS = {"segmentation": (cut_slices, "labels", "npy"), "detection": (cut_slices_detection, "boxes", "csv")}


def run(config: Path, place: Path, out: Path) -> dict[str, Path]:
    """Check the cases of a drafted config and cut its ROIs or slices, as the rules do.

    Parameters
    ----------
    config
        As `make_case_table.py` wrote it.
    place
        The folder from which its paths start.
    out
        Gets the files.

    Returns
    -------
    The files by the names that the rules' outputs have.
    """
    draft = yaml.safe_load(config.read_text(encoding="utf-8"))
    names = case_tables.check_config(draft)
    whole, as_text = names["config"], names["canonical_json"]
    out.mkdir()
    files = {"cases": out / "cases.csv"}
    table = ["--table", whole["cases"]["table"], "--params"]
    further = names["given_split_params"]() | names["mask_params"]() | names["task_rows"]()
    check = check_cases_detection if whole["task"] == "detection" else check_cases
    _run(place, check, *table, as_text(classes=whole["cases"]["classes"], **further), "--out", files["cases"])
    files["images"] = out / "images.npy"
    taken = ["--cases", files["cases"], "--images", files["images"], *table]
    if whole["task"] == "classification":
        common_rules.include(common_rules.ROOT / "workflow/rules/classification/helpers.smk", names)
        params = as_text(**names["chosen_rois"](), reach=names["augmentation_reach"]())
        files |= {"index": out / "rois.csv", "crops": out / "crops.npz"}
        _run(place, extract_rois, *taken, params, "--index", files["index"], "--crops", files["crops"])
    else:
        cutter, annotated, suffix = CUTTERS[whole["task"]]
        files |= {"slices": out / "slices.csv", annotated: out / f"{annotated}.{suffix}"}
        params = as_text(classes=whole["cases"]["classes"], **whole["slices"])
        _run(place, cutter, *taken, params, "--slices", files["slices"], f"--{annotated}", files[annotated])
    return files


def _run(place: Path, script, *arguments: object) -> None:
    done = case_tables.ran(script, *arguments, cwd=place)
    assert done.returncode == 0, done.stderr
