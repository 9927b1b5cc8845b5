"""Take over synthetic slices with boxes that another program made, with the patients it was trained on.

Reads, for each choice of training folds, a folder with images, boxes.csv and patients.csv, and checks all of them
against the cohort and the seed's folds. Takes as many slices as the largest size needs. Writes to --synthetic-dir
images.npy, boxes.csv and index.csv, to --generator-dir the training set (every slice of the listed patients) and
model.json; each under train-{folds}/all.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from steps import command
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


def write(source: imported_slices.Source, units: pd.DataFrame, params: Params, generator: str, out: list[Path]) -> None:
    """Write what sampling writes to the first folder of ``out``, and to the second what is known of the training."""
    synthetic, trained = out
    index = pd.DataFrame({"sample": range(len(source.images)), "slice": "", "generator": generator})
    artifacts.write_array(source.images, synthetic / "images.npy")
    artifacts.write_csv(source.boxes, synthetic / "boxes.csv")
    artifacts.write_csv(index.assign(flip=0, shift_x=0.0, shift_y=0.0, zoom=1.0), synthetic / "index.csv")
    record = {
        "imported": True,
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas"),
        "device": "unknown",
        "images": len(source.images),
    }
    artifacts.write_csv(imported_files.train_set(source.patients, units, "slice"), trained / "train_set.csv")
    artifacts.write_json(record, trained / "model.json")


def parse() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command.parser(__doc__)
    parser.add_argument("--units", required=True, help="slices.csv")
    parser.add_argument("--images", required=True, help="the slices, .npy")
    parser.add_argument("--boxes", required=True, help="their boxes, boxes.csv")
    command.add_files(parser, "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the imported generator")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    parser.add_argument("--folders", required=True, help="JSON: by name of a generator, with {seed} and {folds}")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--synthetic-dir", required=True, type=Path)
    parser.add_argument("--generator-dir", required=True, type=Path)
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    with command.logged("import_slices_detection", arguments, private=True) as log:
        params = command.params(Params, arguments.params)
        cohort = imported_files.Cohort(
            artifacts.read_csv(arguments.units),
            "slice",
            artifacts.read_csv(arguments.folds),
            artifacts.read_array(arguments.images, memory_map=True),
            arguments.seed,
        )
        boxes, pattern = artifacts.read_csv(arguments.boxes), json.loads(arguments.folders)[arguments.generator]
        folders = {folds: Path(pattern.format(seed=arguments.seed, folds=folds)) for folds in arguments.train_folds}
        needed = {folds: wanted(cohort, boxes, folds, params) for folds in folders}
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported_slices.check(folders, cohort, needed, params.classes, arguments.generator)
        for folds, source in sources.items():
            out = [folder / f"train-{folds}/all" for folder in (arguments.synthetic_dir, arguments.generator_dir)]
            write(source, cohort.units, params, arguments.generator, out)
            log.info("train-%s: %d slices, %d boxes", folds, len(source.images), len(source.boxes))


if __name__ == "__main__":
    main()
