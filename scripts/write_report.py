"""Write the report of a complete run: one page that holds the answer, every table and figure, and what they mean.

Inputs: `summary.json`, Fig. 8 and what else is shown: on standard input a JSON object with ``config``; ``records``, the
paths of the records of all jobs; and ``sections``, each with a ``title`` and ``entries``: the ``path``, ``caption``,
``title`` and ``wildcards`` of each result.
Outputs: the report, which needs no other file, and its record, the last link of the chain of digests. It also prints
the summary.
"""

import json
import sys
from pathlib import Path

from steps import command, pages
from synthaug.files import artifacts
from synthaug.report import captions, contents, summary, terminal


def entry(shown: dict, config: dict) -> dict[str, str]:
    """Return what the template takes of one result."""
    caption = artifacts.read_text(shown["caption"])
    wildcards = [shown["wildcards"][name] for name in ("generator", "seed") if name in shown["wildcards"]]
    return {
        "id": "-".join([Path(shown["caption"]).stem.replace("_", "-"), Path(shown["path"]).suffix[1:], *wildcards]),
        "title": shown["title"],
        "content": contents.of_file(Path(shown["path"])),
        "caption": captions.html(caption, config, shown["wildcards"]),
    }


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--summary", required=True, help="summary.json")
    parser.add_argument("--figure", required=True, help="fig8.png")
    parser.add_argument("--method", required=True, help="workflow.rst of the task")
    parser.add_argument("--template", required=True, type=Path, help="report.html.j2")
    parser.add_argument("--report", required=True)
    arguments = parser.parse_args()
    with command.logged("write_report", arguments):
        content = json.loads(sys.stdin.read())
        for path in content["records"]:
            artifacts.reading(path)
        sections = [
            {"title": section["title"], "entries": [entry(shown, content["config"]) for shown in section["entries"]]}
            for section in content["sections"]
        ]
        made = summary.from_json(artifacts.read_json(arguments.summary))
        figure = contents.data("image/png", artifacts.reading(arguments.figure).read_bytes())
        method = captions.html(artifacts.read_text(arguments.method), content["config"], {})
        html = pages.page(
            arguments.template,
            summary=made,
            figure=figure,
            method=method,
            in_report=True,
            images=content["figure"],
            sections=sections,
        )
        artifacts.write_text(html, arguments.report)
    print(*terminal.lines(made), "", sep="\n")


if __name__ == "__main__":
    main()
