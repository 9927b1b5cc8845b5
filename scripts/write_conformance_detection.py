"""Write the page that sets this run beside the paper of Han et al., and its numbers as a table.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
"""

import json
from pathlib import Path

from steps import command, evaluation_tables, pages
from synthaug.detection import conformance, han_paper
from synthaug.detection.measures import Detection
from synthaug.files import artifacts
from synthaug.report import beside_paper


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--config", required=True, help="the whole configuration, JSON")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    parser.add_argument("--csv", required=True)
    arguments = parser.parse_args()
    with command.logged("write_conformance_detection", arguments):
        config = json.loads(arguments.config)
        command.note(config=config)
        evaluated = evaluation_tables.read(arguments, Detection.primary)
        compared = conformance.rows(evaluated, config)
        page = pages.page(
            arguments.template,
            config=config,
            phantom=beside_paper.is_phantom(config),
            rows=compared,
            methods=han_paper.METHODS,
            number=conformance.number,
            implied=conformance.implied(),
            gains=conformance.gains(evaluated, config),
            settings=conformance.settings(config),
            details=beside_paper.open_details(han_paper.OPEN, config),
        )
        artifacts.write_csv(conformance.table(compared), arguments.csv)
        artifacts.write_text(page, arguments.html)


if __name__ == "__main__":
    main()
