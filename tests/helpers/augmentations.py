"""The augmentations that the presets choose, and how far those of the paper reach."""

import yaml

from synthaug.classification import rois
from synthaug.classification.augmentation_choice import Choice
from tests.helpers.common_rules import ROOT

PRESETS = yaml.safe_load((ROOT / "workflow/presets/augmentation.yaml").read_text(encoding="utf-8"))
PAPER = Choice(**PRESETS["ct-lesion"])
REACH = rois.Reach(surround=0.4, shift_diameters=0.1, shift_px=4.0)


def reach(choice: Choice) -> rois.Reach:
    """Return how far the augmentations of ``choice`` reach."""
    return rois.Reach(choice.scales["diameters"][1], choice.shifts["diameters"], choice.shifts["px"])
