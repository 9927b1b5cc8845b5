"""What a mask holds, whatever its format: its labels, and where each of them is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Labels:
    """The labels of one mask on its image's grid.

    Attributes
    ----------
    names
        The labels that are drawn somewhere, ascending, and what the file calls them ("" without a name, ``#rrggbb``
        of a colour).
    lesion
        Returns where one of them is, bool (z, y, x); raises an `InputError` if it is drawn off the image's grid. Labels
        of a DICOM file may overlap; each is drawn whole.
    """

    names: Mapping[float, str]
    lesion: Callable[[float], np.ndarray]

    def listed(self) -> str:
        """Return the labels as text for a message, at most 20."""
        texts = [f"{label:.9g}" + (f" ({name})" if name else "") for label, name in list(self.names.items())[:20]]
        return ", ".join(texts) + (" ..." if len(self.names) > 20 else "")


def of_volume(values: np.ndarray) -> Labels:
    """Return the labels of a mask volume (z, y, x): its values other than 0."""
    present = np.unique(values)
    return Labels(dict.fromkeys(present[present != 0].tolist(), ""), lambda label: values == label)
