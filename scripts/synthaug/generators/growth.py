"""The schedule of progressive growing: which resolution is trained when, and how far its new layers are faded in.

A training has phases. The first one trains 4 px. Then each resolution twice as large takes two: its layers are faded
in, and go on to be trained (Karras et al. 2018, section 2). A phase has `EPOCHS` epochs, a row of the history each.
"""

import itertools
from dataclasses import dataclass

import numpy as np

SMALLEST = 4  # px
EPOCHS = 8  # of a phase


@dataclass(frozen=True)
class Epoch:
    """A part of a phase.

    Attributes
    ----------
    px
        Side of the images.
    batch
        Images of a step.
    fades
        How far the new layers are faded in at each step, 0 to 1; all 1 if they are not being faded in.
    faded
        The same at the end of the epoch.
    shown
        Images that the discriminator has seen at the end of it, since the training began.
    """

    px: int
    batch: int
    fades: np.ndarray
    faded: float
    shown: int

    @property
    def steps(self) -> int:
        """Steps of the epoch."""
        return len(self.fades)


def resolutions(side: int) -> list[int]:
    """Return 4, 8, 16 and so on to ``side``, in px."""
    return [1 << power for power in range(SMALLEST.bit_length() - 1, side.bit_length())]


def phases(side: int) -> list[tuple[int, bool]]:
    """Return the px of each phase, and whether it fades new layers in."""
    first, *others = resolutions(side)
    return [(first, False), *itertools.product(others, (True, False))]


def at(px: int, values: list[int]) -> int:
    """Return the element of ``values``, which are for 4, 8, 16 px and so on, at ``px``; the last also goes beyond."""
    return values[min(resolutions(px).index(px), len(values) - 1)]


def epochs(side: int, images: list[int], batches: list[int], count: int) -> list[Epoch]:
    """Return the epochs of a training.

    Parameters
    ----------
    side
        px, of the largest images.
    images
        Shown in a phase, for 4 px and so on, see `at`; rounded up to full batches, at least one an epoch.
    batches
        Images of a step, for 4 px and so on.
    count
        Images that there are: no batch is larger.
    """
    plan, shown = [], 0
    for px, fading in phases(side):
        batch = min(at(px, batches), count)
        steps = max(EPOCHS, -(-at(px, images) // batch))
        fades = np.arange(steps + 1) / steps if fading else np.ones(steps + 1)
        for part in np.array_split(np.arange(steps), EPOCHS):
            shown += batch * len(part)
            plan.append(Epoch(px, batch, fades[part].astype(np.float32), float(fades[part[-1] + 1]), shown))
    return plan
