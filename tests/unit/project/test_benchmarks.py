"""The benchmarks' own arithmetic: what they compare must be what they say."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tests.benchmarks import limits, networks, timing
from tests.benchmarks.gpu import protocol
from tests.helpers import common_rules

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


def test_ratios_are_of_the_same_round():
    row = timing.row("s", "w", "p", "images/s", [10.0, 20.0, 40.0], [5.0, 5.0, 40.0])
    assert (row.ours, row.theirs) == (20.0, 5.0)
    assert (row.low, row.ratio, row.high) == (1.5, 2.0, 3.0)


def test_operations_of_a_product_and_of_a_convolution():
    one, two = torch.ones(3, 5), torch.ones(5, 7)
    assert limits.operations(lambda: one @ two) == 2 * 3 * 5 * 7
    kernel = torch.ones(4, 2, 3, 3)
    image = torch.ones(1, 2, 8, 8)
    assert limits.operations(lambda: torch.conv2d(image, kernel, padding=1)) == 2 * 8 * 8 * 4 * 2 * 9


def test_operations_of_the_papers_networks():
    """From the layers' shapes: 109 M multiplications an image forwards for the classifier, 634 M for the generator and
    159 M for the discriminator, and as many for each gradient, of the weights and of what comes in."""
    classifier = networks.operations_per_image("classifier training", "paper") / 2
    first = 64 * 64 * 32 * 25  # no gradient of the image is needed
    gan = 3 * 634e6 + (3 + 3 + 2) * 159e6  # D learns from real and fake images; then G, through D
    assert classifier == pytest.approx(3 * 109e6 - first, rel=0.02)
    assert networks.operations_per_image("DCGAN training", "paper") / 2 == pytest.approx(gan, rel=0.02)


def test_presentations_are_those_of_the_paper_configuration():
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
    common_rules.check(config)  # which completes the presets
    experiment, epochs = config["experiment"], config["classifier"]["epochs"]
    lesions, folds = sum(config["phantom"]["lesions"].values()), config["folds"]
    classes = len(config["cases"]["classes"])

    def presentations(classic: int, further: int, epochs: int) -> int:
        """Each lesion is in all training sets but one; the groups are added once for each fold trained on."""
        return epochs * (lesions * (folds - 1) + folds * (folds - 1) * (classic + further * classes))

    sizes = [(size, 0) for arm in ("classic", "online", "mixup") for size in experiment[arm]]
    arms = ["extra", *["synthetic"] * len(experiment["generators"])]
    sizes += [(experiment["group"], size // classes) for arm in arms for size in experiment[arm]]
    found = protocol.PRESENTATIONS["paper.yaml, one seed"]
    assert found["frid-adar"] == sum(presentations(*size, epochs) for size in sizes)
    for name in experiment["generators"]:
        assert found[name] == presentations(experiment["group"], 0, config["generators"][name]["epochs"])


def test_rates_are_positive():
    assert limits.best_rate(CPU, "float32") > 1e9
    assert np.isfinite(limits.bandwidth(CPU))
