"""Compare what a detector has found with the true boxes, slice by slice.

Inputs: `slices/boxes.csv`, `folds.csv`, and of each choice of training folds `detections.csv` and `train_set.csv`,
whose rows of the source `validation` name the slices by which the threshold is chosen.
Outputs: `predictions.csv`: `slice,patient,fold` of each test slice, then what `detection.prediction_table` says, from
which all measures are computed; `matches.csv`: `slice,detection,class,score,iou,outcome,box,overlap`, one row a
detection of a test slice and IoU. A detection is a row of `detections.csv`, from 0; its outcome is hit, duplicate,
false or ignored.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import tested_units
from synthaug.detection import prediction_table
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--boxes", required=True, help="boxes.csv")
    parser.add_argument("--folds", required=True, help="folds.csv of the seed")
    parser.add_argument("--detections", required=True, nargs="+", metavar="FOLDS=PATH", help="detections.csv")
    parser.add_argument("--train-sets", required=True, nargs="+", metavar="FOLDS=PATH", help="train_set.csv")
    parser.add_argument("--params", required=True, help="JSON object, see detection.prediction_table.Params")
    parser.add_argument("--out-dir", required=True, type=Path, help="gets train-<folds>/")
    arguments = parser.parse_args()
    with command.logged("score_detector", arguments) as log:
        params = command.params(prediction_table.Params, arguments.params)
        boxes, folds = artifacts.read_csv(arguments.boxes), artifacts.read_csv(arguments.folds)
        paths = dict(pair.split("=", 1) for pair in arguments.detections)
        train_sets = command.named("--train-sets", arguments.train_sets, paths, "FOLDS=PATH for each of --detections")
        for trained, path in paths.items():
            predictions, matches = prediction_table.table(
                tested_units.outside(folds, trained),
                boxes,
                artifacts.read_csv(path),
                prediction_table.validation_slices(artifacts.read_csv(train_sets[trained])),
                params,
            )
            artifacts.write_csv(predictions, arguments.out_dir / f"train-{trained}" / "predictions.csv")
            artifacts.write_csv(matches, arguments.out_dir / f"train-{trained}" / "matches.csv")
            log.info("folds %s: %d slices, %d boxes", trained, len(predictions), predictions["boxes"].sum())


if __name__ == "__main__":
    main()
