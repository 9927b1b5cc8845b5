"""Patients divided by the user, in the column ``split`` of the case table, where no folds are drawn."""

from collections.abc import Iterator, Sequence

import pandas as pd

from synthaug.errors import InputError

COLUMN = "split"
TRAIN, VALIDATION, TEST = SETS = ("train", "validation", "test")
TESTED, TRAINED = 0, 1  # the folds


def problems(table: pd.DataFrame) -> Iterator[tuple[int | None, str]]:
    """Yield what is wrong with the column, as (row, text); without a row what no single one shows.

    Parameters
    ----------
    table
        The case table, with the numbers of its rows as index; rows of the extra set have no say.
    """
    if COLUMN not in table:
        yield None, f"column {COLUMN}: expected {_listed(SETS)} in each row, found no such column; add it"
        return
    main = table[table["set"] == "main"]
    for row, value in main[COLUMN].items():
        if value not in SETS:
            found = repr(value) if value else "an empty cell"
            yield row, f"{COLUMN}: expected {_listed(SETS)}, found {found}; correct it"
    for patient, values in main[main[COLUMN].isin(SETS)].groupby("patient")[COLUMN]:
        if values.nunique() > 1:
            rows = [f"{name} in row {values.index[values == name][0]}" for name in SETS if (values == name).any()]
            yield None, f"patient {patient}: expected one {COLUMN}, found {' and '.join(rows)}; choose one of them"
    for name in (TRAIN, TEST):
        if not (main[COLUMN] == name).any():
            yield None, f"{COLUMN}: expected patients of {name}, found none; say who they are"


def folds(units: pd.DataFrame, unit: str, shown: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """Return the division as folds: patients of the test are fold 0, which is tested, all others fold 1.

    Parameters
    ----------
    units
        The main units: ``unit``, ``patient`` and `COLUMN`, which `problems` has checked.
    shown
        ``patient`` and ``class``: a row for each class that a unit of the patient shows.

    Returns
    -------
    DataFrame with ``unit``, ``patient``, ``fold`` and, if there are patients of the validation, ``validation``: 1 for
    these, who are neither learned from nor tested; sorted by ``unit``.

    Raises
    ------
    InputError
        If the patients to train on or those of the test do not show every class.
    """
    main = units.sort_values(unit, ignore_index=True)
    part = main.drop_duplicates("patient").set_index("patient")[COLUMN]
    lacking = [
        f"class {cls}: expected patients of {name} who show it, found none; correct the column {COLUMN} or leave the "
        "class out"
        for cls in classes
        for name in (TRAIN, TEST)
        if not (shown.loc[shown["class"] == cls, "patient"].map(part) == name).any()
    ]
    if lacking:
        raise InputError("\n  ".join(lacking))
    result = main[[unit, "patient"]].assign(fold=(main[COLUMN] != TEST).map({False: TESTED, True: TRAINED}))
    validates = (main[COLUMN] == VALIDATION).astype(int)
    return result.assign(validation=validates) if validates.any() else result


def learned_from(folds: pd.DataFrame, trained: str) -> pd.DataFrame:
    """Return the rows of ``folds.csv`` in the folds ``trained``, such as "12", without patients of the validation."""
    inside = folds["fold"].astype(str).isin(list(trained))
    return folds[inside & (folds[VALIDATION].astype(str) != "1")] if VALIDATION in folds else folds[inside]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
