"""Register the analysis plan before the first prediction, and list what a later run does otherwise.

Inputs: `cases.csv`, and the plan as it was registered (--kept), outside the results so that it outlives them.
Where there is none, what the config, the data and the code are now becomes the plan, with the date. Where there is one,
nothing of it is ever replaced: a difference is added as a further entry, with its own date.
Outputs: --plan, a copy of the whole list of entries, see `synthaug.audit.analysis_plan`; `deviations.csv`:
`key,planned,value,since,until`, `until` being empty where the deviation stands; and a page that shows both.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pandas as pd

from steps import command
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
    """Return what the config, the data and the code are now."""
    table = artifacts.read_csv(cases)
    data = {"lesions": len(table), "patients": table["patient"].nunique(), "cases.csv": artifacts.sha256(cases)}
    return {**asdict(params), "data": data}


def read(path: Path) -> list[analysis_plan.Entry]:
    """Return the entries in the file ``path``; none if it is not there."""
    if not path.is_file():
        return []
    try:
        return analysis_plan.check(json.loads(path.read_text(encoding="utf-8")), str(path))
    except ValueError as error:
        raise InputError(
            f"{path}: expected a plan in JSON, found {error}; put back the file as it was registered"
        ) from error


def keep(entries: list[analysis_plan.Entry], path: Path) -> None:
    """Write ``entries`` to ``path``; it is a source of this run and later ones, so no record names it as a result."""
    with artifacts.observed():
        artifacts.write_json(entries, path)


def page(entries: list[analysis_plan.Entry], deviations: pd.DataFrame, template: str) -> str:
    """Return the page, made of the Jinja template in the file ``template``."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    planned = analysis_plan.flat(entries[0]["content"])
    return environment.from_string(artifacts.read_text(template)).render(
        plan=entries[0], planned=planned, deviations=deviations.to_dict("records")
    )


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--kept", required=True, type=Path, help="the plan as it was registered; made if it is missing")
    parser.add_argument("--results", required=True, type=Path, help="where predictions are counted, results/<cohort>")
    parser.add_argument("--template", required=True, help="Jinja template of the page")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--plan", required=True, type=Path)
    parser.add_argument("--deviations", required=True)
    parser.add_argument("--html", required=True)
    arguments = parser.parse_args()
    with command.logged("register_analysis_plan", arguments) as log:
        now = content(arguments.cases, command.params(Params, arguments.params))
        before = analysis_plan.longer(read(arguments.kept), read(arguments.plan), str(arguments.kept))
        date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        predictions = len(list(arguments.results.glob("seed-*/**/predictions.csv")))
        entries = analysis_plan.registered(before, now, date, predictions)
        if entries != read(arguments.kept):
            keep(entries, arguments.kept)
        table = analysis_plan.deviations(entries)
        artifacts.write_json(entries, arguments.plan)
        artifacts.write_csv(table, arguments.deviations)
        artifacts.write_text(page(entries, table, arguments.template), arguments.html)
        log.info("registered %s; %d deviations", entries[0]["date"], len(table))


if __name__ == "__main__":
    main()
