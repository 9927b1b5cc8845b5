"""How a run of segmentation stands to the paper on LcGAN: its numbers beside ours, and what differs."""

from dataclasses import dataclass

import pandas as pd

from synthaug.report.beside_paper import ABSENT, look_up, setting
from synthaug.report.evaluated import NOT_RUN, Evaluated
from synthaug.report.numbers import percent
from synthaug.segmentation import arms, lcgan_paper

METHODS = {
    lcgan_paper.ORIGINAL: "original",
    lcgan_paper.GAN: "+ GAN generated",
    lcgan_paper.TRADITIONAL: "+ traditional augmentation",
    lcgan_paper.BOTH: "+ both",
}


@dataclass(frozen=True)
class Row:
    """A published number beside ours: after equal epochs, which is the paper's way, and after equal steps."""

    published: lcgan_paper.Published
    arm: str
    epochs: str
    steps: str


def rows(evaluated: Evaluated, config: dict) -> list[Row]:
    """Put our values beside each published number; in percent, with intervals."""
    ours = arms_of(config)
    return [
        Row(
            published,
            ours.get(published.arm, ""),
            *(
                _shown(evaluated, arm, published)
                for arm in (arms.by_epochs(ours.get(published.arm, "")), ours.get(published.arm, ""))
            ),
        )
        for published in lcgan_paper.published()
    ]


def arms_of(config: dict) -> dict[str, str]:
    """Return the arm of this run that stands for each arm of the paper: for its GAN the first generator."""
    generators, chosen = config["experiment"]["generators"], config["experiment"]["arms"]
    found = {lcgan_paper.ORIGINAL: arms.ORIGINAL} | ({lcgan_paper.GAN: generators[0]} if generators else {})
    return found | {name: name for name in (arms.TRADITIONAL, arms.BOTH) if name in chosen}


def table(compared: list[Row]) -> pd.DataFrame:
    """Return ``conformance.csv``: a row a published number, in percent."""
    return pd.DataFrame(
        {
            "where": row.published.where,
            "method": METHODS[row.published.arm],
            "share": row.published.share,
            "metric": row.published.metric,
            "paper": percent(row.published.value),
            "arm": row.arm,
            "equal_epochs": row.epochs,
            "equal_steps": row.steps,
        }
        for row in compared
    )


def gains(evaluated: Evaluated, config: dict) -> list[dict[str, str]]:
    """Return what `both` adds to the DSC at each share of the paper, beside ours after equal epochs.

    Returns
    -------
    list of dicts with ``share``, ``paper`` and ``ours``, in points
    """
    result = []
    for share, gain in lcgan_paper.gains().items():
        found = evaluated.difference(arms.BOTH, arms.EQUAL_EPOCHS, share)
        ours = NOT_RUN if found is None else percent(found["delta"], signed=True)
        result.append({"share": share, "paper": percent(gain, signed=True), "ours": ours})
    return result


def settings(config: dict) -> list[dict[str, str | bool]]:
    """Return each setting that the paper states beside this run's, and whether they are the same."""
    names = [name for name in config["experiment"]["generators"] if name in config["generators"]]
    result = []
    for stated in lcgan_paper.SETTINGS:
        key = stated.key.replace("{lcgan}", names[0] if names else "(none)")
        result.append(setting(stated.where, stated.what, key, stated.value, look_up(config, key)))
    return [row for row in result if row["ours"] != ABSENT]


def _shown(evaluated: Evaluated, arm: str, published: lcgan_paper.Published) -> str:
    row = evaluated.measure(arm, published.share, published.metric, published.cls)
    if row is None:
        return NOT_RUN
    return f"{percent(row['value'])} ({percent(row['low'])} to {percent(row['high'])})"
