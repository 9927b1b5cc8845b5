"""Which augmentations the config chooses, and how many a lesion has of them (paper section 3.1).

Every augmentation is a rotation, alone or with exactly one of a flip, a translation, a scale, or a change of the gray
values. The paper has 30 rotations, each alone, with three flips, seven translations and five scales: 480 of a lesion.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """What ``augmentation`` in the config chooses, without the name of its preset.

    Attributes
    ----------
    rotations
        ``number`` of angles, and the range of their ``degrees``, anticlockwise.
    flips
        Any of ``up-down``, ``left-right`` and ``both``; each occurs once with every rotation.
    shifts
        ``number`` of translations with every rotation; the largest one in x and in y, as a fraction of the lesion's
        diameter (``diameters``) and in native px (``px``; None for no such limit).
    scales
        ``number`` of scales with every rotation, and the range of the tissue that they show, in ``diameters``.
    intensities
        ``number`` of changes of the gray values with every rotation, and the ranges of ``gain``, ``gamma`` and
        ``noise``, see `gray_values.changed`.
    """

    rotations: dict
    flips: list[str]
    shifts: dict
    scales: dict
    intensities: dict

    @property
    def per_kind(self) -> list[int]:
        """How many augmentations of each kind share a rotation: alone, flips, translations, scales, intensities."""
        return [1, len(self.flips), *(part["number"] for part in (self.shifts, self.scales, self.intensities))]

    @property
    def per_lesion(self) -> int:
        """The number of augmentations of each lesion."""
        return self.rotations["number"] * sum(self.per_kind)

    def reach_px(self, diameter_px: float) -> float:
        """Return the largest translation in x and in y of a lesion of this diameter, in native px."""
        reach = self.shifts["diameters"] * diameter_px
        return reach if self.shifts["px"] is None else min(self.shifts["px"], reach)
