"""The headline's two tables, from the evaluation's."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from steps import command, evaluation_tables
from synthaug.report import headline


def tables(
    metrics: Path, operating_points: Path, comparisons: Path, best: Sequence[Path], text: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the headline, and the table of all rules that choose sizes, with the parameters in the JSON ``text``."""
    params = command.params(headline.Params, text)
    found = evaluation_tables.of_files((metrics, comparisons, operating_points), best, params.primary)
    return headline.headline_table(found, params), headline.operating_table(found, params)
