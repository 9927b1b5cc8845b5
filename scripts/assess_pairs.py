"""Measure the synthetic slices of one generator, seed and share against real ones, and search them for copies.

Reads, for all choices of training folds, the synthetic slices, what their generator was trained on, and the segmenter
of real slices of the same folds and share. Writes what assess_generator writes: quality.csv, each measure beside the
same measure between real slices of different patients; copies.csv, each synthetic slice that was looked at with its
nearest training slice; card.csv and diagnosis.csv, one row each; and a sheet of the slices that are nearest to training
slices.

A slice is painted for a mask that the generator has learned with its slice, so it may come near to that slice. What the
search finds is no accusation here: it says how far the generator goes beyond what it was shown.
"""

from functools import partial
from pathlib import Path

from steps import command, slice_assessment
from synthaug.cohort import given_split
from synthaug.files import artifacts
from synthaug.segmentation import slice_features, stored_segmenter
from synthaug.training import device


def main() -> None:
    parser = slice_assessment.parser(__doc__)
    parser.add_argument("--labels", required=True, help="label maps of the slices, .npy")
    parser.add_argument("--share", required=True, help="of the training patients, per mille")
    parser.add_argument("--segmenters", required=True, nargs="+", metavar="FOLDS=FOLDER", help="of the arm original")
    arguments = parser.parse_args()
    with command.logged("assess_pairs", arguments) as log:
        params = command.params(slice_assessment.Params, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        folds = artifacts.read_csv(arguments.folds)
        cohort = slice_assessment.Cohort(
            artifacts.read_csv(arguments.units),
            folds,
            artifacts.read_array(arguments.images, memory_map=True),
            artifacts.read_array(arguments.labels, memory_map=True).any(axis=(1, 2)),
            lambda trained: given_split.learned_from(folds, trained)["slice"],
        )
        folders = slice_assessment.by_folds(arguments.segmenters)

        def features(trained: str) -> slice_assessment.Features:
            network = stored_segmenter.load(Path(folders[trained]), where)
            return partial(slice_features.features, network, where=where)

        made_by = slice_assessment.generator(arguments, arguments.share)
        title = f"Generator {made_by.name}, seed {made_by.seed}, {int(arguments.share) / 10:g} % of the patients"
        slice_assessment.assess(cohort, made_by, features, params, arguments, title, log)


if __name__ == "__main__":
    main()
