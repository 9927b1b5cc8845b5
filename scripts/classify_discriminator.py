"""Predict with the discriminators of ACGANs, as classifiers of their own (Frid-Adar et al. 2018, Table 5).

Reads the ROIs, the folds and the ACGANs of one preset, classic group and seed. Writes predictions.csv, the training
set (the ACGAN's) and model.json in a folder a choice of training folds.
"""

from pathlib import Path

from steps import command, discriminators
from synthaug.classification import training_sets
from synthaug.files import artifacts
from synthaug.training import device


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True, help="rois.csv")
    parser.add_argument("--roi-images", required=True, help="un-augmented ROIs, .npy")
    parser.add_argument("--folds", required=True, help="folds.csv")
    parser.add_argument("--generators", required=True, type=Path, help="folder with train-<folds>/all")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, a digit each")
    parser.add_argument("--params", required=True, help="JSON object: device, threads, precision")
    parser.add_argument("--out-dir", required=True, type=Path, help="gets train-<folds>")
    arguments = parser.parse_args()
    with command.logged("classify_discriminator", arguments) as log:
        params = command.params(device.Compute, arguments.params)
        where = device.pick(params)
        command.note(device=device.name(where))
        rois, folds = artifacts.read_csv(arguments.rois), artifacts.read_csv(arguments.folds)
        images = artifacts.read_array(arguments.roi_images)
        for train_folds in arguments.train_folds:
            folder = arguments.generators / f"train-{train_folds}" / training_sets.ALL_CLASSES
            done = discriminators.classify(folder, rois, images, folds, train_folds, where)
            out = arguments.out_dir / f"train-{train_folds}"
            artifacts.write_csv(done.predictions, out / "predictions.csv")
            artifacts.write_csv(artifacts.read_csv(folder / "train_set.csv"), out / "train_set.csv")
            artifacts.write_json(done.model | {"parameters": done.parameters}, out / "model.json")
            log.info("folds %s: %d lesions predicted", train_folds, len(done.predictions))


if __name__ == "__main__":
    main()
