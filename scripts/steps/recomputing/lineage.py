"""The lineage audit, done again."""

import json
from collections.abc import Iterator

from steps import lineage_audit
from steps.recomputing.job import Context
from synthaug.audit.recomputed import Finding
from synthaug.files import artifacts

REPORT = "evaluation/lineage.json"


def audited(context: Context) -> Iterator[Finding]:
    """Audit the training sets and predictions of all models and generators that there are again."""
    run, task = context.run, context.task
    if not run.of("audit_lineage"):
        return
    models, generators = list(run.models()), list(run.generators())
    seeds = sorted({model.seed for model in models})
    expected = lineage_audit.report(
        lineage_audit.Audited(
            run.results,
            run.table(task.units),
            task.measures.unit,
            task.truth,
            {seed: run.table(f"seed-{seed}/folds.csv") for seed in seeds},
            task.stage,
            [(model.name, model.size, model.seed, model.folds) for model in models],
            [(each.name, each.size, each.seed, each.folds, each.cls) for each in generators],
            {file.split("/")[2] for record in run.of("sample_variations") for file in record.outputs},
        )
    )
    expected, found = json.loads(json.dumps(expected)), artifacts.read_json(run.results / REPORT)
    pair = [{**each, "models": {model["model"]: model for model in each["models"]}} for each in (expected, found)]
    yield Finding(REPORT, _difference(*pair))


def _difference(expected: dict, found: dict) -> str | None:
    """Return a line that names the first value that differs; None if there is none."""
    for key in sorted({*expected, *found} - {"models"}):
        if expected.get(key) != found.get(key):
            return f"{REPORT}, {key}: expected {expected.get(key)}, found {found.get(key)}; run again"
    for name in sorted({*expected["models"], *found["models"]}):
        right, written = expected["models"].get(name, {}), found["models"].get(name, {})
        for key in sorted({*right, *written}):
            if right.get(key) != written.get(key):
                return f"{REPORT}, model {name}: expected {key} {right.get(key)}, found {written.get(key)}; run again"
    return None
