"""What is known of a finished run where it is described in words: its config and the tables of its results."""

from dataclasses import dataclass

import pandas as pd

from synthaug.report.evaluated import Evaluated


@dataclass(frozen=True)
class Settings:
    """What the config says of a run."""

    cohort: str
    phantom: bool  # whether the cohort is simulated
    unit: str  # what is scored, such as lesion
    primary: str  # the measure that verdicts are about
    classes: list[str]
    folds: int
    tested_folds: int
    given_split: bool  # whether the case table divides the patients
    seeds: list[int]
    master_seed: int
    duplicate_correlation: float
    arms: list[str]  # in the order of the config, the reference first
    reference: str  # the arm that the others are compared with
    size: str  # what a size is
    sizes: dict[str, list[str]]  # that each arm was run with
    generators: list[str]  # those of the arms that add synthetic images
    presets: dict[str, dict]  # of the generators that were trained here; others were imported
    evaluation: dict  # as in the config
    task: dict  # what the task says of its models


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    settings
        What the config says.
    cases, cases_digest
        ``cases.csv``, and the SHA-256 of the file.
    folds
        ``folds.csv`` of each seed.
    acknowledged
        ``check/acknowledged.csv``.
    evaluated
        Metrics, comparisons and operating points.
    seeds, study_size, subgroups
        ``seeds.csv``, ``study_size.csv`` and ``subgroups.csv``.
    lineage
        ``lineage.json``.
    """

    settings: Settings
    cases: pd.DataFrame
    cases_digest: str
    folds: dict[int, pd.DataFrame]
    acknowledged: pd.DataFrame
    evaluated: Evaluated
    seeds: pd.DataFrame
    study_size: pd.DataFrame
    subgroups: pd.DataFrame
    lineage: dict

    @property
    def rule(self) -> str:
        """The rule that chooses sizes."""
        return self.settings.evaluation["operating_point"]

    @property
    def main(self) -> pd.DataFrame:
        """The rows of ``cases`` that are tested."""
        return self.cases[self.cases["set"] == "main"]
