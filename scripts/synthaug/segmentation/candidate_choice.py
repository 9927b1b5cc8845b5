"""Which candidate generator makes the images: the one of the best mean rank over the criteria that the config names."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from synthaug.training import device

SHARE, FULL = "share", "full"  # what the segmenter of the FCN score was trained on


@dataclass(frozen=True, kw_only=True)
class Params(device.Compute):
    """How a candidate is chosen."""

    master_seed: int
    classes: list[str]
    candidates: list[int]
    """Their epochs."""
    choose_by: list[str]
    """Of `candidate_scores.CRITERIA`."""
    fcn_score: str
    """`SHARE`: by the segmenter of the arm ``original`` of the same share. `FULL`: by that of all training patients,
    as in the paper: a share is then helped by patients that it does not have."""
    real_or_fake: dict
    """Those of `synthaug.quality.real_or_fake.Params`."""
    filter_images: bool
    """Keep only the images that are taken for real."""


def ranked(scores: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add the mean rank of each candidate and which one is chosen.

    Parameters
    ----------
    scores
        One row per candidate: ``epochs`` and the criteria, of each of which more is better.
    by
        The criteria that count, all alike. Equal values share their mean rank; of equal mean ranks, the candidate with
        fewer epochs is chosen.

    Returns
    -------
    DataFrame with ``rank`` (1 is best) and ``chosen`` (0 or 1), ordered by ``epochs``.
    """
    table = scores.sort_values("epochs", ignore_index=True)
    rank = table[[*by]].rank(ascending=False).mean(axis=1)
    return table.assign(rank=rank, chosen=(table.index == rank.idxmin()).astype(int))
