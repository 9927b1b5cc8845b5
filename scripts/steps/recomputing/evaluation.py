"""From the predictions of the models to the evaluation's tables."""

import json
from collections.abc import Iterator

from steps import best_strategies, collected_predictions, comparisons, headline_tables, metrics, statistics
from steps.recomputing.job import Context
from synthaug.audit import recomputed
from synthaug.audit.recomputed import Finding

PREDICTIONS = "evaluation/predictions.csv"
METRICS, POINTS, COMPARISONS = (f"evaluation/{name}.csv" for name in ("metrics", "operating_points", "comparisons"))
BEST = [f"evaluation/best/{name}.csv" for name in ("choices", "metrics", "comparison")]


def all_predictions(context: Context) -> Iterator[Finding]:
    """Put the predictions of all models together again; the order of the models is that of the file."""
    run = context.run
    if not run.of("collect_predictions"):
        return
    written = (
        run.table(PREDICTIONS)[list(collected_predictions.RUN)].drop_duplicates().itertuples(index=False, name=None)
    )
    place = {name: number for number, name in enumerate(written)}
    known = [(model.name, model.size, model.seed, model.folds) for model in run.models()]
    runs = sorted(known, key=lambda name: place.get(name, len(place)))
    expected = collected_predictions.table(run.results, context.task.stage, runs)
    yield recomputed.table(run.results, PREDICTIONS, expected, "the predictions of each model")


def measured(context: Context) -> Iterator[Finding]:
    """Compute the metrics, operating points, references and variation between seeds again."""
    run = context.run
    for record in run.of("compute_metrics"):
        text = json.dumps(record.content["params"])
        measures, params = statistics.read(context.task.measures, metrics.Params, text)
        made = vars(metrics.tables(run.table(PREDICTIONS), measures, params))
        for name, expected in made.items():
            file = f"evaluation/{name}.csv"
            yield recomputed.table(run.results, file, expected, PREDICTIONS, tolerance=recomputed.ROUNDING)


def compared(context: Context) -> Iterator[Finding]:
    """Compare the arms again."""
    run = context.run
    for record in run.of("compare_arms"):
        text = json.dumps(record.content["params"])
        paths = (run.results / PREDICTIONS, run.results / POINTS)
        expected = comparisons.compared(context.task.measures, text, *paths)
        yield recomputed.table(run.results, COMPARISONS, expected, PREDICTIONS, tolerance=recomputed.ROUNDING)


def strategy(context: Context) -> Iterator[Finding]:
    """Choose the strategies of all test folds again."""
    run = context.run
    for record in run.of("choose_strategy"):
        text = json.dumps(record.content["params"])
        paths = (run.results / PREDICTIONS, run.results / POINTS)
        made = vars(best_strategies.chosen(context.task.measures, text, *paths))
        for name, expected in made.items():
            file = f"evaluation/best/{name}.csv"
            yield recomputed.table(run.results, file, expected, PREDICTIONS, tolerance=recomputed.ROUNDING)


def headline(context: Context) -> Iterator[Finding]:
    """Write the headline's tables again."""
    run = context.run
    for record in run.of("write_headline"):
        paths = (run.results / name for name in (METRICS, POINTS, COMPARISONS))
        best = [run.results / name for name in BEST] if run.of("choose_strategy") else []
        both = headline_tables.tables(*paths, best, json.dumps(record.content["params"]))
        for name, expected in zip(("headline", "operating_points"), both, strict=True):
            yield recomputed.table(run.results, f"evaluation/tables/{name}.csv", expected, f"{METRICS}, {COMPARISONS}")
