"""Take over synthetic slices with their masks that another program made, with the patients it was trained on.

Reads, for each choice of training folds, a folder with images, masks and patients.csv, and checks all of them against
the cohort, the seed's folds and the share. Takes as many pairs as the share has slices with a lesion, one for each mask
as the generators of this workflow make them. Writes to --synthetic-dir the images, label maps and index.csv, to
--generator-dir the training set (every slice of the listed patients) and model.json; each under train-{folds}/all.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.files import artifacts
from synthaug.generators import imported_files
from synthaug.segmentation import columns, imported_pairs, shares


@dataclass(frozen=True)
class Params(imported_pairs.Params):
    """What the masks show, and what the shares depend on."""

    master_seed: int


def share_of(cohort: imported_files.Cohort, trained: str, share: str, params: Params) -> imported_pairs.Share:
    """Return a share of the folds ``trained``, as the generators of this workflow have it."""
    rows = shares.training_slices(
        cohort.units, cohort.folds, trained, share,
        classes=params.classes, seed=cohort.seed, master_seed=params.master_seed,
    )  # fmt: skip
    areas = rows[[columns.area(cls) for cls in params.classes]]
    return imported_pairs.Share(share, int(areas.gt(0).any(axis=1).sum()), frozenset(rows["patient"]))


def write(source: imported_pairs.Source, units: pd.DataFrame, params: Params, generator: str, out: list[Path]) -> None:
    """Write what sampling writes to the first folder of ``out``, and to the second what is known of the training."""
    synthetic, trained = out
    index = pd.DataFrame({"sample": range(len(source.images)), "slice": "", "generator": generator})
    artifacts.write_array(source.images, synthetic / "images.npy")
    artifacts.write_array(source.labels, synthetic / "labels.npy")
    artifacts.write_csv(index, synthetic / "index.csv")
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
    command.add_files(parser, "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the imported generator")
    parser.add_argument("--share", required=True, help="of the training patients, per mille")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    parser.add_argument("--folders", required=True, help="JSON: by name of a generator, with {seed}, {folds}, {share}")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--synthetic-dir", required=True, type=Path)
    parser.add_argument("--generator-dir", required=True, type=Path)
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    with command.logged("import_pairs", arguments, private=True) as log:
        params = command.params(Params, arguments.params)
        cohort = imported_files.Cohort(
            artifacts.read_csv(arguments.units),
            "slice",
            artifacts.read_csv(arguments.folds),
            artifacts.read_array(arguments.images, memory_map=True),
            arguments.seed,
        )
        pattern = json.loads(arguments.folders)[arguments.generator]
        folders = {
            folds: Path(pattern.format(seed=arguments.seed, folds=folds, share=arguments.share))
            for folds in arguments.train_folds
        }
        parts = {folds: share_of(cohort, folds, arguments.share, params) for folds in folders}
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported_pairs.check(folders, cohort, parts, params, arguments.generator)
        for folds, source in sources.items():
            out = [folder / f"train-{folds}/all" for folder in (arguments.synthetic_dir, arguments.generator_dir)]
            write(source, cohort.units, params, arguments.generator, out)
            log.info("train-%s: %d pairs, %d patients", folds, len(source.images), len(source.patients))


if __name__ == "__main__":
    main()
