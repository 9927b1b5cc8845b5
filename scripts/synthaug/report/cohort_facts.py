"""What a run says of its patients and images, and of how they were divided."""

import pandas as pd

from synthaug.cohort import given_split
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.sentences import between, counted, listed
from synthaug.terms.case_columns import COLUMNS

AUDIT, OUTLINES, DUPLICATES, SUBGROUPS = "Lineage audit", "Lesion outlines", "Near-duplicate images", "Subgroups"


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its cohort, by topic."""
    return {
        "source": source(run),
        "participants": participants(run),
        "flow": flow(run),
        "characteristics": characteristics(run),
        "acquisition": acquisition(run),
        "classes": classes(run),
        "missing data": missing(run),
        "screening": screening(run),
        "privacy": privacy(),
        "partitions": partitions(run),
        "contents of the folds": contents(run),
        "separation": separation(run),
        "use of the patients": use(run),
    }


def source(run: Run) -> Fact:
    """Say where the images come from, and which table of cases it was."""
    origin = (
        "The cohort is a phantom: its lesions are simulated, and there are no patients."
        if run.settings.phantom
        else "Images and annotations are the authors' own, as their case table names them."
    )
    return Fact(f"{origin} The checked cases (cases.csv) have the SHA-256 {run.cases_digest}.", (OUTLINES,))


def participants(run: Run) -> Fact:
    """Count patients and lesions, by class, in the main and the extra set."""
    text = f"{_people(run.main)}: {listed(_by_class(run, run.main))}."
    extra = run.cases[run.cases["set"] != "main"]
    if len(extra):
        text += f" Besides, {_people(extra)} for training only: {listed(_by_class(run, extra))}."
    return Fact(text)


def flow(run: Run) -> Fact:
    """Say that the workflow leaves nobody out."""
    return Fact(
        f"All {counted(len(run.cases), 'lesion')} of the case table were used. The workflow excludes none: a faulty "
        "row stops it before anything is computed."
    )


def characteristics(run: Run) -> Fact:
    """Describe lesion size and the free columns of the case table."""
    name, unit = ("diameter_px", "px") if run.main["diameter_mm"].isna().any() else ("diameter_mm", "mm")
    sizes = run.main[name]
    text = f"Largest diameter of a lesion: median {sizes.median():.3g} {unit}, range {between(sizes, unit)}."
    for column in _free(run.cases):
        values = run.main[column].replace("", "not given").value_counts()
        text += f" Lesions by {column}: {listed(f'{count} {value}' for value, count in values.items())}."
    return Fact(text, (SUBGROUPS,))


def acquisition(run: Run) -> Fact:
    """Describe the images as far as their headers do."""
    cases = run.cases
    text = f"Images of {between(cases['rows'], digits=6)} by {between(cases['columns'], 'px', digits=6)}"
    for column, what in (("spacing_x_mm", "a pixel spacing"), ("spacing_z_mm", "a slice spacing")):
        if cases[column].notna().any():
            text += f", {what} of {between(cases[column].dropna(), 'mm')}"
    return Fact(f"{text}.")


def classes(run: Run) -> Fact:
    """Name the classes."""
    return Fact(f"The classes are {listed(run.settings.classes)}, as the case table gives them; one per lesion.")


def missing(run: Run) -> Fact:
    """Say how missing values are handled."""
    text = "Nothing is imputed. A lesion without a readable image, a class or an outline stops the run."
    gaps = {name: int((run.main[name] == "").sum()) for name in _free(run.cases)}
    if any(gaps.values()):
        missing_in = listed(f"{counted(count, 'lesion')} ({name})" for name, count in gaps.items() if count)
        text += f" Columns for subgroups lack a value for {missing_in}, which form a subgroup of their own."
    return Fact(text)


def screening(run: Run) -> Fact:
    """Say how duplicates among the patients were looked for."""
    text = (
        "Every file of the case table was checked before anything was computed. Images of different patients that are "
        "of one series, are equal in every pixel, or have a "
        f"correlation of {run.settings.duplicate_correlation:g} or more are suspected duplicates, which stop the run; "
    )
    if not len(run.acknowledged):
        return Fact(f"{text}there were none.", (DUPLICATES, OUTLINES))
    pairs = listed(f"{row.lesion_a} with {row.lesion_b}" for row in run.acknowledged.itertuples())
    return Fact(
        f"{text}kept after a look at them: {counted(len(run.acknowledged), 'pair')}, {pairs}.",
        (DUPLICATES, OUTLINES),
        open="why the pairs that look alike are different patients",
    )


def privacy() -> Fact:
    """Say what results may name."""
    return Fact(
        "Results and report name lesions and patients by the ids of the case table only. No name, date or identifier "
        "from an image's header and no name of a source file or folder is kept."
    )


def partitions(run: Run) -> Fact:
    """Say how the cohort was divided for training and testing."""
    known = run.settings
    if known.given_split:
        return Fact(f"The case table divides the patients. {_repeated(known.seeds, 'The trainings')}")
    others = "the other one" if known.folds == 2 else f"the other {known.folds - 1}"
    repeated = "Division and trainings" if known.tested_folds == known.folds else "The trainings"
    if known.tested_folds == known.folds:
        text = f"{known.folds}-fold cross-validation. Each fold is tested in turn by models trained on {others}"
    else:
        tested = "The first is" if known.tested_folds == 1 else f"The first {known.tested_folds} are each"
        text = f"The patients form {known.folds} folds. {tested} tested by models trained on {others}"
    text += (
        "; nothing is held out for tuning "
        "besides. Of up to 100 random divisions stratified by class, the one whose folds differ least in their numbers "
        f"of each class is taken. {_repeated(known.seeds, repeated)}"
    )
    return Fact(text)


def contents(run: Run) -> Fact:
    """Count patients and lesions of each fold of the first seed, and say how far the folds of all seeds differ."""
    seed = run.settings.seeds[0]
    table = run.folds[seed]
    parts = [f"fold {number}: {_in_fold(run, rows)}" for number, rows in table.groupby("fold")]
    if run.settings.given_split:
        validates = given_split.validates(table)
        tested = table["fold"] == given_split.TESTED
        groups = {"training": ~(tested | validates), "validation": validates, "test": tested}
        parts = [f"{name}: {_in_fold(run, table[members])}" for name, members in groups.items() if members.any()]
    text = f"{'; '.join(parts)}."
    text = text[0].upper() + text[1:]
    if len(run.folds) > 1 and not run.settings.given_split:
        sizes = pd.concat([table.groupby("fold").size() for table in run.folds.values()])
        text = f"With seed {seed}, {text[0].lower()}{text[1:]} With all seeds, folds have {between(sizes)} "
        text += f"{run.settings.unit}s."
    return Fact(text)


def separation(run: Run) -> Fact:
    """Say at which level training and test are disjoint, and what the audit of it found."""
    models, generators = (run.lineage["counts"][kind]["models"] for kind in ("models", "generators"))
    audited = [counted(models, "model"), *([counted(generators, "generator")] if generators else [])]
    return Fact(
        f"By patient: all lesions of a patient share a fold. The training lists of {listed(audited)} were audited: no "
        "test patient is among them.",
        (AUDIT,),
    )


def use(run: Run) -> Fact:
    """Count what a model was trained and tested on."""
    unit, first = run.settings.unit, run.lineage["counts"]["generators"]["models"]  # generators come first
    numbers = pd.DataFrame([model for model in run.lineage["models"][first:] if not model["inner"]])
    text = (
        f"For each model, patients: {between(numbers['training_patients'])} in training and "
        f"{between(numbers['test_patients'])} in the test; {unit}s: {between(numbers[f'training_{unit}s'])} in "
        f"training and {between(numbers[f'test_{unit}s'])} in the test."
    )
    return Fact(text, (AUDIT,))


def _repeated(seeds: list[int], what: str) -> str:
    if len(seeds) == 1:
        return f"{what} were done once."
    return f"{what} were repeated {len(seeds)} times, from other random numbers each (seeds {listed(seeds)})."


def _people(cases: pd.DataFrame) -> str:
    return f"{counted(cases['patient'].nunique(), 'patient')} with {counted(len(cases), 'lesion')}"


def _in_fold(run: Run, rows: pd.DataFrame) -> str:
    people = f"{counted(rows['patient'].nunique(), 'patient')} with {counted(len(rows), run.settings.unit)}"
    return f"{people} ({listed(_by_class(run, rows))})" if "class" in rows else people


def _by_class(run: Run, cases: pd.DataFrame) -> list[str]:
    found = cases["class"].value_counts()
    return [f"{found.get(name, 0)} {name}" for name in run.settings.classes]


def _free(cases: pd.DataFrame) -> list[str]:
    return [name for name in cases if name not in COLUMNS]
