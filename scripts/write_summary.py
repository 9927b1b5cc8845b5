"""Write the answer on one page: what was found, how sure that is, what limits it, what next.

Inputs: `metrics.csv`, `comparisons.csv`, `operating_points.csv`, the files of the best strategy, `study_size.csv`,
`simulated_power.csv` and `learning_curve.csv` of the evaluation, Fig. 8, the deviations from the plan, the diagnosis of
each generator, what the task cautions of, and the caption that says how everything was measured.
Outputs: `summary.html`, which needs no other file; `summary.pdf`, the same on one page of paper; `summary.json`, what
both say.
"""

import json
from pathlib import Path

import pandas as pd

from steps import command, evaluation_tables, pages
from synthaug.files import artifacts
from synthaug.report import captions, contents, summary, summary_pdf


def main() -> None:
    parser = evaluation_tables.with_best(evaluation_tables.parser(__doc__))
    parser.add_argument("--study-size", required=True, help="evaluation/study_size.csv")
    parser.add_argument("--power", required=True, help="evaluation/simulated_power.csv")
    parser.add_argument("--curve", required=True, help="evaluation/learning_curve.csv")
    parser.add_argument("--deviations", required=True, help="analysis-plan/deviations.csv")
    parser.add_argument("--diagnoses", required=True, nargs="*", help="diagnosis.csv of each generator and seed")
    parser.add_argument("--cautions", required=True, nargs="*", help="text files, each of a sentence or empty")
    parser.add_argument("--figure", required=True, type=Path, help="fig8.png")
    parser.add_argument("--template", required=True, type=Path, help="summary.html.j2")
    parser.add_argument("--method", required=True, help="workflow.rst of the task")
    parser.add_argument("--config", required=True, help="the whole config as one JSON object")
    parser.add_argument("--params", required=True, help="JSON object, see report.summary.Params")
    parser.add_argument("--html", required=True)
    parser.add_argument("--pdf", required=True)
    parser.add_argument("--json", required=True)
    arguments = parser.parse_args()
    with command.logged("write_summary", arguments):
        params = command.params(summary.Params, arguments.params)
        evaluated = evaluation_tables.read(arguments, params.primary)
        found = [artifacts.read_csv(path) for path in arguments.diagnoses]
        evidence = summary.Evidence(
            study_size=artifacts.read_csv(arguments.study_size),
            deviations=artifacts.read_csv(arguments.deviations, ()),
            generators=pd.concat(found) if found else pd.DataFrame(),
            power=artifacts.read_csv(arguments.power),
            curve=artifacts.read_csv(arguments.curve),
            cautions=[said for path in arguments.cautions if (said := artifacts.read_text(path).strip())],
        )
        made = summary.summarise(evaluated, evidence, params)
        method = captions.html(artifacts.read_text(arguments.method), json.loads(arguments.config), {})
        figure = contents.data("image/png", artifacts.reading(arguments.figure).read_bytes())
        html = pages.page(
            arguments.template,
            summary=made,
            figure=figure,
            method=method,
            in_report=False,
        )
        artifacts.write_text(html, arguments.html)
        with artifacts.replacing(arguments.pdf) as temporary:
            temporary.write_bytes(summary_pdf.page(made, arguments.figure))
        artifacts.write_json(summary.to_json(made), arguments.json)


if __name__ == "__main__":
    main()
