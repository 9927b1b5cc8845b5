"""What the scripts of the analysis plan share: what is planned now, and the file of the plan.

The file is a source of this run and of later ones, not a result: it is written when nothing was predicted yet, and only
ever grows. So neither reading nor writing it stands in a record.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from synthaug.audit import analysis_plan
from synthaug.errors import InputError
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params:
    """What is planned, besides the data."""

    config: dict
    analysis: dict  # what the config does not name: the measure, its unit, the arms
    code: dict[str, str]  # SHA-256 of each file that the rules run, by path


def content(cases: str, params: Params) -> dict[str, object]:
    """Return what the config, the data (``cases.csv``) and the code are now."""
    table = artifacts.read_csv(cases)
    data = {"lesions": len(table), "patients": table["patient"].nunique(), "cases.csv": artifacts.sha256(cases)}
    return {**asdict(params), "data": data}


def read(path: Path) -> list[analysis_plan.Entry]:
    """Return the entries in the file ``path``; none if it is not there.

    Raises
    ------
    InputError
        If the file is not as it was registered.
    """
    if not path.is_file():
        return []
    try:
        return analysis_plan.check(json.loads(path.read_text(encoding="utf-8")), str(path))
    except ValueError as error:
        raise InputError(
            f"{path}: expected a plan in JSON, found {error}; put back the file as it was registered"
        ) from error


def write(entries: list[analysis_plan.Entry], path: Path) -> None:
    """Write ``entries`` to the file ``path``."""
    with artifacts.observed():
        artifacts.write_json(entries, path)


def predictions(results: Path) -> int:
    """Return how many files of predictions of test folds there are in the folder of a cohort's results."""
    return len(list(results.glob("seed-*/**/predictions.csv")))
