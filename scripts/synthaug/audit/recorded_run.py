"""A run as its records tell it: which jobs there were, with which parameters, and where their models lie."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synthaug.audit import verification
from synthaug.files import artifacts

MODEL = re.compile(
    r"seed-(?P<seed>\d+)/(?P<stage>[^/]+)/(?P<arm>[^/]+)/(?P<size>\d+(\+\d+x\d+)?)/train-(?P<folds>\d+)/predictions\.csv"
)
GENERATOR = re.compile(
    r"seed-(?P<seed>\d+)/generators/(?P<preset>[^/]+)/on-(?P<group>[^/]+)/train-(?P<folds>\d+)/(?P<cls>[^/]+)/train_set\.csv"
)


@dataclass(frozen=True)
class Place:
    """A model or a generator that a job wrote.

    Attributes
    ----------
    folder
        Its folder below the results.
    seed, folds
        Its seed and its training folds, a digit each.
    name, size
        Of a model its arm and size, of a generator its preset and classic group.
    cls
        Of a generator its class, or ``all``; empty for a model.
    """

    record: verification.Record
    folder: str
    seed: int
    folds: str
    name: str
    size: str
    cls: str = ""


class Run:
    """The records of a run, and its files.

    Raises
    ------
    InputError
        If there are no records, or one of them is damaged.
    """

    def __init__(self, results: Path):
        self.results = results
        self.records, _ = verification.of_the_run(verification.load(results))

    def of(self, *rules: str) -> list[verification.Record]:
        """Return the records of jobs of these rules; a record has the name of the script."""
        return [record for record in self.records if record.rule in rules]

    def table(self, file: str) -> pd.DataFrame:
        """Return a table below the results, see `artifacts.read_csv`."""
        return artifacts.read_csv(self.results / file)

    def array(self, file: str) -> np.ndarray:
        """Return an array below the results; only the parts that are used are read."""
        return artifacts.read_array(self.results / file, memory_map=True)

    def models(self, *rules: str) -> Iterator[Place]:
        """Yield the models that jobs of these rules wrote, or all models without a rule."""
        for record, file, found in self._places(MODEL, rules):
            at = file.rsplit("/", 1)[0]
            yield Place(record, at, int(found["seed"]), found["folds"], found["arm"], found["size"])

    def generators(self, *rules: str) -> Iterator[Place]:
        """Yield the generators that jobs of these rules wrote, or all generators without a rule."""
        for record, file, found in self._places(GENERATOR, rules):
            at = file.rsplit("/", 1)[0]
            yield Place(record, at, int(found["seed"]), found["folds"], found["preset"], found["group"], found["cls"])

    def _places(
        self, pattern: re.Pattern, rules: tuple[str, ...]
    ) -> Iterator[tuple[verification.Record, str, Mapping[str, str]]]:
        for record in self.records:
            for file in record.outputs if not rules or record.rule in rules else ():
                if match := pattern.fullmatch(file):
                    yield record, file, match.groupdict()
