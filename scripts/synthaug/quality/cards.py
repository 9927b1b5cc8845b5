"""The quality card of a generator: each measure beside its reference, and the search for copies, in one row."""

import logging

import pandas as pd

from synthaug.quality import copy_search, embedding, realism

KEYS = ["folds", "class"]
ALL = "all"
CARD = {
    "KID": (embedding.CNN, realism.KID, 3),
    "KID to test": (embedding.CNN, realism.KID_TEST, 3),
    "KID, radiomic": (embedding.RADIOMIC, realism.KID, 2),
    "precision": (embedding.CNN, "precision", 2),
    "recall": (embedding.CNN, "recall", 2),
    "density": (embedding.CNN, "density", 2),
    "coverage": (embedding.CNN, "coverage", 2),
    "sharpness": (realism.PIXELS, realism.SHARPNESS, 2),
    "spectrum": (realism.PIXELS, realism.SPECTRUM, 2),
    "AUC": (embedding.CNN, realism.SCORE, 2),
    "AUC, radiomic": (embedding.RADIOMIC, realism.SCORE, 2),
}


def report(log: logging.Logger, name: str, folds: str, cls: str, audit: copy_search.Audit) -> None:
    """Log what the search for copies found, and warn where it missed some that were planted."""
    log.info("%s/%s: %d alarms, %d of %d controls found",
             folds, cls, audit.nearest["alarm"].sum(), audit.found, audit.planted)  # fmt: skip
    if audit.found < audit.planted:
        log.warning(
            "%s, trained on folds %s, class %s: only %d of %d planted copies were found, so copies may be "
            "missed; lesions of other patients look as much alike",
            name, folds, cls, audit.found, audit.planted,
        )  # fmt: skip


def movement(row: pd.Series) -> str:
    """Say in words how the training image of ``row`` is moved onto the synthetic one, see `copy_search.moved`."""
    flip = ", flipped" if row["flipped"] else ""
    return f"shifted {row['shift_x_px']:+.1f} {row['shift_y_px']:+.1f} px, rotated {row['rotation_deg']:.0f} deg{flip}"


def card(names: dict[str, object], table: pd.DataFrame, audits: pd.DataFrame) -> pd.DataFrame:
    """Sum up one generator in one row: each measure and its reference (``..., real``), then the search for copies."""
    total = table[(table["folds"] == ALL) & (table["class"] == ALL)].set_index(["features", "measure"])
    count, flagged = audits["images"].sum(), audits["flagged"].sum()
    row = {**names, "images": count}
    for name, (features, measure, digits) in CARD.items():
        value = total.loc[(features, measure)]
        row |= {name: round(value["value"], digits), f"{name}, real": round(value["reference"], digits)}
    row["copies flagged"] = f"{flagged} of {count} ({100 * flagged / count:.1f} %)"
    if "meant" in audits:
        row["near their parents, as meant"] = f"{audits['meant'].sum()} of {count}"
    row["flagged by chance"] = f"up to {100 * audits['chance'].to_numpy().mean():.1f} %"
    row["distance ratio"] = round(float(audits["ratio"].to_numpy().mean()), 2)
    row["authentic"] = f"{100 * audits['authentic'].to_numpy().mean():.0f} %"
    row["controls found"] = f"{audits['found'].sum()} of {audits['planted'].sum()}"
    row["valid"] = "true" if copy_search.missed(audits).empty else "false"
    return pd.DataFrame([row])


def with_averages(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all choices of folds and classes, then their means over classes, then over folds too."""
    table = pd.concat(tables, ignore_index=True)
    by_folds = realism.averages(table, ["folds", "features", "measure"]).assign(**{"class": ALL})
    total = realism.averages(by_folds, ["class", "features", "measure"]).assign(folds=ALL)
    return pd.concat([table, by_folds, total], ignore_index=True)[["folds", *realism.COLUMNS]]
