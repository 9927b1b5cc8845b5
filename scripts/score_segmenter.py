"""Compare the label maps that a segmenter has predicted with the true ones, slice by slice.

Inputs: `slices/slices.csv` and the label maps, `folds.csv`, and `masks.npy`, the predicted label maps of all slices
outside the training folds. Output: `predictions.csv`: `slice,patient,fold` and, for each class, areas, lesions and
distances of outlines; see `synthaug.segmentation.slice_scores`.
"""

from dataclasses import dataclass

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
    parser.add_argument("--train-folds", required=True, help="folds that the segmenter was trained on, such as 12")
    parser.add_argument("--masks", required=True, help="predicted label maps (.npy)")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="predictions.csv")
    arguments = parser.parse_args()
    with command.logged("score_segmenter", arguments) as log:
        params = command.params(Params, arguments.params)
        table = prediction_table.table(
            artifacts.read_csv(arguments.slices),
            artifacts.read_array(arguments.labels, memory_map=True),
            artifacts.read_csv(arguments.folds),
            arguments.train_folds,
            artifacts.read_array(arguments.masks),
            params.classes,
            params.scoring(),
        )
        artifacts.write_csv(table, arguments.out)
        log.info("%d slices", len(table))


if __name__ == "__main__":
    main()
