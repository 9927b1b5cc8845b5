"""Train the classifiers of one arm, size and seed with synthetic images that weigh less in the loss.

Reads and writes what train_classifier.py does.
"""

from steps import classifier_training
from synthaug.classification.uses import use, weight


def way(images: use.Images, arm: str, settings: dict) -> use.Use:
    """Return how images are taken."""
    return weight.Weight(images, weight.Params(**settings))


if __name__ == "__main__":
    classifier_training.main("train_weight", __doc__, way)
