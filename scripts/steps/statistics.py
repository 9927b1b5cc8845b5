"""What the scripts that work on any task's measures share: their arguments, parameters and predictions."""

import argparse
import json
from pathlib import Path
from typing import TypeVar

from steps import command
from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.pools import Run, pooled
from synthaug.files import artifacts

Params = TypeVar("Params")
Task = TypeVar("Task", bound=Measures)


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser of the predictions' path and the parameters."""
    arguments = command.parser(doc)
    arguments.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    arguments.add_argument("--params", required=True, help="JSON object; measures: the parameters of the task's")
    return arguments


def read(task: type[Task], kind: type[Params], text: str) -> tuple[Task, Params]:
    """Build a task's measures from the key ``measures`` of the JSON object ``text``, and ``kind`` from the others."""
    values = json.loads(text)
    measures = command.params(task, json.dumps(values.pop("measures", {})))
    return measures, command.params(kind, json.dumps(values))


def read_pools(path: str | Path, measures: Measures, folds: int) -> dict[Run, Pool]:
    """Return the pooled out-of-fold predictions of the table ``path``, by (arm, size, seed)."""
    return pooled(artifacts.read_csv(path), measures, folds)
