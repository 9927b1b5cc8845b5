"""Take over synthetic images that another program made, with the patients it was trained on.

Reads, for each training folds and class, a folder with the images (images.npy or PNG, JPEG or TIFF files) and
patients.csv, and checks all of them against the cohort and the seed's folds. Writes what training and sampling a
generator of this workflow would write: to --synthetic-dir the images (uint8, n x 64 x 64) and their index; to
--generator-dir the training set (every lesion of the listed patients) and model.json; each under train-{folds}/{class}.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from steps import command
from synthaug.files import artifacts
from synthaug.generators import imported, imported_files


def write_images(images: np.ndarray, generator: str, cls: str, folder: Path) -> None:
    """Write what sampling writes: the images, uint8 (n, 64, 64), and their index."""
    index = {"sample": range(len(images)), "generator": generator, "class": cls}
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_csv(pd.DataFrame(index), folder / "index.csv")


def write_model(source: imported.Source, rois: pd.DataFrame, params: imported.Params, folder: Path) -> None:
    """Write what training writes, as far as it is known: the training set, from ``rois.csv``, and model.json."""
    record = {
        "imported": True,
        "params": asdict(params),
        "versions": artifacts.versions("numpy", "pandas"),
        "device": "unknown",
        "images": len(source.images),
    }
    artifacts.write_csv(imported_files.train_set(source.patients, rois, "lesion"), folder / "train_set.csv")
    artifacts.write_json(record, folder / "model.json")


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, "rois", "roi-images", "folds")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--generator", required=True, help="name of the imported generator")
    parser.add_argument("--group", required=True, type=int, help="classic augmentations per fold, for the log")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    parser.add_argument("--folders", required=True, help="JSON: by name of a generator, with {seed}, {folds}, {cls}")
    parser.add_argument("--params", required=True, help="JSON object")
    parser.add_argument("--synthetic-dir", required=True, type=Path)
    parser.add_argument("--generator-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("import_synthetic", arguments, private=True) as log:
        params = command.params(imported.Params, arguments.params)
        cohort = imported_files.Cohort(
            artifacts.read_csv(arguments.rois),
            "lesion",
            artifacts.read_csv(arguments.folds),
            artifacts.read_array(arguments.roi_images),
            arguments.seed,
        )
        pattern = json.loads(arguments.folders)[arguments.generator]
        folders = {
            (folds, cls): Path(pattern.format(seed=arguments.seed, folds=folds, cls=cls))
            for folds in arguments.train_folds
            for cls in params.classes
        }
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported.check(folders, cohort, params, arguments.generator)
        log.info("%s, seed %d, for group %d", arguments.generator, arguments.seed, arguments.group)
        for (folds, cls), source in sources.items():
            part = Path(f"train-{folds}") / cls
            write_images(source.images, arguments.generator, cls, arguments.synthetic_dir / part)
            write_model(source, cohort.units, params, arguments.generator_dir / part)
            log.info("train-%s/%s: %d images, %d patients", folds, cls, len(source.images), len(source.patients))


if __name__ == "__main__":
    main()
