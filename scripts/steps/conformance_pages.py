"""The page that sets a run beside its paper, of the tasks whose samples are slices, and its numbers as a table."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from steps import command, evaluation_tables, pages
from synthaug.files import artifacts
from synthaug.report import beside_paper
from synthaug.report.evaluated import Evaluated


@dataclass(frozen=True)
class Beside:
    """What a task says of its run and its paper; the config is the whole one.

    Attributes
    ----------
    primary
        The main measure, of the task's class of measures.
    rows, gains
        What the page shows of evaluated results and the config: the published numbers, each beside ours, and the gains.
    table
        The former as a table.
    settings
        What the page shows of the config: the paper's settings, each beside ours.
    details
        What the paper leaves open.
    further
        What only this task's page shows, by the name that its template has for it.
    """

    primary: str
    rows: Callable[[Evaluated, dict], list]
    table: Callable[[list], pd.DataFrame]
    gains: Callable[[Evaluated, dict], list]
    settings: Callable[[dict], list]
    details: Sequence[beside_paper.Open]
    further: dict[str, object]


def run(doc: str, rule: str, beside: Beside) -> None:
    """Run the script of ``rule``, with ``doc`` as its help."""
    parser = evaluation_tables.parser(doc)
    parser.add_argument("--config", required=True, help="the whole configuration, JSON")
    parser.add_argument("--template", required=True, type=Path, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    parser.add_argument("--csv", required=True)
    arguments = parser.parse_args()
    with command.logged(rule, arguments):
        config = json.loads(arguments.config)
        command.note(config=config)
        evaluated = evaluation_tables.read(arguments, beside.primary)
        compared = beside.rows(evaluated, config)
        page = pages.page(
            arguments.template,
            config=config,
            phantom=beside_paper.is_phantom(config),
            rows=compared,
            gains=beside.gains(evaluated, config),
            settings=beside.settings(config),
            details=beside_paper.open_details(beside.details, config),
            **beside.further,
        )
        artifacts.write_csv(beside.table(compared), arguments.csv)
        artifacts.write_text(page, arguments.html)
