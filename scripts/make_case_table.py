"""Write a case table and a draft of the config from the images and annotations that a group has. Run by hand:

    make case-table FROM=data/set TO=data/mine PATIENTS='(P[0-9]+)_'

writes the new folder data/mine, with cases.csv and config.yaml. The format is recognised, or named with FORMAT:
folders (per class), masks (beside the images), coco, labelme, via, yolo, nnunet (also the Medical Segmentation
Decathlon), medmnist, dicom (with SEG or RTSTRUCT), labels (a CSV file) or names (patterns IMAGE and MASK).
docs/own-data.md describes each.
"""

import os
import re
from pathlib import Path

from steps import command
from synthaug.cohort import config_draft
from synthaug.cohort.formats import patients, registry, table, tasks
from synthaug.cohort.formats import source as sources
from synthaug.errors import InputError
from synthaug.files import artifacts


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
    arguments = parser.parse_args()
    with command.logged("make_case_table", arguments) as log:
        if not arguments.source or not arguments.to:
            raise InputError("expected FROM= your folder and TO= a new folder, found none; give both")
        out = Path(arguments.to)
        if os.path.lexists(out):
            raise InputError(f"{out}: expected a new folder, found one that is there; name another or move it away")
        options = sources.Options(
            arguments.only_class, arguments.column, _listed(arguments.names), arguments.image, arguments.mask
        )
        source = sources.at(Path(arguments.source), options)
        name, found = registry.read(source, arguments.format)
        found = tasks.fitted(found, arguments.task, _listed(arguments.classes))
        cases, drawn = table.of_rows(found, source, arguments.patients, out)
        cohort = re.sub(r"[^A-Za-z0-9_-]+", "_", out.name)
        study = config_draft.Study(cohort, arguments.task, _from_here(out / "cases.csv"), found.whole, found.modality)
        with artifacts.replacing_folder(out) as folder:
            artifacts.write_csv(cases, folder / "cases.csv")
            artifacts.write_text(config_draft.text(study, cases), folder / "config.yaml")
            table.write_pictures(drawn, folder)
        counts = cases["class"].replace("", "without lesion").value_counts(sort=False)
        said = ", ".join(f"{count} {cls}" for cls, count in counts.items())
        log.info("%s: %d rows (%s) of %d patients", name, len(cases), said, cases["patient"].nunique())
        if arguments.patients == patients.EACH_IMAGE:
            found.notes.append(
                "each image counts as another patient, as you said; if parts of their names come back, these may be it"
            )
        for cls in config_draft.too_few(cases):
            found.notes.append(f"class {cls} has one patient, too few to test: leave it out with CLASSES=")
        for note in found.notes:
            log.info("note: %s", note)
        log.info("next: read %s/config.yaml and decide what it marks with DECIDE, then", out)
        log.info("  snakemake check_data --cores 2 --configfile %s/config.yaml", out)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _from_here(path: Path) -> str:
    """Return a path as seen from the working folder if it lies below, else in full."""
    whole = Path(os.path.abspath(path))
    return (whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole).as_posix()


if __name__ == "__main__":
    main()
