"""Take over synthetic images that another program made, with the patients it was trained on.

Reads, for each training folds and class, a folder with the images (images.npy or PNG, JPEG or TIFF files) and
patients.csv, and checks all of them against the cohort and the seed's folds. Writes what training and sampling a
generator of this workflow would write: to --synthetic-dir the images (uint8, n x 64 x 64) and their index; to
--generator-dir the training set (every lesion of the listed patients) and model.json; each under train-{folds}/{class}.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from steps import command, imported_images
from synthaug.files import artifacts
from synthaug.generators import imported, imported_files


def write_images(images: np.ndarray, generator: str, cls: str, folder: Path) -> None:
    """Write what sampling writes: the images, uint8 (n, 64, 64), and their index."""
    index = {"sample": range(len(images)), "generator": generator, "class": cls}
    artifacts.write_array(images, folder / "images.npy")
    artifacts.write_csv(pd.DataFrame(index), folder / "index.csv")


def main() -> None:
    parser = command.parser(__doc__)
    command.add_files(parser, "rois", "roi-images", "folds")
    imported_images.add_arguments(parser)
    parser.add_argument("--group", required=True, type=int, help="classic augmentations per fold, for the log")
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
        folders = {
            (folds, cls): imported_images.folder(arguments, folds, cls=cls)
            for folds in arguments.train_folds
            for cls in params.classes
        }
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported.check(folders, cohort, params, arguments.generator)
        log.info("%s, seed %d, for group %d", arguments.generator, arguments.seed, arguments.group)
        for (folds, cls), source in sources.items():
            part = Path(f"train-{folds}") / cls
            write_images(source.images, arguments.generator, cls, arguments.synthetic_dir / part)
            imported_images.write_model(
                source.patients, len(source.images), cohort, params, arguments.generator_dir / part
            )
            log.info("train-%s/%s: %d images, %d patients", folds, cls, len(source.images), len(source.patients))


if __name__ == "__main__":
    main()
