"""Train the classifiers of one arm, size and seed on mixtures of a real and a synthetic image of one class.

Reads and writes what train_classifier.py does.
"""

from steps import classifier_training
from synthaug.classification.uses import genmix, use


def way(images: use.Images, arm: str, settings: dict) -> use.Use:
    """Return how images are taken."""
    return genmix.Genmix(images, genmix.Params(**settings))


if __name__ == "__main__":
    classifier_training.main("train_genmix", __doc__, way)
