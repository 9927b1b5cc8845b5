"""The audit: proof from what each model was trained on that no test patient reached it, or a generator before it.

What an imported generator was trained on is the user's word; all else was written by the trainings themselves.

It reads the models' `train_set.csv` files and decides anew which lesions were allowed; it shares no code with what
built the training sets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from synthaug.cohort import given_split
from synthaug.errors import InputError

STORED, FRESH, IMPORTED, SYNTHETIC = ("roi", "slice", "pool"), "fresh", "imported", "synthetic"
VALIDATION = "validation"  # of images that a model was stopped by, and must not learn from; a column of folds.csv
FOLD_SOURCES, EXTRA_SOURCES = (*STORED, FRESH, VALIDATION), ("extra-roi", "extra-pool")  # of a classifier's real images
UNKNOWN = "unknown"  # the training, as model.json says it, of what another tool predicted
ANY_CLASS = "all"  # the class of a generator of all classes
DISCRIMINATOR = "-discriminator"  # an arm of this ending classifies with the other half of the generator before it


@dataclass(frozen=True)
class Cohort:
    """What the audit knows of the units (lesions, slices) and of one seed's folds.

    Attributes
    ----------
    unit
        What the units are called: the name of their column.
    patient, class_of, set_of, truth : dict
        Of each unit, from the table of units; empty where the task has no such column.
    fold : dict
        Of each main unit, from ``folds.csv``.
    validation : frozenset
        The patients whom ``folds.csv`` keeps for a validation; empty where it names none.
    """

    unit: str
    patient: dict[str, str]
    class_of: dict[str, str]
    set_of: dict[str, str]
    truth: dict[str, object]
    fold: dict[str, str]
    validation: frozenset[str] = frozenset()

    def is_inner(self, trained: str) -> bool:
        """Return whether ``trained`` leaves out more than the one test fold of the models that are compared."""
        return len(set(self.fold.values()) - set(trained)) > 1

    def test_patients(self, trained: str) -> set[str]:
        """Return the patients with a unit outside the folds ``trained``."""
        return {self.patient[lesion] for lesion, fold in self.fold.items() if fold not in trained}


@dataclass(frozen=True)
class Generator:
    """One generator and what it was trained on."""

    preset: str
    group: str
    seed: int
    folds: str
    cls: str
    train_set: pd.DataFrame
    parents: pd.DataFrame | None = None
    """If its images are variations of real ones: ``parent``, the unit that each of them shows, and its ``class``."""

    @property
    def name(self) -> str:
        """Its folder below the cohort's results."""
        return generator_name(self.preset, self.group, self.seed, self.folds, self.cls)


@dataclass(frozen=True)
class Model:
    """One model of an arm, what it was trained on and what it predicted."""

    stage: str
    arm: str
    size: str
    seed: int
    folds: str
    train_set: pd.DataFrame
    predictions: pd.DataFrame
    chosen_by: tuple[str, str] | None = None
    """Arm and size of the model, of the same seed and folds, that chose its synthetic images, if one did."""

    @property
    def name(self) -> str:
        """Its folder below the cohort's results."""
        return model_name(self.stage, self.arm, self.size, self.seed, self.folds)


@dataclass(frozen=True)
class Choice:
    """What the networks learned from by which one of a generator's candidates was chosen."""

    preset: str
    group: str
    seed: int
    folds: str
    train_set: pd.DataFrame
    leaking: bool
    """Whether it says itself that it had help from patients whom the generator's group does not have."""

    @property
    def name(self) -> str:
        """Its folder below the cohort's results."""
        return choice_name(self.preset, self.group, self.seed, self.folds)


def generator_name(preset: str, group: int | str, seed: int, folds: str, cls: str) -> str:
    """Return the name of a generator, which is its folder below the cohort's results."""
    return f"seed-{seed}/generators/{preset}/on-{group}/train-{folds}/{cls}"


def choice_name(preset: str, group: int | str, seed: int, folds: str) -> str:
    """Return the name of the choice among a generator's candidates, which is its folder below the cohort's results."""
    return f"seed-{seed}/candidates/{preset}/on-{group}/train-{folds}"


def model_name(stage: str, arm: str, size: str, seed: int, folds: str) -> str:
    """Return the name of an arm's model, which is its folder below the cohort's results; ``stage``: ``classify``."""
    return f"seed-{seed}/{stage}/{arm}/{size}/train-{folds}"


def cohort(units: pd.DataFrame, folds: pd.DataFrame, seed: int, unit: str, truth: str = "") -> Cohort:
    """Join the units with one seed's folds.

    Parameters
    ----------
    units
        The task's table of units, such as ``rois.csv``: ``<unit>,patient`` and, where the task has them, ``class`` and
        ``set`` (main or extra).
    folds
        ``folds.csv``.
    unit
        What the units are called, such as ``lesion``.
    truth
        The column of ``units`` that predictions repeat as their truth; none by default.

    Raises
    ------
    InputError
        If the two disagree, a patient is in two folds, or in both the main and the extra set.
    """
    patient, class_of, set_of, truths = (
        dict(zip(units[unit], units[name], strict=True)) if name in units else {}
        for name in ("patient", "class", "set", truth)
    )
    set_of = set_of or dict.fromkeys(patient, "main")
    problems = []
    main = {name for name, part in set_of.items() if part == "main"}
    for name in sorted(main ^ set(folds[unit])):
        problems.append(f"{unit} {name} is in the main set or in the folds, not in both")
    for name, known in zip(folds[unit], folds["patient"], strict=True):
        if patient.get(name, known) != known:
            problems.append(f"{unit} {name} is of patient {known} in the folds, of {patient[name]} in the {unit}s")
    for name, numbers in folds.groupby("patient")["fold"].unique().items():
        if len(numbers) > 1:
            problems.append(f"patient {name} is in the folds {', '.join(map(str, sorted(numbers)))}")
    extra = {patient[name] for name, part in set_of.items() if part == "extra"}
    for name in sorted(extra & {patient[name] for name in main}):
        problems.append(f"patient {name} is in both the main and the extra set")
    _stop(f"seed-{seed}/folds.csv", problems)
    fold = dict(zip(folds[unit], folds["fold"].astype(str), strict=True))
    validates = folds["patient"][given_split.validates(folds)]
    return Cohort(unit, patient, class_of, set_of, truths, fold, frozenset(validates))


def generator_leaks(generator: Generator, known: Cohort) -> list[str]:
    """Return a line for each unit that the generator must not have been trained on."""
    rows = generator.train_set
    leaks = list(_real_leaks(rows, generator.folds, known, (*STORED, IMPORTED)))
    if generator.cls != ANY_CLASS:
        seen = rows[known.unit][rows["source"] != IMPORTED]  # of an imported one patients are known, with all they have
        for name in sorted(set(seen)):
            if known.class_of.get(name, generator.cls) != generator.cls:
                leaks.append(f"{known.unit} {name} is of class {known.class_of[name]}, not {generator.cls}")
    if generator.parents is not None:
        leaks += _parent_leaks(generator, generator.parents, known)
    return [f"{generator.name}: {leak}" for leak in leaks]


def _parent_leaks(generator: Generator, parents: pd.DataFrame, known: Cohort) -> Iterator[str]:
    """Yield a line for each unit that is the parent of a variation and must not be."""
    tested, seen = known.test_patients(generator.folds), set(generator.train_set[known.unit])
    for name, cls in parents[["parent", "class"]].drop_duplicates().itertuples(index=False):
        patient, right = known.patient.get(name), known.class_of.get(name, cls)
        if patient is None:
            yield f"{known.unit} {name} is the parent of variations but not among the cohort's {known.unit}s"
        elif patient in tested:
            yield f"{known.unit} {name} of test patient {patient} is the parent of variations"
        elif name not in seen:
            yield f"{known.unit} {name} is the parent of variations but not in their generator's training set"
        elif cls != right:
            yield f"{known.unit} {name} is the parent of variations of class {cls}, it is {right}"


def choice_leaks(choice: Choice, known: Cohort) -> list[str]:
    """Return a line for each unit that must not have had a say in the choice."""
    return [f"{choice.name}: {leak}" for leak in _real_leaks(choice.train_set, choice.folds, known, STORED)]


def model_leaks(model: Model, known: Cohort, generators: list[Generator]) -> list[str]:
    """Return a line for each unit, patient or generator that must not have reached the model.

    Its predictions are checked too: they must be of all main units outside its folds, once each.
    """
    rows = model.train_set
    synthetic = rows["source"] == SYNTHETIC
    of_units = rows[~synthetic | (rows[known.unit] != "")]  # also synthetic images that show a unit's mask
    leaks = list(_real_leaks(of_units, model.folds, known, (*FOLD_SOURCES, *EXTRA_SOURCES, SYNTHETIC)))
    made = rows[synthetic] if "class" in rows else rows[synthetic].assign(**{"class": ANY_CLASS})
    for preset, cls in made.groupby(["generator", "class"]).groups if synthetic.any() else ():
        made_for = (preset, model.seed, model.folds)
        same = [g for g in generators if (g.preset, g.seed, g.folds) == made_for and _serves(g, model.size)]
        if not any(g.cls in (cls, ANY_CLASS) for g in same):
            leaks.append(
                f"synthetic images of class {cls} come from a generator {preset} of other folds or group, or unknown"
            )
        leaks += [line for g in same if _of_all_sizes(g) for line in _shared_validation_problems(g, rows, known)]
    leaks += _validation_problems(rows, known)
    leaks += _discriminator_problems(model, generators, known.unit)
    leaks += _prediction_problems(model, known)
    return [f"{model.name}: {leak}" for leak in leaks]


def _serves(generator: Generator, size: str) -> bool:
    """Return whether models of a size take images of the generator."""
    return str(generator.group) == size.split("+")[0] or _of_all_sizes(generator)


def _of_all_sizes(generator: Generator) -> bool:
    """Return whether models of all sizes take images of the generator: its group is no number."""
    return not str(generator.group).isdecimal()


def _real_leaks(rows: pd.DataFrame, trained: str, known: Cohort, sources: tuple[str, ...]) -> Iterator[str]:
    tested, unit = known.test_patients(trained), known.unit
    labelled = rows if "class" in rows and known.class_of else rows.assign(**{"class": rows[unit].map(known.class_of)})
    for source, name, cls in labelled[["source", unit, "class"]].drop_duplicates().itertuples(index=False):
        patient, fold = known.patient.get(name), known.fold.get(name)
        if source not in sources:
            yield f"source {source} ({unit} {name}) is not one of {', '.join(sources)}"
        elif patient is None:
            yield f"{unit} {name} is in the training set but not among the cohort's {unit}s"
        elif patient in tested:
            yield f"{unit} {name} of test patient {patient} is in the training set"
        elif patient in known.validation and source != VALIDATION:
            yield f"{unit} {name} of validation patient {patient} is in the training set"
        elif source in FOLD_SOURCES and (fold is None or fold not in trained):
            yield f"{unit} {name} of patient {patient} is in the training set but in none of its folds"
        elif source in EXTRA_SOURCES and known.set_of[name] != "extra":
            yield f"{unit} {name} of patient {patient} is in the training set as an extra one, but is of the main set"
        elif name in known.class_of and cls != known.class_of[name]:
            yield f"{unit} {name} is in the training set as {cls}, it is {known.class_of[name]}"


def _validation_problems(rows: pd.DataFrame, known: Cohort) -> Iterator[str]:
    """Yield a line for each unit whose patient validates, but that the model learns from, be it by its boxes alone."""
    patients = _validating(rows, known)
    for name in sorted(set(rows.loc[rows["source"] != VALIDATION, known.unit])):
        if known.patient.get(name) in patients:
            yield f"{known.unit} {name} of validation patient {known.patient[name]} is learned from"


def _shared_validation_problems(generator: Generator, rows: pd.DataFrame, known: Cohort) -> Iterator[str]:
    """Yield a line for each unit that the generator learned from although its patient validates the model.

    ``rows``: the model's training set. A generator of all sizes has the same validation patients.
    """
    patients = _validating(rows, known)
    for name in sorted(set(generator.train_set[known.unit])):
        if known.patient.get(name) in patients:
            yield f"{known.unit} {name} of validation patient {known.patient[name]} is learned from by {generator.name}"


def _validating(rows: pd.DataFrame, known: Cohort) -> set[str]:
    """Return the patients who validate, by a model's training set."""
    return {known.patient[name] for name in rows.loc[rows["source"] == VALIDATION, known.unit] if name in known.patient}


def _chooser(model: Model) -> str:
    """Return the name of the model that chose the model's synthetic images; empty if none did.

    One that saw a test patient would choose images with that patient's help, so it must be audited too.
    """
    return model_name(model.stage, *model.chosen_by, model.seed, model.folds) if model.chosen_by else ""


def _discriminator_problems(model: Model, generators: list[Generator], unit: str) -> Iterator[str]:
    """Yield a line if the arm is a generator's discriminator, but the two were not trained on the same images."""
    preset = model.arm.removesuffix(DISCRIMINATOR)
    if preset == model.arm:
        return
    made_for = (preset, model.seed, model.folds, ANY_CLASS)
    halves = [g for g in generators if (g.preset, g.seed, g.folds, g.cls) == made_for]
    if not halves:
        yield f"it is the discriminator of a generator {preset} of all classes and these folds, which is unknown"
    elif not any(_images(half, unit) == _images(model, unit) for half in halves):
        yield f"its training set is not that of {halves[0].name}, whose discriminator it is"


def _images(model: Generator | Model, unit: str) -> list[tuple]:
    return sorted(model.train_set[["source", unit, "rank", "class"]].itertuples(index=False, name=None))


def _prediction_problems(model: Model, known: Cohort) -> list[str]:
    predictions, unit = model.predictions, known.unit
    expected = {name for name, fold in known.fold.items() if fold not in model.folds}
    problems = [
        f"{unit} {name} is a test {unit} without prediction" for name in sorted(expected - set(predictions[unit]))
    ]
    problems += [f"{unit} {name} is predicted twice" for name in predictions[unit][predictions[unit].duplicated()]]
    facts = ("patient", "fold", "truth") if known.truth else ("patient", "fold")
    for row in predictions.to_dict("records"):
        name = row[unit]
        if name not in expected:
            problems.append(f"{unit} {name} is predicted but is no test {unit}")
            continue
        found = (row["patient"], str(row["fold"]), str(row.get("truth")))[: len(facts)]
        right = (known.patient[name], known.fold[name], str(known.truth.get(name)))[: len(facts)]
        if found != right:
            problems.append(f"{unit} {name} is predicted as ({', '.join(facts)}) {found}, it is {right}")
    return problems


def common_versions(models: dict[str, dict]) -> dict[str, str]:
    """Return the library versions of all models, by package; an imported generator was made elsewhere and has no say.

    Parameters
    ----------
    models
        The content of each ``model.json`` by the model's name.

    Raises
    ------
    InputError
        If two models were made with different versions of one package.
    """
    advice = "library versions mix, so the models are not comparable; delete the older ones and run again"
    return _common({name: model["versions"] for name, model in models.items() if not model.get(IMPORTED)}, advice)


def common_precision(models: dict[str, dict]) -> dict[str, str]:
    """Return the precision that networks were trained in, by their kind: architecture, maps and batch.

    As `common_versions`. ``precision: auto`` chooses by the kind of network and by the machine: on a cluster of
    different machines networks of one kind may have different ones, and then arms would differ by it.
    """
    networks = {
        name: {_kind(model["params"]): model["params"]["precision"]}
        for name, model in models.items()
        if not model.get(IMPORTED) and "precision" in model.get("params", {})
    }
    advice = "precisions mix, so the models are not comparable; name one in precision: and run again"
    return _common(networks, advice)


def _kind(params: dict) -> str:
    maps = params.get("widths") or [params.get(f"{half}_maps") for half in ("generator", "discriminator")]
    return f"{params.get('architecture', 'classifier')}, {'-'.join(map(str, maps))} maps, batch {params.get('batch')}"


def _common(facts: dict[str, dict[str, str]], advice: str) -> dict[str, str]:
    """Return the one value of each fact of the models; stop with ``advice`` where there are several."""
    users: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, known in facts.items():
        for fact, value in known.items():
            users[fact][value].append(name)
    problems = [
        f"{fact} "
        + "; ".join(f"{value} in {len(names)} models such as {names[0]}" for value, names in by_value.items())
        for fact, by_value in sorted(users.items())
        if len(by_value) > 1
    ]
    _stop(advice, problems)
    return {fact: next(iter(by_value)) for fact, by_value in sorted(users.items())}


def check(
    cohorts: dict[int, Cohort], generators: list[Generator], models: Iterable[Model], choices: Iterable[Choice] = ()
) -> list[dict[str, object]]:
    """Check every generator, model and choice and return the `record` of each, in this order.

    ``models`` is read once, and one of them is held at a time.

    Raises
    ------
    InputError
        With all leaks, a line each.
    """
    leaks, records = [], []
    for generator in generators:
        leaks += generator_leaks(generator, cohorts[generator.seed])
        records.append(record(generator, cohorts[generator.seed]))
    choosers, unclean = {}, set()
    for model in models:
        found = model_leaks(model, cohorts[model.seed], generators)
        leaks += found
        unclean |= {model.name} if found else set()
        records.append(record(model, cohorts[model.seed]))
        choosers |= {model.name: _chooser(model)} if _chooser(model) else {}
    audited = {found["model"] for found in records}
    for name, chooser in choosers.items():
        if chooser not in audited or chooser in unclean:
            state = "not clean" if chooser in unclean else "unknown"
            leaks.append(f"{name}: its synthetic images were chosen by {chooser}, which is {state}")
    for choice in choices:
        leaks += choice_leaks(choice, cohorts[choice.seed])
        records.append(record(choice, cohorts[choice.seed]) | {"leaking": choice.leaking})
    _stop("the training sets are not clean, so no result of these models is valid", leaks)
    return records


def record(model: Generator | Model | Choice, known: Cohort) -> dict[str, object]:
    """Return what the audit counted of one model."""
    stopping = model.train_set["source"] == VALIDATION
    rows, validating = model.train_set[~stopping], set(model.train_set.loc[stopping, known.unit])
    units = set(rows[known.unit]) - {""}
    tested = known.test_patients(model.folds)
    validation = {
        f"validation_{known.unit}s": len(validating),
        "validation_patients": len({known.patient.get(name) for name in validating}),
    }
    return {
        "model": model.name,
        "inner": known.is_inner(model.folds),
        "training_images": {source: int(n) for source, n in rows["source"].value_counts().sort_index().items()},
        f"training_{known.unit}s": len(units),
        "training_patients": len({known.patient.get(name) for name in units}),
        **(validation if validating else {}),
        **_varied(model, known.unit),
        f"test_{known.unit}s": sum(fold not in model.folds for fold in known.fold.values()),
        "test_patients": len(tested),
    }


def _varied(model: Generator | Model | Choice, unit: str) -> dict[str, int]:
    """Return how many units a generator's images are variations of; nothing of any other model."""
    parents = model.parents if isinstance(model, Generator) else None
    return {} if parents is None else {f"varied_{unit}s": parents["parent"].nunique(), "variations": len(parents)}


def _stop(what: str, problems: list[str]) -> None:
    if problems:
        raise InputError("\n".join([f"{what}:", *problems]))
