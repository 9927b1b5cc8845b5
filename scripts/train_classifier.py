"""Train the classifiers of one arm, size and seed, one per choice of training folds; each predicts what it never saw.

Reads the cohort's ROIs, crops and classic pool, the seed's folds and, for an arm with a generator, its synthetic images
of each class; and the user's file of weights to start from, if there is one. Writes to --out-dir/train-<folds>:
predictions.csv and, in the same order, features.npy (last hidden layer); the weights, the training set (without
pixels), loss and accuracy of each epoch, and model.json.
"""

from steps import classifier_training
from synthaug.classification.uses import mixup, use
from synthaug.terms import arms


def way(images: use.Images, arm: str, settings: dict) -> use.Use:
    """Return how images are taken: pairs are mixed in the arm ``mixup``, and in no other one."""
    return mixup.Mixup(images, mixup.Params(**settings)) if arm == arms.MIXUP else use.Use(images)


if __name__ == "__main__":
    classifier_training.main("train_classifier", __doc__, way)
