"""Register the analysis plan, before the first prediction of a test fold.

Inputs: `cases.csv`, and what the config and the code are now. Output: the plan, a list with one entry, see
`synthaug.audit.analysis_plan`. A plan that is there already is checked and stays as it is. Cases that are too few
for the folds are refused: a plan for them would have to be deviated from.
"""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from steps import analysis_plans, command
from synthaug.audit import analysis_plan
from synthaug.cohort import folds, given_split
from synthaug.files import artifacts


def require(cases: pd.DataFrame, config: dict) -> None:
    """Refuse cases that do not show every class in every fold, or in training and test of a given division."""
    classes = config["cases"]["classes"]
    if config.get("split") == "column":
        given_split.folds(cases[cases["set"] == "main"], "lesion", cases, classes)
    else:
        folds.require(cases, classes, config["folds"])


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--results", required=True, type=Path, help="where predictions are counted, results/<cohort>")
    parser.add_argument("--params", required=True, help="JSON object, see steps.analysis_plans.Params")
    parser.add_argument("--plan", required=True, type=Path)
    arguments = parser.parse_args()
    with command.logged("register_analysis_plan", arguments) as log:
        entries = analysis_plans.read(arguments.plan)
        if not entries:
            params = command.params(analysis_plans.Params, arguments.params)
            cases = artifacts.read_csv(arguments.cases)
            require(cases, params.config)
            now = analysis_plans.content(arguments.cases, params)
            already = analysis_plans.predictions(arguments.results)
            entries = [analysis_plan.sealed(now, analysis_plan.stamp(datetime.now(UTC)), already)]
            analysis_plans.write(entries, arguments.plan)
        log.info("registered %s, SHA-256 %s", entries[0]["date"], entries[0]["sha256"])


if __name__ == "__main__":
    main()
