"""Fill the reporting checklists from the config and the results of any task."""

from collections.abc import Callable, Mapping

import jinja2
import yaml

from steps import command
from synthaug.files import artifacts
from synthaug.report import checklists, cohort_facts, result_facts, training_facts
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run, Settings
from synthaug.report.evaluated import Evaluated
from synthaug.terms.case_columns import COMPUTED

TABLES = {
    "metrics": "evaluation/metrics.csv",
    "comparisons": "evaluation/comparisons.csv",
    "operating-points": "evaluation/operating_points.csv",
    "seeds": "evaluation/seeds.csv",
    "study-size": "evaluation/study_size.csv",
    "subgroups": "evaluation/subgroups.csv",
    "acknowledged": "check/acknowledged.csv",
}


def run(doc: str, of_models: Callable[[Run], Mapping[str, Fact]]) -> None:
    """Do what a script ``write_checklists`` does; ``of_models`` is what the task says of its models."""
    parser = command.parser(doc)
    for name, path in TABLES.items():
        parser.add_argument(f"--{name}", required=True, help=path)
    parser.add_argument("--cases", required=True, help="cases.csv")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--lineage", required=True, help="evaluation/lineage.json")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.report.described_run.Settings")
    parser.add_argument("--lists", required=True, help="the items of the checklists, YAML")
    parser.add_argument("--template", required=True, help="Jinja template of the page")
    parser.add_argument("--html", required=True)
    arguments = parser.parse_args()
    with command.logged("write_checklists", arguments) as log:
        described = _read(vars(arguments))
        facts = _facts(described, of_models)
        lists = yaml.safe_load(artifacts.read_text(arguments.lists))
        page = render(lists, facts, artifacts.read_text(arguments.template), described.settings)
        artifacts.write_text(page, arguments.html)
        log.info("%d topics known", len(facts))


def _facts(described: Run, of_models: Callable[[Run], Mapping[str, Fact]]) -> dict[str, Fact]:
    shared = (cohort_facts, training_facts, result_facts)
    return {name: fact for part in shared for name, fact in part.facts(described).items()} | of_models(described)


def _read(paths: dict) -> Run:
    settings = command.params(Settings, paths["params"])
    tables = {name: artifacts.read_csv(paths[name.replace("-", "_")]) for name in TABLES}
    numbers = [name for name in COMPUTED if name != "digest"]
    return Run(
        settings=settings,
        cases=artifacts.read_csv(paths["cases"], numbers),
        cases_digest=artifacts.sha256(paths["cases"]),
        folds={int(seed): artifacts.read_csv(path) for seed, path in (pair.split("=", 1) for pair in paths["folds"])},
        acknowledged=tables["acknowledged"],
        evaluated=Evaluated(tables["metrics"], tables["comparisons"], tables["operating-points"], settings.primary),
        seeds=tables["seeds"],
        study_size=tables["study-size"],
        subgroups=tables["subgroups"],
        lineage=artifacts.read_json(paths["lineage"]),
    )


def render(lists: list[dict], facts: Mapping[str, Fact], template: str, settings: Settings) -> str:
    """Return the page.

    Parameters
    ----------
    lists
        The checklists: ``name``, ``source`` and ``sections``, see `synthaug.report.checklists.answered`.
    facts
        What the run says, by topic.
    template
        Jinja.
    settings
        For cohort and phantom.
    """
    shown = []
    for each in lists:
        items = checklists.answered(each["sections"], facts)
        sections = list(zip([section["title"] for section in each["sections"]], items, strict=True))
        shown.append({**each, "sections": sections, "counts": checklists.counts(items)})
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(template).render(
        lists=shown, cohort=settings.cohort, phantom=settings.phantom, statuses=checklists.STATUSES
    )
