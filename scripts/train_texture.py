"""Train on texture features of each combination of training folds and predict every main lesion outside it.

Reads the cohort's un-augmented ROIs and the seed's folds. Writes to --out-dir/train-{folds}: predictions.csv, the
training set (without pixels), and model.json with the C and gamma that were found.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import command
from synthaug import artifacts, groups, images, prediction, svm, texture
from synthaug.errors import InputError


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True, help="rois.csv")
    parser.add_argument("--roi-images", required=True, help="un-augmented ROIs, .npy")
    parser.add_argument("--folds", required=True, help="folds.csv")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--arm", required=True, choices=[texture.GLCM, texture.GABOR])
    parser.add_argument("--train-folds", required=True, nargs="+", help="combinations of folds, a digit each: 12 02 01")
    parser.add_argument("--params", required=True, help="JSON object of the texture features")
    parser.add_argument("--out-dir", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("train_texture", arguments.log) as log:
        params = command.params(texture.Params, arguments.params)
        rois, folds = artifacts.read_csv(arguments.rois), artifacts.read_csv(arguments.folds)
        unknown = sorted(set(folds["class"]) - set(params.classes))
        if unknown:
            raise InputError(f"{arguments.folds}: expected the classes {params.classes}, found also {unknown}")
        roi_images = artifacts.read_array(arguments.roi_images)
        row_of = {lesion: row for row, lesion in enumerate(rois["lesion"])}
        patient_of = folds.set_index("lesion")["patient"]
        for train_folds in arguments.train_folds:
            train_set = groups.classifier_set(
                rois,
                pd.DataFrame(columns=["lesion", "rank"]),  # no augmentations
                folds,
                train_folds=train_folds,
                arm=groups.CLASSIC,
                size="0",
                classes=params.classes,
                seed=arguments.seed,
                master_seed=params.master_seed,
            )
            training = images.gather(train_set, roi_images, pool=roi_images[:0], synthetic={})
            labels = train_set["class"].map(params.classes.index).to_numpy(np.int64)
            patients = train_set["lesion"].map(patient_of).to_numpy(str)
            names = ("baseline", arguments.seed, train_folds)
            with threadpool_limits(params.threads):
                inner = svm.inner_folds(labels, patients, params.svm["inner_folds"], params.master_seed, names)
                model = svm.search([], texture.features(training, arguments.arm, params), labels, inner, params.svm)
                test = groups.test_lesions(folds, train_folds)
                features = texture.features(roi_images[test["lesion"].map(row_of)], arguments.arm, params)
                probabilities = svm.probabilities(svm.decisions(model, features))
            log.info("train-%s: %d images, %s", train_folds, len(training), svm.chosen(model))

            out = arguments.out_dir / f"train-{train_folds}"
            artifacts.write_csv(prediction.table(test, probabilities, params.classes), out / "predictions.csv")
            artifacts.write_csv(train_set.drop(columns="row"), out / "train_set.csv")
            record = {
                "params": asdict(params),
                "versions": artifacts.versions("numpy", "pandas", "scikit-image", "scikit-learn"),
                "device": "cpu",
                "images": len(training),
                "svm": svm.chosen(model),
            }
            artifacts.write_json(record, out / "model.json")


if __name__ == "__main__":
    main()
