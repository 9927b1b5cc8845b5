"""The answer on one page: what the study found, how sure that is, what limits it, and what to do next.

All of it follows from the evaluation's tables by fixed rules, so the words never say more than the verdict.
"""

from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from synthaug.audit import analysis_plan
from synthaug.evaluation import comparisons, operating_points
from synthaug.report import arm_names, generator_faults, headline, recommendation
from synthaug.report.evaluated import Evaluated
from synthaug.report.numbers import estimate, percent, points, span
from synthaug.report.sentences import counted
from synthaug.terms import arms, sizes, uses
from synthaug.terms.arms import CLASSIC
from synthaug.terms.best import BEST

ANSWERS = {
    comparisons.GAIN: "Yes",
    comparisons.WORSE: "No: they did harm",
    comparisons.EQUIVALENT: "No: no difference that matters",
    comparisons.LIKELY_WORSE: "No: they likely did harm",
    comparisons.NO_GAIN: "No gain that matters",
    comparisons.UNDECIDABLE: "Not shown",
}
RECOGNISABLE = "told apart"  # as `quality.diagnosis` calls it, which would take seconds to import
COPIES = (
    "Its images repeat training images: look at the nearest pairs, and train it for fewer epochs or on more patients."
)
DEVIATIONS = 3  # from the analysis plan that are named
TABLES = ("table", "generators")  # fields of a summary


@dataclass(frozen=True)
class Params(headline.Params):
    """What the summary needs of the config."""

    cohort: str
    question: str  # such as "Do synthetic images improve the classifier?"
    main: str  # the arm that the question is about
    declared: bool  # whether that was declared before any result
    networks: list[str]  # the arms that train the network, in the order of the config
    imported: list[str]  # generators whose images were made elsewhere
    smallest_gain: float  # a fraction
    phantom: bool
    real: list[str]  # arms of real images alone that the network may be trained with instead
    sizes_are_chosen: bool  # by an operating point; otherwise the config gives the one size
    size_shown: str  # what a size is, as the heading of the page's table
    folds: int
    tested_folds: int
    given_split: bool  # whether the case table divides the patients
    smallest_study_of: str | None  # the `budget` that allowed the smallest networks only, if it did
    unit_shown: str  # what a unit is called where people read


@dataclass(frozen=True)
class Evidence:
    """What else the summary reads.

    Attributes
    ----------
    study_size
        ``study_size.csv``.
    deviations
        ``deviations.csv``.
    generators
        ``diagnosis.csv`` of each generator and seed, one below the other.
    cautions
        Sentences of the task's own, to be read with the verdict.
    power, curve
        ``simulated_power.csv`` and ``learning_curve.csv``.
    """

    study_size: pd.DataFrame
    deviations: pd.DataFrame
    generators: pd.DataFrame
    cautions: list[str] = field(default_factory=list)
    power: pd.DataFrame = field(default_factory=pd.DataFrame)
    curve: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Summary:
    """The page, in words.

    Attributes
    ----------
    main, measure
        The arm that the question is about, and the primary metric.
    answer, verdict
        A few words, and one or two sentences with the numbers.
    table
        The headline's, in fewer columns.
    caveats, next_steps
        Sentences, those that matter most first.
    generators
        ``generator``, ``seeds``, ``light``, ``state`` and ``why``, a row for each generator.
    legend
        What the arms of the table are, in a few words: (names, words).
    recommendation
        Sentences: what to use in this cohort, and what more patients would bring.
    """

    cohort: str
    question: str
    main: str
    measure: str
    answer: str
    verdict: str
    phantom: bool
    study: str
    table: pd.DataFrame
    caveats: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    generators: pd.DataFrame = field(default_factory=pd.DataFrame)
    recommendation: list[str] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)


def summarise(evaluated: Evaluated, evidence: Evidence, params: Params) -> Summary:
    """Return the summary of a run.

    Parameters
    ----------
    evaluated
        What the evaluation wrote.
    """
    difference = evaluated.difference(params.main, params.operating_point)
    generators = generator_faults.worst(evidence.generators)
    fault = generator_faults.of_arm(generators, params.main)
    whole = headline.headline_table(evaluated, params)
    names = list(generators["generator"])
    return Summary(
        cohort=params.cohort,
        question=params.question,
        main=params.main,
        measure=params.measure,
        answer=_answer(evaluated, difference, fault, params),
        verdict=_unfair(fault) + _verdict(evaluated, difference, params) + _limits(evaluated, difference, params),
        phantom=params.phantom,
        study=_study(evaluated, difference, params),
        table=_table(whole, generators, params),
        caveats=_caveats(evaluated, difference, evidence, params),
        next_steps=_next_steps(evaluated, difference, evidence, generators, params),
        generators=generators,
        recommendation=recommendation.sentences(
            evaluated,
            recommendation.Params(**{each.name: getattr(params, each.name) for each in fields(recommendation.Params)}),
            evidence.power,
            evidence.curve,
            generators,
        ),
        legend=arm_names.legend(whole["Arm"], names, params.reference),
    )


def _answer(evaluated: Evaluated, difference: pd.Series | None, fault: pd.Series | None, params: Params) -> str:
    """Return the answer in a few words: a gain that real images alone bring too is not due to synthetic ones.

    Whatever was measured, a faulty generator is no fair test.
    """
    if difference is None:
        return "No answer yet"
    if fault is not None:
        return f"No fair test: {fault['state']} generator"
    answer, alone = ANSWERS[difference["verdict"]], _alone(evaluated, params)
    if difference["verdict"] == comparisons.GAIN and alone is not None and alone["delta"] <= 0:
        answer += f", but real images alone do {'better' if alone['verdict'] == comparisons.WORSE else 'as well'}"
    return answer


def _unfair(fault: pd.Series | None) -> str:
    """Say what is wrong with the generator, before any number."""
    if fault is None:
        return ""
    return f"{generator_faults.said(fault)}, so this says nothing about better ones. "


def _alone(evaluated: Evaluated, params: Params) -> pd.Series | None:
    """Return how the main arm compares with the best of the arms of real images alone that it is compared with."""
    return evaluated.over(params.main, evaluated.sizes(params.main, params.operating_point), params.real)


def _verdict(evaluated: Evaluated, difference: pd.Series | None, params: Params) -> str:
    """Say what the main comparison shows."""
    rule, main, measure = params.operating_point, params.main, params.primary
    if difference is None:
        return f"{main} or {params.reference} was not run at the operating point that the rule {rule} asks for."
    values = [evaluated.measure(arm, rule, measure)["value"] for arm in (params.reference, main)]
    gain, delta = percent(params.smallest_gain), percent(difference["delta"], signed=True)
    interval = span(difference["low"], difference["high"], signed=True)
    interval = interval if np.isnan(difference["low"]) else f"{100 * params.confidence:g} % interval {interval}"
    found = f"With the images of {main}, {measure} was {percent(values[1])} % instead of {percent(values[0])} %"
    found += f": {delta} points ({interval})."
    further = {
        comparisons.GAIN: "",
        comparisons.WORSE: "",
        comparisons.EQUIVALENT: f" A gain of {gain} points is excluded, and so is a loss of {gain}.",
        comparisons.LIKELY_WORSE: f" A gain of {gain} points is excluded. The interval lies below 0, but the test, "
        "corrected for the number of arms, does not show harm.",
        comparisons.NO_GAIN: f" A gain of {gain} points is excluded.",
        comparisons.UNDECIDABLE: " This study cannot tell a gain from none.",
    }[difference["verdict"]]
    if difference["verdict"] == comparisons.UNDECIDABLE and not np.isnan(difference["detectable"]):
        shown = percent(difference["detectable"])
        further += (
            f" It could have shown only differences of about {shown} points or more, in four of five such studies."
        )
    return found + further


def _limits(evaluated: Evaluated, difference: pd.Series | None, params: Params) -> str:
    """Say what belongs to the verdict in the same breath: as many classic images, and real images alone."""
    said = ""
    if difference is None:
        return said
    size = evaluated.sizes(params.main, params.operating_point)
    number = evaluated.difference(params.main, comparisons.NUMBER, size)
    if number is not None:
        as_many = f"as many images by {CLASSIC} augmentation alone ({number['size_b']} per fold)"
        said += f" Compared with {as_many}, the difference is {_points(number)}."
    alone = _alone(evaluated, params)
    if difference["verdict"] == comparisons.GAIN and alone is not None and alone["verdict"] != comparisons.GAIN:
        said += f" Compared with {alone['arm_b']}, which needs no synthetic images, it is {_points(alone)}."
    return said


def _study(evaluated: Evaluated, difference: pd.Series | None, params: Params) -> str:
    """Say how large the study was."""
    if difference is None:
        return ""
    seeds = evaluated.seeds(params.main, params.operating_point)
    patients, units = int(difference["patients"]), counted(int(difference[f"{params.unit}s"]), params.unit_shown)
    trainings = "one training" if seeds == 1 else f"{seeds} trainings"
    return (
        f"{units} of {patients} patients, each predicted by a model that saw no image of that patient; "
        f"{trainings} of everything."
    )


def _table(whole: pd.DataFrame, generators: pd.DataFrame, params: Params) -> pd.DataFrame:
    """Return the headline's table in the columns that answer the question; a generator's fault stands by its arms."""
    measure, interval = params.measure, f"{100 * params.confidence:g} % interval"
    shown = {
        "Arm": whole["Arm"],
        params.size_shown: [_sizes_in_words(size) for size in whole[params.size]],
        f"{measure}, % ({interval})": _both(whole[f"{measure} (%)"], whole[f"{measure} {interval}"]),
        **{column: whole[column] for column in params.beside},
        f"Minus {params.reference}, points": _both(
            whole[f"{measure} minus {params.reference} (points)"], whole[f"Difference {interval}"]
        ),
        "Verdict": whole["Verdict"],
        **_from_best(whole.get(f"{measure} minus best {CLASSIC} (points)")),
    }
    first = [comparisons.NONE, params.reference, params.main, BEST]  # what the question is about, then all others
    table = pd.DataFrame(shown).sort_values(
        "Arm", key=lambda names: ~names.isin(first), kind="stable", ignore_index=True
    )
    return table.assign(Arm=[_with_fault(arm, generators) for arm in table["Arm"]])


def _with_fault(arm: str, generators: pd.DataFrame) -> str:
    fault = generator_faults.of_arm(generators, arm)
    return arm if fault is None else f"{arm} ({fault['state']})"


def _from_best(values: pd.Series | None) -> dict[str, pd.Series]:
    """Return the differences from the best classic size by the name of their column, which says a size they share."""
    if values is None:
        return {}
    found = {value.rpartition(headline.SIZE)[2] for value in values if value}
    if len(found) != 1:
        return {f"Minus best {CLASSIC} size": values}
    (size,) = found
    return {f"Minus best {CLASSIC} size, {size}": values.str.removesuffix(f"{headline.SIZE}{size}")}


def _sizes_in_words(text: str) -> str:
    """Return sizes with the further images of all classes together: 480+480 for 480+240x2."""
    return sizes.SIZE.sub(lambda size: f"{size[1]}+{int(size[2]) * int(size[3])}" if size[2] else size[0], text)


def _both(values: pd.Series, intervals: pd.Series) -> list[str]:
    return [f"{value} ({interval})" if value else "" for value, interval in zip(values, intervals, strict=True)]


def _caveats(evaluated: Evaluated, difference: pd.Series | None, evidence: Evidence, params: Params) -> list[str]:
    """Return every reason to believe the verdict less, those that matter most first."""
    said, rule = _deviations(evidence.deviations), params.operating_point
    if rule == operating_points.PUBLISHED:
        said.append("Sizes were read off the test folds, as in the paper: every value here is optimistic.")
    if params.given_split:
        said.append("One division of the patients was tested, that of the case table.")
    elif params.tested_folds < params.folds:
        tested = "first was" if params.tested_folds == 1 else f"first {params.tested_folds} were"
        said.append(f"Of {params.folds} folds only the {tested} tested, so this is about the patients there.")
    said += evidence.cautions
    if difference is None:
        return said
    if difference["speaks_of"] == comparisons.THESE:
        number = "one seed" if difference["seeds"] == 1 else f"{int(difference['seeds'])} seeds"
        said.append(f"With {number}, this is about these trainings. Trained again, the arms may come out otherwise.")
    if not params.declared:
        said.append(f"No primary comparison was declared. {params.main} is shown because it is the first generator.")
    if difference["differing"] < comparisons.FEWEST:
        patients = int(difference["differing"])
        number = {0: "no patient", 1: "one patient"}.get(patients, f"{patients} patients only")
        said.append(f"The arms differ in {number}, too few to exclude anything.")
    return said + _compared(evaluated, difference, params)


def _deviations(table: pd.DataFrame) -> list[str]:
    """Say what differs from the analysis plan."""
    said, standing = [], table[table["until"] == ""]
    if (table["key"] == analysis_plan.LATE).any():
        said.append("The analysis plan was registered after the first results, so nothing shows what was planned.")
    values = standing[~standing["key"].isin([analysis_plan.LATE, "code"])]
    for row in values.head(DEVIATIONS).itertuples():
        said.append(f"Against the analysis plan, {row.key} is {row.value} instead of {row.planned}.")
    if len(values) > DEVIATIONS:
        said.append(f"{len(values) - DEVIATIONS} more values differ from the analysis plan, see Deviations.")
    if (standing["key"] == "code").any():
        said.append("The code of the workflow has changed since the analysis plan was registered.")
    return said


def _compared(evaluated: Evaluated, difference: pd.Series, params: Params) -> list[str]:
    """Say what other comparisons make of the difference from `classic`."""
    said = []
    best = evaluated.difference(params.main, comparisons.BEST_AT_RULE)
    chosen = evaluated.sizes(params.reference, params.operating_point)
    number = evaluated.difference(params.main, comparisons.NUMBER, evaluated.sizes(params.main, params.operating_point))
    said_already = number is not None and best is not None and str(number["size_b"]) == str(best["size_b"])
    if best is not None and str(best["size_b"]) != chosen and not said_already:
        said.append(
            f"Against the best size of {CLASSIC}, {best['size_b']} instead of {chosen}, the difference is "
            f"{_points(best)}. That size was read off the test folds, which favours {CLASSIC}."
        )
    without = evaluated.difference(CLASSIC, comparisons.NONE)
    if without is not None and without["delta"] < 0:
        said.append(
            f"Without any augmentation {params.primary} was {percent(-without['delta'])} points higher than with "
            f"classic augmentation, so {CLASSIC} is a poor reference here."
        )
    placebo = evaluated.difference(arms.PLACEBO, params.operating_point)
    if placebo is not None and abs(placebo["delta"]) >= abs(difference["delta"]):
        said.append(
            f"{CLASSIC}, trained once more from other random numbers (placebo), differed by "
            f"{percent(placebo['delta'], signed=True)} points: chance alone makes such a difference."
        )
    if uses.generator_of(params.main) in params.imported:
        said.append(f"The images of {params.main} were made elsewhere; of whose images, only its patients.csv says.")
    return said


def _next_steps(
    evaluated: Evaluated,
    difference: pd.Series | None,
    evidence: Evidence,
    generators: pd.DataFrame,
    params: Params,
) -> list[str]:
    """Return what to do next, what matters most first."""
    said = []
    if params.smallest_study_of:
        said.append(
            f"Give a larger budget first: {params.smallest_study_of} allowed the smallest networks and the fewest "
            "epochs only, which may be too little to learn from your images."
        )
    fault, doubt = (generator_faults.of_arm(generators, params.main, light) for light in ("red", "amber"))
    if fault is not None:
        cure = COPIES if fault["state"] == generator_faults.COPYING else "Give it more epochs or a larger budget."
        said.append(f"Mend the generator first: {fault['generator']} is {fault['state']}. {cure}")
    elif doubt is not None and doubt["state"] == RECOGNISABLE:
        said.append(
            f"Look at the images of {params.main}: gray values alone tell them from real ones. If they are blurred or "
            "mixed, give it more epochs or a larger budget."
        )
    if difference is None:
        return [*said, "Add the sizes that the rule needs to the experiment, or choose another operating point."]
    if difference["speaks_of"] == comparisons.THESE:
        seeds = list(range(comparisons.SEEDS))
        said.append(
            f"Train {comparisons.SEEDS} times (seeds: {seeds}), so that the verdict speaks of other trainings too."
        )
    if difference["verdict"] == comparisons.UNDECIDABLE and evidence.power.empty:  # else the recommendation says it
        said.append(_patients(evidence.study_size, difference, params))
    if difference["verdict"] == comparisons.GAIN:
        said.append("Confirm the gain on patients of another time or hospital before you rely on it.")
    if params.sizes_are_chosen and params.operating_point != operating_points.NESTED:
        by = "the test folds chose it" if params.operating_point == operating_points.PUBLISHED else "the config set it"
        said.append(
            f"Let models that never saw the test patients choose how many images to add (operating_point: "
            f"nested); {by} here."
        )
    return said + _better(evaluated, params)


def _patients(study_size: pd.DataFrame, difference: pd.Series, params: Params) -> str:
    """Say how many patients would show the smallest gain of interest."""
    rows = study_size[
        np.isclose(study_size["gain"], params.smallest_gain)
        & (study_size["corrected_for"] == 1)
        & np.isclose(study_size["power"], 0.8)
    ]
    gain, now = f"a gain of {percent(params.smallest_gain)} points", int(difference["patients"])
    if np.isnan(difference["error"]):
        return "Take more patients: the arms differ in too few to say how many it would take."
    if rows.empty or rows["patients_needed"].isna().all():
        return f"No number of patients would show {gain} while trainings differ so much: run more seeds."
    needed = int(rows["patients_needed"].iloc[0])
    if needed <= now:
        shown = f"{counted(needed, 'patient')} {'shows' if needed == 1 else 'show'}"
        return f"By what was seen, {shown} {gain} in four studies of five; there are {now}."
    least = "at least" if difference["speaks_of"] == comparisons.THESE else "about"
    return f"To show {gain}, a study like this one needs {least} {needed} patients; there are {now}."


def _better(evaluated: Evaluated, params: Params) -> list[str]:
    """Name what did better than synthetic images without them, and say whether the network is the right model."""
    rule = params.operating_point
    found = {arm: evaluated.measure(arm, rule, params.primary) for arm in params.arms}
    found = {arm: row for arm, row in found.items() if row is not None}
    if params.main not in found:
        return []
    least = found[params.main]["value"]
    real = {arm: row["value"] for arm, row in found.items() if arm in params.real and row["value"] > least}
    said = []
    if real:
        arm = max(real, key=real.get)
        said.append(f"Try {arm} first: {_measured(found[arm])}, with real images alone.")
    return said + _right_model(evaluated, found, params)


def _right_model(evaluated: Evaluated, found: dict[str, pd.Series], params: Params) -> list[str]:
    """Compare the best method without the network with the network's best arm; nothing where none was run."""
    network, other = (
        max((arm for arm in found if (arm in params.networks) is of), key=lambda arm: found[arm]["value"], default=None)
        for of in (True, False)
    )
    if other is None:
        return []
    beside = f"{other} had {_measured(found[other])}, the network's best arm, {network}, {_measured(found[network])}"
    if found[other]["value"] <= found[network]["value"]:
        return [f"Keep the network: of the methods without it none did better. {beside}."]
    paired = evaluated.difference(other, params.operating_point)
    if paired is not None:
        beside += f". On the same {params.unit_shown}s {other} minus {params.reference} is {_points(paired)}"
    return [f"Ask whether this network is the right model: {beside}."]


def _points(row: pd.Series) -> str:
    return points(row["delta"], row["low"], row["high"])


def _measured(row: pd.Series) -> str:
    return f"{estimate(row['value'], row['low'], row['high']).replace(' (', ' % (', 1)}"


def to_json(summary: Summary) -> dict[str, object]:
    """Return a summary as a JSON object; `from_json` returns it again."""
    tables = {name: getattr(summary, name) for name in TABLES}
    return vars(summary) | {name: table.to_dict("split", index=False) for name, table in tables.items()}


def from_json(content: dict[str, object]) -> Summary:
    """Return the summary that `to_json` wrote."""
    return Summary(**content | {name: pd.DataFrame(**content[name]) for name in TABLES})
