"""Write the page that sets this run beside the paper on LcGAN, and its numbers as a table.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
"""

import json
from pathlib import Path

from steps import command, pages
from synthaug.files import artifacts
from synthaug.report import beside_paper
from synthaug.report.evaluated import Evaluated
from synthaug.segmentation import conformance, lcgan_paper
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--metrics", required=True, help="evaluation/metrics.csv")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--comparisons", required=True, help="evaluation/comparisons.csv")
    parser.add_argument("--config", required=True, help="the whole configuration, JSON")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    parser.add_argument("--csv", required=True)
    arguments = parser.parse_args()
    with command.logged("write_conformance_segmentation", arguments):
        config = json.loads(arguments.config)
        command.note(config=config)
        evaluated = Evaluated(
            artifacts.read_csv(arguments.metrics),
            artifacts.read_csv(arguments.comparisons),
            artifacts.read_csv(arguments.operating_points),
            Segmentation.primary,
        )
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
