"""Train the classifiers of one arm, size and seed first on synthetic images, then on real ones alone.

Reads and writes what train_classifier.py does.
"""

from steps import classifier_training
from synthaug.classification.uses import pretrain, use


def way(images: use.Images, arm: str, settings: dict) -> use.Use:
    """Return how images are taken."""
    return pretrain.Pretrain(images, pretrain.Params(**settings))


if __name__ == "__main__":
    classifier_training.main("train_pretrain", __doc__, way)
