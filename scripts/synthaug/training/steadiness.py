"""Whether the network that predicts is like those of its last epoch, or one that a step or two have thrown off.

A network that learns at a constant rate may lose in one step what it had, and regain it in the next ones. The mean
over an epoch does not show that, but what predicts is the state after the last step.
"""

import numpy as np
import pandas as pd

LOST = 0.05  # of the training images; dropout alone makes the mean over the epoch the smaller of the two
USED, LAST_EPOCH, AT_END = "used", "last_epoch", "at_end"


def accuracies(history: np.ndarray, at_end: float) -> dict[str, float]:
    """Return what a record says of a training: its accuracy over its ``last_epoch``, and ``at_end``, of what predicts.

    Parameters
    ----------
    history
        A row an epoch with ``accuracy``, the mean over the training images while the weights change and units drop
        out; with ``used``, 1 in the row of the epoch whose weights predict, which then stands for the last one.
    at_end
        The share of the training images that the trained network gets right.
    """
    last = history[history[USED] == 1][0] if USED in history.dtype.names else history[-1]
    return {LAST_EPOCH: float(last["accuracy"]), AT_END: at_end}


def table(runs: list[dict], found: list[dict[str, float]]) -> pd.DataFrame:
    """Return a row for each network: the columns of ``runs``, its accuracies in percent, and whether it is ``steady``.

    Parameters
    ----------
    runs
        ``arm``, ``size``, ``seed`` and ``folds`` of each network.
    found
        The `accuracies` of each.
    """
    made = pd.DataFrame(found, columns=[LAST_EPOCH, AT_END])
    steady = made[AT_END] >= made[LAST_EPOCH] - LOST
    percent = {f"{name}_percent": (100 * made[name]).round(1) for name in made}
    return pd.DataFrame(runs).assign(**percent, steady=steady)


def caution(networks: pd.DataFrame) -> str:
    """Return a sentence on the networks of a `table` that are not steady, by arm and size; nothing if all are."""
    said = []
    for (arm, size), each in networks.groupby(["arm", "size"], sort=False):
        lost = int((~each["steady"]).sum())
        if lost:
            said.append(f"{arm} {size} ({lost} of {len(each)})")
    if not said:
        return ""
    return (
        f"Some trainings ended badly, {', '.join(said)}: in their last steps the networks lost much of what they had "
        "learned. Results of these arms may be low for that reason alone; more seeds even it out."
    )
