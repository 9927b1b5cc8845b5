"""Write a case table and a draft of the config from the images and annotations that a group has. Run by hand:

    make case-table FROM=data/set TO=data/mine PATIENTS='(P[0-9]+)_'

writes the new folder data/mine, with cases.csv and config.yaml. The format is recognised, or named with FORMAT:
folders (per class), masks (beside the images), coco, labelme, via, yolo, nnunet (also the Medical Segmentation
Decathlon), medmnist, dicom (with SEG or RTSTRUCT), labels (a CSV file) or names (patterns IMAGE and MASK).
docs/own-data.md describes each.
"""

import argparse
import os
import re
from pathlib import Path

import pandas as pd
import yaml

from steps import command
from synthaug.classification import rois
from synthaug.cohort import cases as case_checks
from synthaug.cohort import config_draft, patient_classes
from synthaug.cohort.formats import patients, registry, review, table, tasks
from synthaug.cohort.formats import source as sources
from synthaug.cohort.formats.found import Drawn, Found, listed
from synthaug.detection import case_boxes
from synthaug.errors import InputError
from synthaug.files import artifacts

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS = "problems.txt"
REFUSED = (
    "that check_data would refuse; correct the files, or the rows in cases.csv, or leave them out with INCOMPLETE=skip"
)
LEFT_OUT = "whose rows were left out"


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--from", dest="source", default="", help="the folder, or the file of annotations")
    parser.add_argument("--to", default="", help="a new folder for the table and the draft of the config")
    parser.add_argument("--format", default="", help=f"one of {', '.join(registry.FORMATS)}; recognised without it")
    parser.add_argument("--patients", default="", help="regular expression on paths, or 'image'")
    parser.add_argument("--task", default="classification", choices=tasks.KINDS)
    parser.add_argument("--classes", default="", help="names of the classes that are wanted; all without it")
    parser.add_argument("--class", dest="only_class", default="", help="class of all lesions, where none is named")
    parser.add_argument("--column", default="", help="column or attribute that holds the class")
    parser.add_argument("--names", default="", help="names of numbered classes, from number 0 on")
    parser.add_argument("--image", default="", help="pattern of the images' paths, for names")
    parser.add_argument("--mask", default="", help="pattern of the masks' paths, for names")
    parser.add_argument(
        "--incomplete",
        choices=["refuse", "skip"],
        default="refuse",
        help="rows without image or class, or that check_data would refuse",
    )
    arguments = parser.parse_args()
    with command.logged("make_case_table", arguments) as log:
        if not arguments.source or not arguments.to:
            raise InputError("expected FROM= your folder and TO= a new folder, found none; give both")
        out = Path(arguments.to)
        if os.path.lexists(out):
            raise InputError(f"{out}: expected a new folder, found one that is there; name another or move it away")
        options = sources.Options(
            arguments.only_class,
            arguments.column,
            _listed(arguments.names),
            arguments.image,
            arguments.mask,
            arguments.incomplete == "skip",
            arguments.patients,
        )
        source = sources.at(Path(arguments.source), options)
        name, found = registry.read(source, arguments.format)
        found = tasks.fitted(found, arguments.task, _listed(arguments.classes))
        cases, drawn = table.of_rows(found, source, arguments.patients, out)
        log.info("%s: %d rows (%s) of %d patients", name, len(cases), _counted(cases), cases["patient"].nunique())
        log.info("looking at their images")
        cases, left_out, refused = _write(out, arguments, found, cases, drawn)
        for note in [*found.notes, *_notes(arguments, cases, "image" if found.whole else "lesion")]:
            log.info("note: %s", note)
        for problems, which in [(left_out, LEFT_OUT), (refused, REFUSED)]:
            for line in listed(problems):
                log.info("  %s", line)
            if problems:
                log.info("%d problems %s (%s)", len(problems), which, out / PROBLEMS)
        log.info("next: read %s/config.yaml and decide what it marks with DECIDE, then", out)
        log.info("  snakemake check_data --cores 2 --configfile %s/config.yaml", out)


def _write(
    out: Path, arguments: argparse.Namespace, found: Found, cases: pd.DataFrame, drawn: list[Drawn]
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Write table, pictures and draft.

    Returns
    -------
    The rows; what a check of the data would have refused of others, which were left out, and of these, a line each.
    """
    task, classes = arguments.task, sorted(set(cases["class"]) - {""})
    params = case_checks.Params(classes, of_slices=task != "classification", whole_images=found.whole)
    with artifacts.replacing_folder(out) as folder:
        artifacts.write_csv(cases, folder / "cases.csv")
        table.write_pictures(drawn, folder)
        before = case_boxes.check if task == "detection" else None
        checked, refused = review.of_table(folder / "cases.csv", params, before)
        left_out = []
        if refused and arguments.incomplete == "skip":
            cases, left_out = review.without(cases, refused)
            artifacts.write_csv(cases, folder / "cases.csv")
            checked, refused = review.of_table(folder / "cases.csv", params, before)
        left_out, refused = ([line.replace(str(folder), str(out)) for line in each] for each in [left_out, refused])
        if left_out or refused:
            artifacts.write_text("".join(f"{line}\n" for line in left_out + refused), folder / PROBLEMS)
        study = config_draft.Study(
            re.sub(r"[^A-Za-z0-9_-]+", "_", out.name),
            task,
            _from_here(out / "cases.csv"),
            found.whole,
            found.modality,
            patients.said(arguments.patients),
            _beyond(checked, found.whole) if task == "classification" else 0,
        )
        artifacts.write_text(config_draft.text(study, cases), folder / "config.yaml")
        return cases, left_out, refused


def _notes(arguments: argparse.Namespace, cases: pd.DataFrame, unit: str) -> list[str]:
    """Return what the rows say of patients and classes, a sentence each."""
    notes = []
    if arguments.patients == patients.EACH_IMAGE:
        notes.append("each image counts as another patient, as you said")
    notes += filter(None, [patient_classes.said(cases, unit)])
    few = config_draft.too_few(cases)
    return notes + [f"class {cls} has one patient, too few to test: leave it out with CLASSES=" for cls in few]


def _beyond(checked: pd.DataFrame, whole: bool) -> int:
    """Return how many ROIs reach beyond their image: with the margin of the default config, none of whole images."""
    default = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    margin = 0 if whole else default["rois"]["margin"]
    return sum(share > 0 for share in rois.shares_beyond(checked.dropna(subset=["diameter_px"]), margin))


def _counted(cases: pd.DataFrame) -> str:
    counts = cases["class"].replace("", "without lesion").value_counts(sort=False)
    return ", ".join(f"{count} {cls}" for cls, count in counts.items())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _from_here(path: Path) -> str:
    """Return a path as seen from the working folder if it lies below, else in full."""
    whole = Path(os.path.abspath(path))
    return (whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole).as_posix()


if __name__ == "__main__":
    main()
