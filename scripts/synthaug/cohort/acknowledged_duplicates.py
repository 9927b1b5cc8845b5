"""Suspected duplicates between patients stop a run, unless the user has looked at each pair and says so by its name."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthaug.cohort import duplicates
from synthaug.errors import InputError

KEY = "cases: acknowledged_duplicates"


@dataclass(frozen=True)
class Params:
    """Pairs of lesions that the config acknowledges."""

    acknowledged: list[list[str]]


def check(pairs: pd.DataFrame, acknowledged: Sequence[Sequence[str]], sheet: Path) -> None:
    """Stop unless exactly the suspected pairs are acknowledged; the order of a pair's lesions does not matter.

    Parameters
    ----------
    pairs
        The suspected duplicates, see `duplicates.table`.
    acknowledged
        Pairs of lesions that the config names.
    sheet
        Where the pairs are drawn, for the message.

    Raises
    ------
    InputError
        With a line for each suspected pair that is not acknowledged, as it is to be written into the config; if all
        are, with a line for each acknowledged pair that is not suspected.
    """
    known = {frozenset(pair) for pair in acknowledged}
    suspected = [frozenset(pair) for pair in pairs[["lesion_a", "lesion_b"]].itertuples(index=False)]
    missing = [pair for pair, names in zip(pairs.itertuples(), suspected, strict=True) if names not in known]
    if missing:
        raise InputError("\n    ".join([_advice(missing, sheet), *map(_entry, missing)]))
    needless = [list(pair) for pair in acknowledged if frozenset(pair) not in suspected]
    if needless:
        raise InputError(
            "\n  ".join(
                f"{KEY}: expected suspected duplicates only, found {_names(pair)}, which is none; remove it"
                for pair in needless
            )
        )


def _advice(missing: Sequence[tuple], sheet: Path) -> str:
    count = len(missing)
    found = (
        "1 pair that is, or looks like, one scan" if count == 1 else f"{count} pairs that are, or look like, one scan"
    )
    contradicting = sum(pair.classes == duplicates.CONTRADICT for pair in missing)
    also = f", {contradicting} of them with contradicting classes" if contradicting else ""
    return (
        f"images: expected different ones of different patients, found {found}{also} (last pages of {sheet}); give "
        "both the same patient id, as in suggested_cases.csv, which check_data writes beside it, or remove one; to "
        f"keep them after a look at them, add under {KEY} in the config:"
    )


def _entry(pair: tuple) -> str:
    patients = f"patients {pair.patient_a} (row {pair.row_a}) and {pair.patient_b} (row {pair.row_b})"
    return f"- {_names((pair.lesion_a, pair.lesion_b))} # {patients}: {duplicates.evidence(pair)}"


def _names(lesions: Sequence[str]) -> str:
    """Return two lesions as the config takes them: JSON is YAML."""
    return json.dumps([str(lesion) for lesion in lesions])
