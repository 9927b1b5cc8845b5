"""Keys of the segmenter that contradict each other stop before any job, in one line each."""

from pathlib import Path

import pytest
import yaml

from tests.helpers import common_rules

CONFIG = Path(__file__).parents[2] / "config/segmentation.yaml"
FCN8S = {"preset": "fcn8s-small"}


def problems(segmenter: dict, **slices) -> list[str]:
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    config["segmenter"] = segmenter
    config["slices"].update(slices)
    return common_rules.check(config)["segmenter_problems"]()


@pytest.mark.parametrize("segmenter", [{"preset": "unet-small"}, FCN8S])
def test_presets_have_none(segmenter):
    assert problems(segmenter) == []


@pytest.mark.parametrize(
    ("segmenter", "expected"),
    [
        (
            {"preset": "unet", "widths": [8] * 6},
            "widths: a unet of slices of 64 px has at most 5; remove the last ones",
        ),
        ({"preset": "unet", "weights": "vgg.safetensors"}, "weights: a unet starts from scratch"),
        ({**FCN8S, "widths": [8] * 5}, "widths: expected the 6 of an fcn8s, found 5"),
        ({"preset": "unet-small", "architecture": "fcn8s", "widths": [8] * 6}, "dropout: an fcn8s needs one"),
    ],
)
def test_contradictions_stop_the_run(segmenter, expected):
    with pytest.raises(SystemExit, match=expected) as error:
        problems(segmenter, side=64)
    assert str(error.value).count("segmenter: ") == 1
