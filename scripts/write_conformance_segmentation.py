"""Write the page that sets this run beside the paper on LcGAN, and its numbers as a table.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
"""

import json
from pathlib import Path

from steps import command, evaluation_tables, pages
from synthaug.files import artifacts
from synthaug.report import beside_paper
from synthaug.segmentation import conformance, lcgan_paper
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--config", required=True, help="the whole configuration, JSON")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    parser.add_argument("--csv", required=True)
    arguments = parser.parse_args()
    with command.logged("write_conformance_segmentation", arguments):
        config = json.loads(arguments.config)
        command.note(config=config)
        evaluated = evaluation_tables.read(arguments, Segmentation.primary)
        compared = conformance.rows(evaluated, config)
        page = pages.page(
            arguments.template,
            config=config,
            phantom=beside_paper.is_phantom(config),
            rows=compared,
            methods=conformance.METHODS,
            gains=conformance.gains(evaluated, config),
            settings=conformance.settings(config),
            details=beside_paper.open_details(lcgan_paper.OPEN, config),
        )
        artifacts.write_csv(conformance.table(compared), arguments.csv)
        artifacts.write_text(page, arguments.html)


if __name__ == "__main__":
    main()
