"""Take over synthetic slices with their masks that another program made, with the patients it was trained on.

Reads, for each choice of training folds, a folder with images, masks and patients.csv, and checks all of them against
the cohort, the seed's folds and the share. Takes as many pairs as the share has slices with a lesion, one for each mask
as the generators of this workflow make them. Writes to --synthetic-dir the images, label maps and index.csv, to
--generator-dir the training set (every slice of the listed patients) and model.json; each under train-{folds}/all.
"""

from dataclasses import dataclass
from pathlib import Path

from steps import command, imported_images
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


def write(source: imported_pairs.Source, generator: str, folder: Path) -> None:
    """Write what sampling writes."""
    artifacts.write_array(source.images, folder / "images.npy")
    artifacts.write_array(source.labels, folder / "labels.npy")
    artifacts.write_csv(imported_images.index_of_slices(len(source.images), generator), folder / "index.csv")


def main() -> None:
    parser = imported_images.parser_of_slices(__doc__)
    parser.add_argument("--share", required=True, help="of the training patients, per mille")
    arguments = parser.parse_args()
    with command.logged("import_pairs", arguments, private=True) as log:
        params = command.params(Params, arguments.params)
        cohort = imported_images.cohort_of_slices(arguments)
        folders = {
            folds: imported_images.folder(arguments, folds, share=arguments.share) for folds in arguments.train_folds
        }
        parts = {folds: share_of(cohort, folds, arguments.share, params) for folds in folders}
        with artifacts.observed():  # not for the record: the user's own files are recorded as they are taken over
            sources = imported_pairs.check(folders, cohort, parts, params, arguments.generator)
        for folds, source in sources.items():
            part, count = f"train-{folds}/all", len(source.images)
            write(source, arguments.generator, arguments.synthetic_dir / part)
            imported_images.write_model(source.patients, count, cohort, params, arguments.generator_dir / part)
            log.info("train-%s: %d pairs, %d patients", folds, count, len(source.patients))


if __name__ == "__main__":
    main()
