"""List what this run, and each run before it, did otherwise than the analysis plan says.

Inputs: `cases.csv`, what the config and the code are now, and the plan, to which a difference is added as a further
entry with its own date. Nothing in it is ever replaced.
Outputs: a copy of its entries, see `synthaug.audit.analysis_plan`; `deviations.csv`: `key,planned,value,since,until`,
`until` being empty where the deviation stands; and a page that shows plan and deviations.
"""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from steps import analysis_plans, command, pages
from synthaug.audit import analysis_plan
from synthaug.errors import InputError
from synthaug.files import artifacts


def page(entries: list[analysis_plan.Entry], deviations: pd.DataFrame, template: Path) -> str:
    """Return the page, made of the Jinja template in the file ``template``."""
    planned = analysis_plan.flat(entries[0]["content"])
    return pages.page(template, plan=entries[0], planned=planned, deviations=deviations.to_dict("records"))


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--plan", required=True, type=Path, help="the plan as it was registered")
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--results", required=True, type=Path, help="where predictions are counted, results/<cohort>")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--params", required=True, help="JSON object, see steps.analysis_plans.Params")
    parser.add_argument("--entries", required=True)
    parser.add_argument("--deviations", required=True)
    parser.add_argument("--html", required=True)
    arguments = parser.parse_args()
    with command.logged("list_deviations", arguments) as log:
        before = analysis_plans.read(arguments.plan)
        if not before:
            raise InputError(f"{arguments.plan}: expected the registered plan, found no file; run again")
        now = analysis_plans.content(arguments.cases, command.params(analysis_plans.Params, arguments.params))
        date, already = analysis_plan.stamp(datetime.now(UTC)), analysis_plans.predictions(arguments.results)
        entries = analysis_plan.registered(before, now, date, already)
        if len(entries) > len(before):
            analysis_plans.write(entries, arguments.plan)
        table = analysis_plan.deviations(entries)
        artifacts.write_json(entries, arguments.entries)
        artifacts.write_csv(table, arguments.deviations)
        artifacts.write_text(page(entries, table, arguments.template), arguments.html)
        log.info("registered %s; %d deviations", entries[0]["date"], len(table))


if __name__ == "__main__":
    main()
