"""The paper's Tables 1 to 3 for a cohort: DSC, precision and recall, and the DSC of each class, by share and arm."""

from dataclasses import dataclass

import pandas as pd

from synthaug.report.evaluated import Evaluated, with_interval
from synthaug.terms.totals import ALL


@dataclass(frozen=True)
class Params:
    """What the tables need of the config."""

    classes: list[str]
    shares: list[int]  # per mille
    arms: list[str]  # in the order of the config, after equal steps and after equal epochs
    confidence: float


def by_share(evaluated: Evaluated, metrics: list[str], params: Params) -> pd.DataFrame:
    """Return Table 1 or 2: a row an arm, a column a metric and share; percent with intervals."""
    return pd.DataFrame(
        {"Arm": arm}
        | {
            f"{metric[0].upper()}{metric[1:]} at {share / 10:g} % of the patients (%)": with_interval(
                evaluated.measure(arm, str(share), metric)
            )
            for metric in metrics
            for share in params.shares
        }
        for arm in params.arms
    )


def by_class(evaluated: Evaluated, metric: str, params: Params) -> pd.DataFrame:
    """Return Table 3: a row a share and arm, a column a class and their mean; percent with intervals."""
    return pd.DataFrame(
        {"Share of the patients (%)": f"{share / 10:g}", "Arm": arm}
        | {
            f"{'mean' if name == ALL else name} (%)": with_interval(evaluated.measure(arm, str(share), metric, name))
            for name in [*params.classes, ALL]
        }
        for share in params.shares
        for arm in params.arms
    )
