"""Train one classifier on the training folds and predict every main lesion outside them.

Reads the cohort's ROIs and classic pool, the seed's folds and, for an arm with a generator, its synthetic images of
each class. Writes to --out-dir: predictions.csv and, in the same order, features.npy (last hidden layer); the weights,
the training set (without pixels), loss and accuracy of each epoch, and model.json.
"""

from dataclasses import asdict

import numpy as np

import command
from synthaug import artifacts, classify, device, groups, images, weights
from synthaug.errors import InputError


def main() -> None:
    parser = command.training_parser(__doc__)
    parser.add_argument("--arm", required=True, help="classic, extra or the name of a generator")
    parser.add_argument("--size", required=True, help="images added per fold, such as 5000 or 5000+1000x3")
    parser.add_argument(
        "--synthetic", nargs="*", default=[], help="synthetic images, .npy, one a class in the order of classes"
    )
    parser.add_argument("--params", required=True, help="JSON object of the classifier")
    arguments = parser.parse_args()
    with command.logged("train_classifier", arguments.log) as log:
        params = command.params(classify.Params, arguments.params)
        where = device.pick(params)
        rois, folds = artifacts.read_csv(arguments.rois), artifacts.read_csv(arguments.folds)
        roi_images = artifacts.read_array(arguments.roi_images)
        synthetic = dict(zip(params.classes, arguments.synthetic, strict=bool(arguments.synthetic)))
        train_set = groups.classifier_set(
            rois,
            artifacts.read_csv(arguments.pool_index),
            folds,
            train_folds=arguments.train_folds,
            arm=arguments.arm,
            size=arguments.size,
            classes=params.classes,
            seed=arguments.seed,
            master_seed=params.master_seed,
        )
        unknown = sorted(set(train_set["class"]) - set(params.classes))
        if unknown:
            raise InputError(f"{arguments.folds}: expected the classes {params.classes}, found also {unknown}")
        training = images.gather(
            train_set,
            roi_images,
            artifacts.read_array(arguments.pool_images, memory_map=True),
            {cls: artifacts.read_array(path, memory_map=True) for cls, path in synthetic.items()},
        )
        labels = train_set["class"].map(params.classes.index).to_numpy(np.int64)
        log.info("%d images: %s", len(training), train_set["class"].value_counts(sort=False).to_dict())

        # The same initial weights for every arm and size: within a seed they differ by their training images only.
        names = ("classifier", arguments.seed, arguments.train_folds)
        network = device.place(classify.build(training, params, names), where)
        history = classify.train(network, training, labels, params, names, where)

        test = groups.test_lesions(folds, arguments.train_folds)
        row_of = {lesion: row for row, lesion in enumerate(rois["lesion"])}
        probabilities, features = classify.predict(network, roi_images[test["lesion"].map(row_of)], where)
        out = arguments.out_dir
        artifacts.write_csv(classify.predictions(test, probabilities, params.classes), out / "predictions.csv")
        artifacts.write_array(features, out / "features.npy")
        artifacts.write_csv(train_set.drop(columns="row"), out / "train_set.csv")
        artifacts.write_csv(history, out / "history.csv")
        weights.save(network, out / "weights.safetensors")
        model = {
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas", "safetensors", "torch"),
            "device": device.name(where),
            "parameters": weights.count(network),
            "images": len(training),
        }
        artifacts.write_json(model, out / "model.json")


if __name__ == "__main__":
    main()
