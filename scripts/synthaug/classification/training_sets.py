"""Which images a model trains on.

Groups of classic augmentations are nested, the smaller within the larger, for any split, and hold the same number of
augmentations of each lesion, give or take one. `sizes` says how sizes are written.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from synthaug import seeding
from synthaug.classification import validation_patients
from synthaug.errors import InputError
from synthaug.terms import sizes, uses
from synthaug.terms.arms import CLASSIC, EXTRA, MIXUP, ONLINE, PLACEBO

ROI, POOL, EXTRA_ROI, EXTRA_POOL, SYNTHETIC = "roi", "pool", "extra-roi", "extra-pool", "synthetic"
VALIDATION = "validation"  # source: an un-augmented ROI that early stopping looks at and that is not learned from
FRESH = "fresh"  # source: an augmentation that is drawn afresh in each epoch, of the arms online and mixup
POOL_COLUMNS = ("lesion", "rank")  # of the pool's index, all that is needed of it here
ALL_CLASSES = "all"  # the class of a generator of all classes


def lesions_of(folds: pd.DataFrame, train_folds: str) -> pd.DataFrame:
    """Return the rows of ``folds`` whose fold is one of the digits of ``train_folds``."""
    return folds[folds["fold"].astype(str).isin(list(train_folds))]


def test_lesions(folds: pd.DataFrame, train_folds: str) -> pd.DataFrame:
    """Return the main lesions outside ``train_folds``, sorted by lesion."""
    return folds.drop(lesions_of(folds, train_folds).index).sort_values("lesion", ignore_index=True)


def generator_set(
    rois: pd.DataFrame,
    pool_index: pd.DataFrame,
    folds: pd.DataFrame,
    *,
    train_folds: str,
    group: int,
    cls: str,
    seed: int,
    master_seed: int,
) -> pd.DataFrame:
    """Return what a generator of class ``cls``, or of `ALL_CLASSES`, trains on: the classic group (section 4.2.2).

    Parameters
    ----------
    rois, pool_index, folds
        The tables ``rois.csv``, ``pool/index.csv`` and ``folds.csv``.
    train_folds
        The folds trained on, a digit each.
    group
        Classic augmentations per fold, of all classes together.

    Returns
    -------
    DataFrame with ``source`` (roi or pool), ``lesion``, ``rank`` (-1 for a ROI), ``class``, ``generator`` (empty) and
    ``row``, the row in the array of that source.
    """
    rows = _classic(rois, pool_index, folds, train_folds, group, seed, master_seed)
    return rows if cls == ALL_CLASSES else rows[rows["class"] == cls].reset_index(drop=True)


def classifier_set(
    rois: pd.DataFrame,
    pool_index: pd.DataFrame,
    folds: pd.DataFrame,
    *,
    train_folds: str,
    arm: str,
    size: str,
    classes: list[str],
    seed: int,
    master_seed: int,
    validation_share: float = 0.0,
) -> pd.DataFrame:
    """Return what a classifier trains on; the columns are those of `generator_set`.

    The un-augmented ROIs of the training folds and the classic group come first; then, for each class, the
    arm's further images: un-augmented ROIs of the extra lesions and then their augmentations (arm ``extra``), or the
    first synthetic images of the generator that the arm is named after (of the use `select`: the first ones that were
    selected). The arms ``online`` and ``mixup`` have, instead
    of the classic group, as many places for augmentations that each epoch draws afresh (source `FRESH`).
    The arm ``placebo`` has what ``classic`` has.

    With a ``validation_share`` that share of the patients is left out of all this (`validation_patients`), and their
    un-augmented ROIs come last (source `VALIDATION`). Groups keep their size, so the other patients have more images
    of them. Synthetic images stay, although their generator saw all patients of the training folds.
    """
    classic, further = sizes.parse(size)
    fresh, validating = arm in (ONLINE, MIXUP), None
    if validation_share:
        folds, validating = validation_patients.choose(
            lesions_of(folds, train_folds),
            validation_share,
            train_folds=train_folds,
            seed=seed,
            master_seed=master_seed,
        )
    parts = [_classic(rois, pool_index, folds, train_folds, classic, seed, master_seed, fresh=fresh)]
    count = further * len(train_folds)
    for cls in () if fresh else classes:
        if arm == EXTRA:
            parts.append(_extra(rois, pool_index, cls, count, master_seed))
        elif arm not in (CLASSIC, PLACEBO):
            parts.append(_rows(SYNTHETIC, "", range(count), cls, range(count), generator=uses.generator_of(arm)))
    if validating is not None:
        row_of = {lesion: row for row, lesion in enumerate(rois["lesion"])}
        rows = validating["lesion"].map(row_of).tolist()
        parts.append(_rows(VALIDATION, validating["lesion"], -1, validating["class"].tolist(), rows))
    return pd.concat(parts, ignore_index=True)


def _classic(
    rois: pd.DataFrame,
    pool_index: pd.DataFrame,
    folds: pd.DataFrame,
    train_folds: str,
    group: int,
    seed: int,
    master_seed: int,
    *,
    fresh: bool = False,
) -> pd.DataFrame:
    roi_row = {lesion: row for row, lesion in enumerate(rois["lesion"])}
    parts = []
    for fold in sorted(train_folds):
        members = lesions_of(folds, fold).sort_values("lesion")
        class_of = dict(zip(members["lesion"], members["class"], strict=True))
        lesions = members["lesion"].tolist()
        parts.append(_rows(ROI, lesions, -1, members["class"].tolist(), [roi_row[lesion] for lesion in lesions]))
        order = seeding.stream(master_seed, "group", seed, int(fold)).permutation(len(lesions))
        if fresh:  # the same number of places for each lesion, give or take one
            slots = [lesions[order[i % len(lesions)]] for i in range(group)]
            ranks = [i // len(lesions) for i in range(group)]
            parts.append(_rows(FRESH, slots, ranks, [class_of[lesion] for lesion in slots], [-1] * group))
            continue
        drawn = _first(pool_index, [lesions[i] for i in order], group, f"fold {fold}")
        parts.append(_rows(POOL, drawn["lesion"], drawn["rank"], drawn["lesion"].map(class_of), drawn.index))
    return pd.concat(parts, ignore_index=True)


def _extra(rois: pd.DataFrame, pool_index: pd.DataFrame, cls: str, count: int, master_seed: int) -> pd.DataFrame:
    members = rois[(rois["set"] == "extra") & (rois["class"] == cls)]
    if members.empty:
        raise InputError(
            f'case table: expected lesions of class {cls} with set "extra" for the arm "extra", found none; '
            "add some, or set experiment: extra: [] in the config"
        )
    order = seeding.stream(master_seed, "group", "extra", cls).permutation(len(members))
    members = members.iloc[order][:count]
    drawn = _first(pool_index, members["lesion"].tolist(), count - len(members), f"extra lesions of class {cls}")
    return pd.concat(
        [
            _rows(EXTRA_ROI, members["lesion"], -1, cls, members.index),
            _rows(EXTRA_POOL, drawn["lesion"], drawn["rank"], cls, drawn.index),
        ],
        ignore_index=True,
    )


def _first(pool_index: pd.DataFrame, lesions: list[str], count: int, where: str) -> pd.DataFrame:
    """Return the first ``count`` pool rows of ``lesions`` ordered by (rank, place in ``lesions``)."""
    # Every lesion has every rank, so the first rows lie within as few ranks; numbers are compared faster than names.
    ranks = -(-count // max(len(lesions), 1))
    candidates = pool_index[pool_index["rank"] < ranks]
    candidates = candidates[candidates["lesion"].isin(lesions)]
    if count > len(candidates):
        raise InputError(
            f"experiment: {count} augmentations asked for of {where}, which has {len(lesions)} lesions and so at most "
            f"{pool_index['lesion'].isin(lesions).sum()}; lower the sizes in the config, or raise the numbers of its "
            "augmentation"
        )
    place = candidates["lesion"].map({lesion: i for i, lesion in enumerate(lesions)})
    return candidates.assign(place=place).sort_values(["rank", "place"]).head(count)


def _rows(
    source: str,
    lesion: str | Iterable[str],
    rank: int | Iterable[int],
    cls: str | Iterable[str],
    row: Sequence[int],
    *,
    generator: str = "",
) -> pd.DataFrame:
    """Return a table of ``len(row)`` rows; the other arguments are lists of that length or one value for all rows."""
    columns = {"source": source, "lesion": lesion, "rank": rank, "class": cls, "generator": generator, "row": row}
    columns = {name: value if isinstance(value, str | int) else _plain(value) for name, value in columns.items()}
    return pd.DataFrame(columns, index=range(len(row))).astype({"rank": int, "row": int})


def _plain(values: Iterable) -> Sequence:
    """Return ``values`` without an index, by which pandas would sort them into a table."""
    return values.to_numpy() if isinstance(values, pd.Series | pd.Index) else list(values)
