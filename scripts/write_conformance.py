"""Set this run beside the reference paper: its numbers, its open details, and what differs, as one page.

Inputs: `evaluation/metrics.csv`, `evaluation/comparisons.csv`, `evaluation/operating_points.csv`, the whole config and
the page's template; `scores.csv` and `agreement.csv` of the readers, where they answered.
Outputs: the page, which needs no other file, and the numbers as a table (percent).
"""

import json
from pathlib import Path

from steps import command, evaluation_tables, pages
from synthaug.classification import conformance, frid_adar
from synthaug.classification.measures import Classification
from synthaug.files import artifacts
from synthaug.report import beside_paper


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--readers", nargs="?", help="evaluation/readers/scores.csv, if readers answered")
    parser.add_argument("--agreement", nargs="?", help="evaluation/readers/agreement.csv, if readers answered")
    parser.add_argument("--config", required=True, help="the whole config as one JSON object")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    parser.add_argument("--csv", required=True)
    arguments = parser.parse_args()
    with command.logged("write_conformance", arguments):
        config = json.loads(arguments.config)
        command.note(config=config)
        evaluated = evaluation_tables.read(arguments, Classification.primary)
        compared = conformance.rows(evaluated, config)
        answered = [path and artifacts.read_csv(path) for path in (arguments.readers, arguments.agreement)]
        page = pages.page(
            arguments.template,
            config=config,
            rows=compared,
            readers=conformance.readers(*answered),
            answered=arguments.readers is not None,
            implied=conformance.implied(),
            details=beside_paper.open_details(frid_adar.OPEN, config),
            settings=conformance.settings(config),
            cohort=conformance.cohort(evaluated, config),
            phantom=beside_paper.is_phantom(config),
        )
        artifacts.write_text(page, arguments.html)
        artifacts.write_csv(conformance.table(compared, config), arguments.csv)


if __name__ == "__main__":
    main()
