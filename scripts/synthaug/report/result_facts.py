"""What a run says of its question, its statistics and its results."""

import pandas as pd

from synthaug.evaluation import comparisons, operating_points
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.evaluated import label, with_interval
from synthaug.report.headline import said
from synthaug.report.numbers import percent, probability, span
from synthaug.report.sentences import counted, listed
from synthaug.terms.arms import CLASSIC, EXTRA, PLACEBO
from synthaug.terms.case_columns import COLUMNS

RULES = {
    operating_points.FIXED: "set in the config",
    operating_points.PUBLISHED: "the best size on the curve of the test folds, which is optimistic",
    operating_points.NESTED: "chosen for each test fold by models that never saw it",
}
HEADLINE, METRICS, COMPARISONS = "Headline", "All metrics", "All comparisons and verdicts"


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its analysis and results, by topic."""
    return {
        "question": question(run),
        "plan": plan(),
        "measures": measures(run),
        "intervals and tests": intervals(run),
        "choice of sizes": selection(run),
        "internal testing": internal(run),
        "results": results(run),
        "comparisons": compared(run),
        "study size": study_size(run),
        "robustness": robustness(run),
        "subgroups": subgroups(run),
        "limits": limits(run),
    }


def question(run: Run) -> Fact:
    """State the question, its primary comparison and the smallest gain of interest."""
    known, chosen = run.settings, run.settings.evaluation
    text = (
        f"Whether {known.primary}, the primary measure, is higher with "
        f"{listed(arm for arm in known.arms if arm != known.reference)} than with {known.reference}. The smallest gain "
        f"of interest is {_points(chosen['smallest_gain'])}. "
    )
    if chosen["primary"] is None:
        return Fact(f"{text}No comparison was declared primary.", (HEADLINE,))
    return Fact(f"{text}The primary comparison is {chosen['primary']} with {known.reference}.", (HEADLINE,))


def plan() -> Fact:
    """Say where the analysis plan stands."""
    return Fact(
        "The analysis plan (config, measure, arms, data and code) is registered before the first prediction of a test "
        "fold. The page Analysis plan has its date, its SHA-256 and every deviation from it.",
        ("Analysis plan", "Analysis plan: deviations"),
    )


def measures(run: Run) -> Fact:
    """Name the measures, the primary one first."""
    primary = run.settings.primary
    others = [name for name in dict.fromkeys(run.evaluated.metrics["metric"]) if name != primary]
    return Fact(
        f"Primary measure: {primary}. Also: {listed(others)}. Arms are compared with {run.settings.reference} by "
        f"paired differences on the same {run.settings.unit}s.",
        (METRICS, COMPARISONS),
    )


def intervals(run: Run) -> Fact:
    """Say how intervals, tests and verdicts are made."""
    chosen, several = run.settings.evaluation, len(run.settings.seeds) > 1
    over = "patients and repetitions" if several else "patients"
    return Fact(
        f"{_level(run)} intervals of single arms are from {chosen['bootstrap']:,} bootstrap resamples of {over}. Those "
        f"of differences, and their tests, are of a t statistic over {over}; a difference is claimed only if a "
        "permutation test by patients shows it too. p values are corrected by Holm's method"
        f"{', after the primary comparison' if chosen['primary'] else ''}. A gain or loss of interest "
        f"({_points(chosen['smallest_gain'])}) is excluded by one-sided tests.",
        (COMPARISONS,),
    )


def selection(run: Run) -> Fact:
    """Say how the size of each arm was chosen."""
    rule, chosen = run.rule, run.settings.evaluation
    text = f"The size at which arms are compared follows the rule {rule}: {RULES[rule]}. "
    of_arms = {arm: run.evaluated.sizes(arm, rule) for arm in _at_rule(run) if run.settings.sizes[arm] != ["0"]}
    text += f"It took {listed(f'{sizes} for {arm}' for arm, sizes in of_arms.items())}."
    if rule != operating_points.FIXED:
        text += f" A smaller size of {CLASSIC} counts as good as the best within {_points(chosen['plateau'])}."
    return Fact(text, ("Operating points",))


def internal(run: Run) -> Fact:
    """Say what each prediction is of."""
    unit, seeds = run.settings.unit, len(run.settings.seeds)
    part = "" if run.settings.tested_folds == run.settings.folds else " of the test"
    often = "once" if seeds == 1 else f"{seeds} times, once in each repetition"
    extra = EXTRA in run.settings.arms
    further = f" The arm {EXTRA} also trains on the extra patients, who are never tested." if extra else ""
    apart = ", as the case table divides it" if run.settings.given_split else " and differ by chance only"
    pooled = "all folds" if run.settings.tested_folds == run.settings.folds else "the tested folds"
    return Fact(
        f"Training and test data come from one cohort{apart}.{further} In each arm every "
        f"{unit}{part} is predicted {often}, by a model that saw no {unit} of the same patient; predictions of "
        f"{pooled} are pooled.",
        (METRICS, "Variation between seeds"),
    )


def results(run: Run) -> Fact:
    """State the primary measure of each arm at the operating point."""
    known = run.settings
    values = {arm: run.evaluated.measure(arm, run.rule, known.primary) for arm in _at_rule(run)}
    found = [f"{arm} {with_interval(value)}" for arm, value in values.items()]
    without = run.evaluated.measure(CLASSIC, "0", known.primary)
    end = "" if without is None else f" Without augmentation {with_interval(without)}."
    return Fact(
        f"{_capital(known.primary)} in percent with {_level(run)} intervals, rule "
        f"{label(run.rule)}: {'; '.join(found)}.{end}",
        (HEADLINE, METRICS),
    )


def compared(run: Run) -> Fact:
    """State each arm's difference from the reference with its verdict, the primary one first."""
    known, found = run.settings, []
    primary = known.evaluation["primary"]
    for arm in sorted(known.arms, key=lambda name: name != primary):  # the others keep their order
        row = run.evaluated.difference(arm, run.rule)
        if row is not None:
            found.append(
                f"{arm} {percent(row['delta'], signed=True)} ({span(row['low'], row['high'], signed=True)}), adjusted "
                f"p {probability(row['p_adjusted'])}: {said(row)}"
            )
    return Fact(
        f"{_capital(known.primary)} minus that of {known.reference}, in percentage points with "
        f"{_level(run)} intervals: {'; '.join(found) or 'no comparison at this rule'}.",
        (HEADLINE, COMPARISONS),
    )


def study_size(run: Run) -> Fact:
    """Say what this cohort could have shown, and how many patients the smallest gain would take."""
    first, gain = run.study_size.iloc[0], run.settings.evaluation["smallest_gain"]
    row = run.evaluated.difference(first["arm"], run.rule)
    text = ""
    if row is not None and not pd.isna(row["detectable"]):
        text = (
            f"With its {counted(int(row['patients']), 'patient')} this cohort would have shown a true difference "
            f"between {first['arm']} and {run.settings.reference} of {percent(row['detectable'])} points with a power "
            "of 80 %. "
        )
    table = run.study_size
    wanted = table[(table["gain"] == gain) & (table["power"] == 0.8) & (table["corrected_for"] == 1)].iloc[0]
    if pd.isna(wanted["patients_needed"]):
        text += f"No number of patients is known to show a gain of {_points(gain)}."
    else:
        needed = counted(int(wanted["patients_needed"]), "patient")
        text += f"To show a gain of {_points(gain)} would take about {needed}."
    return Fact(text, ("Study size",))


def robustness(run: Run) -> Fact:
    """Say what varies besides the patients."""
    known = run.settings
    text = "The report compares the arms by each rule that chooses sizes, as far as their sizes allow."
    if len(known.seeds) == 1:
        text += " With one repetition, nothing is known of other trainings."
    else:
        rows = run.seeds
        rows = rows[(rows["metric"] == known.primary) & (rows["size"] == run.rule)].set_index("arm")["sd_between"]
        found = [f"{arm} {percent(rows[arm])}" for arm in known.arms if arm in rows.index]
        text += (
            f" Standard deviation of {known.primary} between the {len(known.seeds)} repetitions, in points: "
            f"{', '.join(found)}."
        )
    placebo = run.evaluated.difference(PLACEBO, run.rule)
    if placebo is not None:
        text += f" Chance alone ({PLACEBO}): {percent(placebo['delta'], signed=True)} points."
    return Fact(text, ("Operating points", "Variation between seeds", "What results vary with"))


def subgroups(run: Run) -> Fact:
    """Name the subgroups, with how many units each has."""
    rows = run.subgroups.drop_duplicates(["subgroup", "level"]).iloc[1:]  # the first is everybody
    units = f"{run.settings.unit}s"
    parts = []
    for name, of_name in rows.groupby("subgroup", sort=False):
        sizes = zip(of_name["level"], of_name[units], strict=True)
        parts.append(f"by {name} ({listed(f'{level}: {size}' for level, size in sizes)})")
    free = [name for name in run.cases if name not in COLUMNS]
    return Fact(
        f"{_capital(run.settings.primary)} and differences from {run.settings.reference} are shown "
        f"{listed(parts)}; numbers are {units}.",
        ("Subgroups", "Subgroups, figure"),
        "" if free else "groups of patients, such as sex, age, site or scanner: columns of the case table for them",
    )


def limits(run: Run) -> Fact:
    """Name limits that follow from how the run was set up."""
    found = []
    if run.settings.phantom:
        found.append("the cohort is simulated, so its figures are no evidence")
    tested, folds = run.settings.tested_folds, run.settings.folds
    if run.settings.given_split:
        found.append("one cohort, of which one division was tested, that of the case table")
    elif tested == folds:
        found.append("one cohort, tested by cross-validation, without data from elsewhere")
    else:
        part = "the first" if tested == 1 else f"the first {tested}"
        found.append(f"one cohort, of which only {part} of {folds} folds {'is' if tested == 1 else 'are'} tested")
    if len(run.settings.seeds) < comparisons.SEEDS:
        found.append(f"{counted(len(run.settings.seeds), 'repetition')}, so verdicts speak of these trainings only")
    if run.rule == operating_points.PUBLISHED:
        found.append("sizes read off the test folds, which is optimistic")
    if run.settings.evaluation["primary"] is None:
        found.append("no primary comparison was declared beforehand")
    return Fact(f"From the set-up of the run: {'; '.join(found)}.")


def _at_rule(run: Run) -> list[str]:
    """Return the arms that have the operating point."""
    return [arm for arm in run.settings.arms if run.evaluated.measure(arm, run.rule, run.settings.primary) is not None]


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _points(fraction: float) -> str:
    return f"{100 * fraction:g} percentage point" + ("" if fraction == 0.01 else "s")


def _level(run: Run) -> str:
    return f"{100 * run.settings.evaluation['confidence']:g} %"
