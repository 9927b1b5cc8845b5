"""The evaluation's tables: how a script is given them, and how it reads them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from steps import command
from synthaug.files import artifacts
from synthaug.report.evaluated import Evaluated


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser of the paths of the three tables, with ``doc`` as its help."""
    arguments = command.parser(doc)
    arguments.add_argument("--metrics", required=True, help="evaluation/metrics.csv")
    arguments.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    arguments.add_argument("--comparisons", required=True, help="evaluation/comparisons.csv")
    return arguments


def with_best(arguments: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser with the tables of the best strategy, which a task may lack."""
    arguments.add_argument("--best", required=True, nargs="*", help="choices.csv, metrics.csv, comparison.csv, or none")
    return arguments


def read(arguments: argparse.Namespace, primary: str) -> Evaluated:
    """Read the three tables; ``primary`` is the metric that single rows are asked for."""
    paths = arguments.metrics, arguments.comparisons, arguments.operating_points
    return of_files(paths, getattr(arguments, "best", ()), primary)


def of_files(paths: Sequence[str | Path], best: Sequence[str | Path], primary: str) -> Evaluated:
    """Read metrics, comparisons and operating points, and the tables of the best strategy where a task has them."""
    return Evaluated(
        *(artifacts.read_csv(path) for path in paths), primary, *(artifacts.read_csv(path) for path in best)
    )
