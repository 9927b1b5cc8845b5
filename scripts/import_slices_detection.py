"""Take over synthetic slices with boxes that another program made, with the patients it was trained on.

Reads, for each choice of training folds, a folder with images, boxes.csv and patients.csv, and checks all of them
against the cohort and the seed's folds. Takes as many slices as the largest size needs. Writes to --synthetic-dir
images.npy, boxes.csv and index.csv, to --generator-dir the training set (every slice of the listed patients) and
model.json; each under train-{folds}/all.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from steps import command, imported_images
from synthaug.detection import imported_slices, training_sets, validation_patients
from synthaug.files import artifacts
from synthaug.generators import imported_files


@dataclass(frozen=True)
class Params:
    """What the folders must offer."""

    classes: list[str]
    synthetic: int  # the largest size, slices per 100 real ones
    validation: float  # the share of the training patients
    master_seed: int


def wanted(cohort: imported_files.Cohort, boxes: pd.DataFrame, trained: str, params: Params) -> imported_slices.Wanted:
    """Return what the models of the training folds ``trained`` need."""
    learned, kept = validation_patients.split(
        cohort.folds, boxes, params.validation,
        train_folds=trained, seed=cohort.seed, master_seed=params.master_seed,
    )  # fmt: skip
    count = training_sets.number_of(str(params.synthetic), len(learned))
    return imported_slices.Wanted(count, frozenset(kept["patient"]))


def write(source: imported_slices.Source, generator: str, folder: Path) -> None:
    """Write what sampling writes."""
    index = imported_images.index_of_slices(len(source.images), generator)
    artifacts.write_array(source.images, folder / "images.npy")
    artifacts.write_csv(source.boxes, folder / "boxes.csv")
    artifacts.write_csv(index.assign(flip=0, shift_x=0.0, shift_y=0.0, zoom=1.0), folder / "index.csv")


def main() -> None:
    parser = imported_images.parser_of_slices(__doc__)
    parser.add_argument("--boxes", required=True, help="boxes of the slices, boxes.csv")
    arguments = parser.parse_args()
    with command.logged("import_slices_detection", arguments, private=True) as log:
        params = command.params(Params, arguments.params)
        cohort, boxes = imported_images.cohort_of_slices(arguments), artifacts.read_csv(arguments.boxes)
        folders = {folds: imported_images.folder(arguments, folds) for folds in arguments.train_folds}
        needed = {folds: wanted(cohort, boxes, folds, params) for folds in folders}
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported_slices.check(folders, cohort, needed, params.classes, arguments.generator)
        for folds, source in sources.items():
            part, count = f"train-{folds}/all", len(source.images)
            write(source, arguments.generator, arguments.synthetic_dir / part)
            imported_images.write_model(source.patients, count, cohort, params, arguments.generator_dir / part)
            log.info("train-%s: %d slices, %d boxes", folds, count, len(source.boxes))


if __name__ == "__main__":
    main()
