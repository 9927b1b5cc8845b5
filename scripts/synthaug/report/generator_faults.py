"""Which generators have a fault that makes their arms no fair test of synthetic images, in plain words."""

import pandas as pd

from synthaug.terms import arms

LIGHTS = ("red", "amber", "green")  # the worst first
# The states of `quality.diagnosis` that are red, which would take seconds to import.
COPYING = "copying"
MEANING = {
    "untrained": "have nothing in common with real ones",
    "collapsed": "are a few, repeated",
    COPYING: "repeat training images",
    "broken": "differ from real ones more than other patients' do",
}
ALL_OF_THEM = "both"  # an arm of segmentation, which takes the images of every generator


def worst(diagnoses: pd.DataFrame) -> pd.DataFrame:
    """Return the worst diagnosis of each generator, and in how many seeds it has that light.

    Parameters
    ----------
    diagnoses
        ``diagnosis.csv`` of each generator and seed, one below the other.

    Returns
    -------
    DataFrame with ``generator``, ``seeds``, ``light``, ``state`` and ``why``.
    """
    rows = []
    for name, each in diagnoses.groupby("generator", sort=False) if len(diagnoses) else ():
        light = min(each["light"], key=LIGHTS.index)
        found = each[each["light"] == light]
        seeds = "" if len(each) == 1 else f", {len(found)} of {len(each)} seeds"
        rows.append((name, seeds, light, found["state"].iloc[0], found["why"].iloc[0]))
    return pd.DataFrame(rows, columns=["generator", "seeds", "light", "state", "why"])


def of_arm(generators: pd.DataFrame, arm: str, light: str = LIGHTS[0]) -> pd.Series | None:
    """Return the row of the first generator with a ``light`` whose images ``arm`` takes; nothing if it takes none.

    Arms are called after their generator, with what is done to its images behind it, such as ``dcgan-select``. A
    discriminator that classifies takes none.

    Parameters
    ----------
    generators
        See `worst`.
    """
    if arm.endswith(arms.DISCRIMINATOR):
        return None
    names = [name for name in generators["generator"] if arm == name or arm.startswith(f"{name}-")]
    taken = list(generators["generator"]) if arm == ALL_OF_THEM else sorted(names, key=len)[-1:]
    bad = generators[generators["generator"].isin(taken) & (generators["light"] == light)]
    return bad.iloc[0] if len(bad) else None


def said(fault: pd.Series) -> str:
    """Return what is wrong with a generator's images, of a row of `worst`, without a full stop."""
    return f"The images of {fault['generator']}{fault['seeds']} {MEANING[fault['state']]}"
