"""The headline's two tables, from the evaluation's."""

from pathlib import Path

import pandas as pd

from steps import command
from synthaug.files import artifacts
from synthaug.report import evaluated, headline


def tables(metrics: Path, operating_points: Path, comparisons: Path, text: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the headline, and the table of all rules that choose sizes, with the parameters in the JSON ``text``."""
    params = command.params(headline.Params, text)
    read = (artifacts.read_csv(path) for path in (metrics, comparisons, operating_points))
    found = evaluated.Evaluated(*read, params.primary)
    return headline.headline_table(found, params), headline.operating_table(found, params)
