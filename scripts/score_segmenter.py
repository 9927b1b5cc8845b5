"""Compare the label maps that a segmenter has predicted with the true ones, slice by slice.

Inputs: `slices/slices.csv` and the label maps, `folds.csv`, and `masks.npy`, the predicted label maps of all slices
outside the training folds. Output: `predictions.csv`: `slice,patient,fold` and, for each class, areas, lesions and
distances of outlines; see `synthaug.segmentation.slice_scores`.
"""

from dataclasses import dataclass
from pathlib import Path

from steps import command
from synthaug.files import artifacts
from synthaug.segmentation import prediction_table, slice_scores


@dataclass(frozen=True)
class Params(slice_scores.Params):
    """The classes, and what counts."""

    classes: list[str]

    def scoring(self) -> slice_scores.Params:
        """Return the part that says what counts."""
        return slice_scores.Params(self.tolerance_mm, self.smallest_lesion_px)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--labels", required=True, help="true label maps (.npy)")
    parser.add_argument("--folds", required=True, help="folds.csv of the seed")
    parser.add_argument("--masks", required=True, nargs="+", metavar="FOLDS=PATH", help="predicted label maps (.npy)")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out-dir", required=True, type=Path, help="gets train-<folds>/predictions.csv")
    arguments = parser.parse_args()
    with command.logged("score_segmenter", arguments) as log:
        params = command.params(Params, arguments.params)
        slices, folds = artifacts.read_csv(arguments.slices), artifacts.read_csv(arguments.folds)
        labels = artifacts.read_array(arguments.labels, memory_map=True)
        for trained, path in (pair.split("=", 1) for pair in arguments.masks):
            masks = artifacts.read_array(path)
            table = prediction_table.table(slices, labels, folds, trained, masks, params.classes, params.scoring())
            artifacts.write_csv(table, arguments.out_dir / f"train-{trained}" / "predictions.csv")
            log.info("folds %s: %d slices", trained, len(table))


if __name__ == "__main__":
    main()
