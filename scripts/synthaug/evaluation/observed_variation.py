"""What a cohort's own predictions say about the size of a study: the error of a difference, and where it comes from."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from synthaug.errors import InputError
from synthaug.evaluation import differences, resampling, study_size
from synthaug.evaluation.measures import Measures, Pool
from synthaug.evaluation.pools import Run
from synthaug.terms.totals import ALL

GAINS = (0.03, 0.05, 0.07, 0.1)  # that are asked about, besides the config's smallest gain; fractions


@dataclass(frozen=True)
class Params(resampling.Params):
    """What the size of a study needs of the config."""

    operating_point: str  # the rule that is shown: fixed, published or nested
    arms: list[str]  # in the order of the config, the reference first
    shown: list[str]  # the arm whose comparison with the reference arm is looked at, in a list; empty for the first one
    smallest_gain: float  # the smallest gain of interest, a fraction


@dataclass(frozen=True)
class Observed:
    """How far the difference of two arms varies; fractions.

    Attributes
    ----------
    delta
        The difference, of ``arm`` from the reference arm, in the mean over seeds.
    error
        Its standard error over patients, with these trainings; not a number where no patient differs.
    training_error
        Its standard error over trainings: that between seeds, over the root of their number; not a number for one seed.
    discordance
        Share of units that only one of the arms has right, in the mean over seeds; not a number where units are not
        right or wrong.
    design_effect
        ``error`` squared over what it would be if units of one patient were independent; likewise.
    comparisons
        How many arms are compared with the reference arm.
    """

    arm: str
    delta: float
    error: float
    training_error: float
    patients: int
    units: int
    seeds: int
    discordance: float
    design_effect: float
    comparisons: int

    @property
    def fixed(self) -> float:
        """The error that more patients do not lower; 0 where it is not known."""
        return 0.0 if np.isnan(self.training_error) else self.training_error


def observe(pools: dict[Run, Pool], measures: Measures, params: Params) -> Observed:
    """Measure the difference between the arm that is shown and the reference arm.

    Parameters
    ----------
    pools
        At the operating point, by (arm, rule, seed), from `operating_points.of_arms`.

    Raises
    ------
    InputError
        If the reference arm or the other arm has no operating point, or they were not run with the same seeds.
    """
    rule, there = params.operating_point, list(dict.fromkeys(arm for arm, _, _ in pools))
    others = [arm for arm in [*params.shown, *there] if arm != measures.reference]
    if measures.reference not in there or not others or others[0] not in there:
        other = others[0] if others else "another arm"
        raise InputError(
            f"operating points: expected the rule {rule} for {measures.reference} and {other}, found it for "
            f"{', '.join(there)}; choose another operating_point in the config"
        )
    arm, key = others[0], (measures.primary, ALL)
    seeds = {name: sorted(seed for other, _, seed in pools if other == name) for name in (arm, measures.reference)}
    if seeds[arm] != seeds[measures.reference]:
        raise InputError(
            f"predictions: arm {arm} was run with seeds {seeds[arm]}, {measures.reference} with "
            f"{seeds[measures.reference]}; run both with the same seeds"
        )
    evaluation = resampling.Evaluation(pools, measures, params)
    by_seed = [
        evaluation.without_each((arm, rule, seed), [key])[key]
        - evaluation.without_each((measures.reference, rule, seed), [key])[key]
        for seed in seeds[arm]
    ]
    single = [values[0] for values in by_seed]
    error = differences.estimate(np.mean(by_seed, axis=0, keepdims=True)).error  # of the mean, as of one training
    counted = measures.counted(pools[arm, rule, seeds[arm][0]])[key]
    training = np.std(single, ddof=1) / np.sqrt(len(single)) if len(single) > 1 else np.nan
    return Observed(
        arm=arm,
        delta=float(np.mean(single)),
        error=error,
        training_error=float(training),
        patients=len(np.unique(pools[arm, rule, seeds[arm][0]].patients[counted])),
        units=int(counted.sum()),
        seeds=len(single),
        **_right_or_wrong(pools, measures, arm, rule, seeds[arm], error),
        comparisons=len(there) - 1,
    )


def table(observed: Observed, measures: Measures, params: Params) -> pd.DataFrame:
    """Return how many patients and units would show each gain: the rows of ``study_size.csv``.

    The error of the trainings stays as it is, that of one seed is not known and left out. Numbers are missing where no
    number of patients is enough, or no error was seen.
    """
    rows = []
    for gain in sorted({params.smallest_gain, *GAINS}):
        for comparisons in sorted({1, observed.comparisons}):
            for power in study_size.POWERS:
                patients = study_size.patients_needed(
                    observed.error, observed.patients, gain, params.confidence, power, comparisons, observed.fixed
                )
                units = study_size.up(patients * observed.units / observed.patients)
                rows.append((gain, comparisons, power, study_size.up(patients), units))
    columns = ["gain", "corrected_for", "power", "patients_needed", f"{measures.unit}s_needed"]
    result = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[-2:], "Int64"))
    facts = {f"{measures.unit}s" if name == "units" else name: value for name, value in asdict(observed).items()}
    del facts["comparisons"]
    return result.assign(**facts)[["arm", *columns, *(name for name in facts if name != "arm")]]


def _right_or_wrong(
    pools: dict[Run, Pool], measures: Measures, arm: str, rule: str, seeds: list[int], error: float
) -> dict[str, float]:
    """Return the discordance and the design effect, by name; not numbers where units are not right or wrong."""
    key = measures.primary, ALL
    differences = []
    for seed in seeds:
        one, other = (measures.contributions(pools[name, rule, seed]).get(key) for name in (arm, measures.reference))
        if one is None or not np.isin([one, other], [0, 1]).all():
            return {"discordance": np.nan, "design_effect": np.nan}
        differences.append(one - other)
    independent = np.mean(differences, axis=0).std() / np.sqrt(len(differences[0]))
    effect = (error / independent) ** 2 if independent > 0 else np.nan
    return {"discordance": float(np.mean(np.abs(differences))), "design_effect": float(effect)}
