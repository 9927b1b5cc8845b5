"""The evaluation's tables, asked for single rows."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pandas as pd

from synthaug.evaluation import operating_points
from synthaug.report.numbers import percent, span
from synthaug.terms import sizes
from synthaug.terms.totals import ALL

NOT_RUN = "not run"  # of an arm that lacks the rule


@dataclass(frozen=True)
class Evaluated:
    """What the evaluation wrote.

    Attributes
    ----------
    metrics, comparisons, choice
        ``metrics.csv``, ``comparisons.csv`` and ``operating_points.csv``.
    primary
        The task's primary metric.
    best_choices, best_metrics, best_comparison
        ``choices.csv``, ``metrics.csv`` and ``comparison.csv`` of the best strategy; without rows where none is chosen.
    """

    metrics: pd.DataFrame
    comparisons: pd.DataFrame
    choice: pd.DataFrame
    primary: str
    best_choices: pd.DataFrame = field(default_factory=pd.DataFrame)
    best_metrics: pd.DataFrame = field(default_factory=pd.DataFrame)
    best_comparison: pd.DataFrame = field(default_factory=pd.DataFrame)

    def measure(self, arm: str, rule: str, metric: str, name: str = ALL) -> pd.Series | None:
        """Return the row of a measure at a rule, the mean over seeds; nothing where the arm lacks the rule."""
        table = self.metrics
        rows = table[
            (table["arm"] == arm)
            & (table["size"] == rule)
            & (table["seed"].astype(str) == ALL)
            & (table["metric"] == metric)
            & (table["class"] == name)
        ]
        return None if rows.empty else rows.iloc[0]

    def difference(self, arm: str, against: str, size: str | None = None) -> pd.Series | None:
        """Return how ``arm`` compares with `classic` in the primary measure.

        Parameters
        ----------
        against
            A rule, at which both stand; or, of the arm at the operating point, another reason of ``comparisons.csv``.
        size
            Of the arm, where a reason has a row for each of its sizes.
        """
        table = self.comparisons
        rows = table[
            (table["against"] == against)
            & (table["arm_a"] == arm)
            & (table["metric"] == self.primary)
            & (table["class"] == ALL)
            & (size is None or table["size_a"] == size)
        ]
        return None if rows.empty else rows.iloc[0]

    def over(self, arm: str, size: str, others: Collection[str]) -> pd.Series | None:
        """Return how ``arm`` at ``size`` compares with the best of ``others`` in the primary measure, if with any."""
        table = self.comparisons
        rows = table[
            table["arm_b"].isin(others)
            & (table["arm_a"] == arm)
            & (table["size_a"] == size)
            & (table["metric"] == self.primary)
            & (table["class"] == ALL)
            & table["delta"].notna()
        ]
        return None if rows.empty else rows.loc[rows["delta"].idxmin()]

    def best(self) -> pd.Series | None:
        """Return the row of the comparison of the strategies that were chosen; nothing where none was."""
        return None if self.best_comparison.empty else self.best_comparison.iloc[0]

    def best_measure(self, metric: str, name: str = ALL) -> pd.Series | None:
        """Return the row of a measure of the strategies that were chosen; nothing where none was."""
        table = self.best_metrics
        rows = table[(table["metric"] == metric) & (table["class"] == name)] if len(table) else table
        return None if rows.empty else rows.iloc[0]

    def best_strategies(self) -> str:
        """Return the strategies that were chosen, as arm and size, and how often each, the most frequent first."""
        counts = self.best_choices[["arm", "size"]].agg(" ".join, axis=1).value_counts(sort=False)
        counts = counts.sort_values(ascending=False, kind="stable")
        if len(counts) == 1:
            return counts.index[0]
        return ", ".join(f"{name} ({count}x)" for name, count in counts.items())

    def seeds(self, arm: str, rule: str) -> int:
        """Return how many seeds an arm was run with."""
        return self._chosen(arm, rule)["seed"].nunique()

    def seeds_of_size(self, arm: str, size: str) -> int:
        """Return how many seeds an arm was run with at one size."""
        rows = self.metrics[(self.metrics["arm"] == arm) & (self.metrics["size"] == size)]
        return int((rows["seed"].astype(str).drop_duplicates() != ALL).sum())

    def sizes(self, arm: str, rule: str) -> str:
        """Return the sizes chosen for an arm, with how often each was where seeds or test folds differ."""
        counts = self._chosen(arm, rule)["size"].value_counts()
        if len(counts) == 1:
            return counts.index[0]
        return ", ".join(f"{size} ({counts[size]}x)" for size in sizes.ascending(counts.index))

    def _chosen(self, arm: str, rule: str) -> pd.DataFrame:
        return self.choice[(self.choice["rule"] == rule) & (self.choice["arm"] == arm)]


def label(rule: str) -> str:
    """Return a rule's name as it is shown: what was read off the test folds is called optimistic."""
    return f"{rule} (optimistic)" if rule == operating_points.PUBLISHED else rule


def with_interval(row: pd.Series | None) -> str:
    """Write a row of a measure as its value and interval in percent."""
    return NOT_RUN if row is None else f"{percent(row['value'])} ({span(row['low'], row['high'])})"
