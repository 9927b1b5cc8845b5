"""How many synthetic slices arms with a filter have, of as many as their size asks for."""

from collections.abc import Iterable

import pandas as pd

from synthaug.detection import training_sets

COLUMNS = ["arm", "size", "seed", "folds", "asked", "kept"]


def row(run: Iterable, train_set: pd.DataFrame) -> dict[str, object]:
    """Return `COLUMNS` of one detector.

    Parameters
    ----------
    run
        Its arm, size, seed and training folds.
    train_set
        Its ``train_set.csv``.
    """
    counts = train_set["source"].value_counts()
    arm, size, seed, folds = run
    asked = training_sets.number_of(size, int(counts.get(training_sets.SLICE, 0)))
    kept = int(counts.get(training_sets.SYNTHETIC, 0))
    return dict(zip(COLUMNS, (arm, size, seed, folds, asked, kept), strict=True))


def caution(table: pd.DataFrame) -> str:
    """Return a sentence on the arms that have fewer slices than asked for, given all rows; nothing if none has."""
    few = (table["kept"] < table["asked"]).groupby([table["arm"], table["size"]], sort=False).agg(["sum", "count"])
    said = [f"{arm} {size} ({less} of {count} trainings)" for (arm, size), less, count in few.itertuples() if less]
    return f"Filters kept fewer slices than their size asks for: {', '.join(said)}." if said else ""
