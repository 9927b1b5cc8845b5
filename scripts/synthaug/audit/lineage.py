"""The audit: proof from what each model was trained on that no test patient reached a classifier or a generator.

What an imported generator was trained on is the user's word; all else was written by the trainings themselves.

It reads the models' `train_set.csv` files and decides anew which lesions were allowed; it shares no code with what
built the training sets.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from synthaug.errors import InputError

STORED, FRESH, IMPORTED, SYNTHETIC = ("roi", "pool"), "fresh", "imported", "synthetic"
FOLD_SOURCES, EXTRA_SOURCES = (*STORED, FRESH), ("extra-roi", "extra-pool")  # of a classifier's real images
ANY_CLASS = "all"  # the class of a generator of all classes
DISCRIMINATOR = "-discriminator"  # an arm of this ending classifies with the other half of the generator before it


@dataclass(frozen=True)
class Cohort:
    """What the audit knows of the lesions and of one seed's folds.

    Attributes
    ----------
    patient, class_of, set_of : dict
        Of each lesion, from ``rois.csv``.
    fold : dict
        Of each main lesion, from ``folds.csv``.
    """

    patient: dict[str, str]
    class_of: dict[str, str]
    set_of: dict[str, str]
    fold: dict[str, str]

    def is_inner(self, trained: str) -> bool:
        """Return whether ``trained`` leaves out more than the one test fold of the models that are compared."""
        return len(set(self.fold.values()) - set(trained)) > 1

    def test_patients(self, trained: str) -> set[str]:
        """Return the patients with a lesion outside the folds ``trained``."""
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

    @property
    def name(self) -> str:
        return generator_name(self.preset, self.group, self.seed, self.folds, self.cls)


@dataclass(frozen=True)
class Classifier:
    """One classifier, what it was trained on and what it predicted."""

    arm: str
    size: str
    seed: int
    folds: str
    train_set: pd.DataFrame
    predictions: pd.DataFrame

    @property
    def name(self) -> str:
        return classifier_name(self.arm, self.size, self.seed, self.folds)


def generator_name(preset: str, group: int | str, seed: int, folds: str, cls: str) -> str:
    """Return the name of a generator, which is its folder below the cohort's results."""
    return f"seed-{seed}/generators/{preset}/on-{group}/train-{folds}/{cls}"


def classifier_name(arm: str, size: str, seed: int, folds: str) -> str:
    """Return the name of a classifier, which is its folder below the cohort's results."""
    return f"seed-{seed}/classify/{arm}/{size}/train-{folds}"


def cohort(rois: pd.DataFrame, folds: pd.DataFrame, seed: int) -> Cohort:
    """Join the lesions with one seed's folds.

    Raises
    ------
    InputError
        If the two disagree, a patient is in two folds, or in both the main and the extra set.
    """
    patient, class_of, set_of = (
        dict(zip(rois["lesion"], rois[name], strict=True)) for name in ("patient", "class", "set")
    )
    problems = []
    main = {lesion for lesion, name in set_of.items() if name == "main"}
    for lesion in sorted(main ^ set(folds["lesion"])):
        problems.append(f"lesion {lesion} is in the main set or in the folds, not in both")
    for lesion, name in zip(folds["lesion"], folds["patient"], strict=True):
        if patient.get(lesion, name) != name:
            problems.append(f"lesion {lesion} is of patient {name} in the folds, of {patient[lesion]} in rois.csv")
    for name, numbers in folds.groupby("patient")["fold"].unique().items():
        if len(numbers) > 1:
            problems.append(f"patient {name} is in the folds {', '.join(map(str, sorted(numbers)))}")
    extra = {patient[lesion] for lesion, name in set_of.items() if name == "extra"}
    for name in sorted(extra & {patient[lesion] for lesion in main}):
        problems.append(f"patient {name} is in both the main and the extra set")
    _stop(f"seed-{seed}/folds.csv", problems)
    fold = dict(zip(folds["lesion"], folds["fold"].astype(str), strict=True))
    return Cohort(patient, class_of, set_of, fold)


def generator_leaks(generator: Generator, known: Cohort) -> list[str]:
    """Return a line for each lesion that the generator must not have been trained on."""
    rows = generator.train_set
    leaks = list(_real_leaks(rows, generator.folds, known, (*STORED, IMPORTED)))
    if generator.cls != ANY_CLASS:
        for lesion in sorted(set(rows["lesion"][rows["source"] != IMPORTED])):  # imported: patients, with all they have
            if known.class_of.get(lesion, generator.cls) != generator.cls:
                leaks.append(f"lesion {lesion} is of class {known.class_of[lesion]}, not {generator.cls}")
    return [f"{generator.name}: {leak}" for leak in leaks]


def classifier_leaks(classifier: Classifier, known: Cohort, generators: list[Generator]) -> list[str]:
    """Return a line for each lesion, patient or generator that must not have reached the classifier.

    Its predictions are checked too: they must be of all main lesions outside its folds, once each.
    """
    rows = classifier.train_set
    synthetic = rows["source"] == SYNTHETIC
    leaks = list(_real_leaks(rows[~synthetic], classifier.folds, known, FOLD_SOURCES + EXTRA_SOURCES))
    for (preset, cls), _ in rows[synthetic].groupby(["generator", "class"]):
        made_for = (preset, classifier.size.split("+")[0], classifier.seed, classifier.folds)
        same = [g for g in generators if (g.preset, str(g.group), g.seed, g.folds) == made_for]
        if not any(g.cls in (cls, ANY_CLASS) for g in same):
            leaks.append(
                f"synthetic images of class {cls} come from a generator {preset} of other folds or group, or unknown"
            )
    leaks += _discriminator_problems(classifier, generators)
    leaks += _prediction_problems(classifier, known)
    return [f"{classifier.name}: {leak}" for leak in leaks]


def _real_leaks(rows: pd.DataFrame, trained: str, known: Cohort, sources: tuple[str, ...]) -> Iterator[str]:
    tested = known.test_patients(trained)
    for source, lesion in rows[["source", "lesion"]].drop_duplicates().itertuples(index=False):
        patient, fold = known.patient.get(lesion), known.fold.get(lesion)
        if source not in sources:
            yield f"source {source} (lesion {lesion}) is not one of {', '.join(sources)}"
        elif patient is None:
            yield f"lesion {lesion} is in the training set but not in rois.csv"
        elif patient in tested:
            yield f"lesion {lesion} of test patient {patient} is in the training set"
        elif source in FOLD_SOURCES and (fold is None or fold not in trained):
            yield f"lesion {lesion} of patient {patient} is in the training set but in none of its folds"
        elif source in EXTRA_SOURCES and known.set_of[lesion] != "extra":
            yield f"lesion {lesion} of patient {patient} is in the training set as an extra one, but is of the main set"


def _discriminator_problems(classifier: Classifier, generators: list[Generator]) -> Iterator[str]:
    """Yield a line if the arm is a generator's discriminator, but the two were not trained on the same images."""
    preset = classifier.arm.removesuffix(DISCRIMINATOR)
    if preset == classifier.arm:
        return
    made_for = (preset, classifier.seed, classifier.folds, ANY_CLASS)
    halves = [g for g in generators if (g.preset, g.seed, g.folds, g.cls) == made_for]
    if not halves:
        yield f"it is the discriminator of a generator {preset} of all classes and these folds, which is unknown"
    elif not any(_images(half) == _images(classifier) for half in halves):
        yield f"its training set is not that of {halves[0].name}, whose discriminator it is"


def _images(model: Generator | Classifier) -> list[tuple]:
    return sorted(model.train_set[["source", "lesion", "rank", "class"]].itertuples(index=False, name=None))


def _prediction_problems(classifier: Classifier, known: Cohort) -> list[str]:
    predictions = classifier.predictions
    expected = {lesion for lesion, fold in known.fold.items() if fold not in classifier.folds}
    problems = [
        f"lesion {lesion} is a test lesion without prediction"
        for lesion in sorted(expected - set(predictions["lesion"]))
    ]
    problems += [
        f"lesion {lesion} is predicted twice" for lesion in predictions["lesion"][predictions["lesion"].duplicated()]
    ]
    for row in predictions.itertuples(index=False):
        if row.lesion not in expected:
            problems.append(f"lesion {row.lesion} is predicted but is no test lesion")
            continue
        found = (row.patient, str(row.fold), row.truth)
        right = (known.patient[row.lesion], known.fold[row.lesion], known.class_of[row.lesion])
        if found != right:
            problems.append(f"lesion {row.lesion} is predicted as (patient, fold, class) {found}, it is {right}")
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


def common_precision(models: dict[str, dict]) -> str | None:
    """Return the precision that all networks were trained in; None if there is no network. As `common_versions`.

    ``precision: auto`` gives different ones on a cluster of different machines, and then arms would differ by it.
    """
    networks = {
        name: {"precision": model["params"]["precision"]}
        for name, model in models.items()
        if not model.get(IMPORTED) and "precision" in model.get("params", {})
    }
    advice = "precisions mix, so the models are not comparable; name one in precision: and run again"
    return _common(networks, advice).get("precision")


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
    cohorts: dict[int, Cohort], generators: list[Generator], classifiers: Iterable[Classifier]
) -> list[dict[str, object]]:
    """Check every model and return the `record` of each, generators first.

    ``classifiers`` is read once, and one of them is held at a time.

    Raises
    ------
    InputError
        With all leaks, a line each.
    """
    leaks, records = [], []
    for generator in generators:
        leaks += generator_leaks(generator, cohorts[generator.seed])
        records.append(record(generator, cohorts[generator.seed]))
    for classifier in classifiers:
        leaks += classifier_leaks(classifier, cohorts[classifier.seed], generators)
        records.append(record(classifier, cohorts[classifier.seed]))
    _stop("the training sets are not clean, so no result of these models is valid", leaks)
    return records


def record(model: Generator | Classifier, known: Cohort) -> dict[str, object]:
    """Return what the audit counted of one model."""
    rows = model.train_set
    lesions = set(rows["lesion"]) - {""}
    tested = known.test_patients(model.folds)
    return {
        "model": model.name,
        "inner": known.is_inner(model.folds),
        "training_images": {source: int(n) for source, n in rows["source"].value_counts().sort_index().items()},
        "training_lesions": len(lesions),
        "training_patients": len({known.patient.get(lesion) for lesion in lesions}),
        "test_lesions": sum(fold not in model.folds for fold in known.fold.values()),
        "test_patients": len(tested),
    }


def _stop(what: str, problems: list[str]) -> None:
    if problems:
        raise InputError("\n".join([f"{what}:", *problems]))
