"""The images of a reader study: which are shown, in what order, under what name, and what is known of them.

Readers judge a mixture of real and synthetic images: ROIs of lesions, or whole slices. Nothing but the pixels may tell
the two apart, so names, orders and the nominal sizes of synthetic images are made here in the same way for both.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.terms.readers import REAL, SYNTHETIC
from synthaug.terms.totals import ALL

APART = 0.2  # a share of the whole order: a repeat comes about this much later than the first showing, or more
LETTER = "a"  # that every name begins with

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RealImages:
    """The real images that may be shown.

    Attributes
    ----------
    table
        One row an image: ``class`` (`ALL` for slices), ``lesion`` or ``slice``, ``patient``, ``set`` (main or extra),
        ``width_mm`` (NaN if unknown) and ``place``, its position in ``images``.
    images
        uint8 (n, side, side).
    left_out
        By class how many may not be shown, and why, in brackets after a space; "" for none.
    """

    table: pd.DataFrame
    images: np.ndarray
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Pool:
    """The synthetic images of one generator.

    Attributes
    ----------
    images
        uint8 (n, side, side).
    samples
        The positions of those that may be shown, ascending, int (m,).
    """

    images: np.ndarray
    samples: np.ndarray


Pools = Mapping[tuple[int, str, str], Pool]  # by (seed, training folds, class); the class is `ALL` for slices


@dataclass(frozen=True)
class Params:
    """What the pack needs of the config.

    Attributes
    ----------
    subject
        What a real image is of, one of `synthaug.terms.readers.SUBJECTS`.
    classes
        Those that readers are asked for; none for slices, which may show several lesions.
    unit
        Of the window's low and high, "" for none.
    real, synthetic
        Images shown per class, or in all if there are none. If ``real`` is None, every main one is shown that may be.
    readers
        Number of readers; each sees the images in another order.
    repeats
        Images, of all classes and origins, that each reader sees twice.
    training
        Real images per class, or in all, to practise on, and as many synthetic ones.
    """

    cohort: str
    subject: str
    classes: list[str]
    master_seed: int
    intensity: dict
    unit: str
    generator: str
    real: int | None
    synthetic: int
    readers: int
    repeats: int
    training: int


@dataclass(frozen=True)
class Pack:
    """A study: the key (`key_columns`, sorted by image), the images by name, and the content of ``study.json``."""

    key: pd.DataFrame
    images: dict[str, np.ndarray]
    study: dict


def key_columns(subject: str) -> list[str]:
    """Return the columns of ``key.csv`` where a real image is of a ``subject``."""
    return ["image", "origin", "class", subject, "patient", "generator", "seed", "folds", "sample"]


def build(real: RealImages, pools: Pools, params: Params) -> Pack:
    """Choose the images of a study and practice images outside it; name and order them.

    Parameters
    ----------
    pools
        The synthetic images of each generator, as large as the real ones; those shown are spread evenly over them.

    Raises
    ------
    InputError
        If there are fewer images than the config asks for: all problems, one per line.
    """
    of_class = {cls: real.table[real.table["class"] == cls] for cls in params.classes or [ALL]}
    problems: list[str] = []
    shown = {cls: _shown(rows, real.left_out[cls], cls, params, problems) for cls, rows in of_class.items()}
    patients = pd.concat(shown.values())["patient"]
    parts = []
    for cls, rows in of_class.items():
        practised = _practised(rows, patients, real.left_out[cls], cls, params, problems)
        parts += [_real(rows, params).assign(study=kept) for rows, kept in ((shown[cls], True), (practised, False))]
        parts.append(_synthetic(pools, shown[cls]["width_mm"].to_numpy(), cls, params, problems))
    table = pd.concat(parts, ignore_index=True).astype({"study": bool})
    if params.repeats > (number := int(table["study"].sum())):
        problems.append(f"repeats: expected at most the {number} images shown, found {params.repeats}; lower it")
    if problems:
        raise InputError("\n".join(f"reader_study: {problem}" for problem in problems))
    rows = table.to_dict("records")
    arrays = [_pixels(row, real.images, pools) for row in rows]
    table["image"] = [_name(row, pixels, params) for row, pixels in zip(rows, arrays, strict=True)]
    study = table[table["study"]].sort_values("image", ignore_index=True)
    practice = table[~table["study"]].sort_values("image", ignore_index=True)
    content = {
        "cohort": params.cohort,
        "classes": params.classes,
        "window": window(params),
        "readers": reader_names(params.readers),
        "presentations": orders(study, params),
        "images": {row["image"]: {"width_mm": _whole(row["width_mm"])} for row in table.to_dict("records")},
        "training": _practice(practice, params),
    }
    return Pack(study[key_columns(params.subject)], dict(zip(table["image"], arrays, strict=True)), content)


def nominal_widths(known: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Draw widths for synthetic images, which have none, from those of the real images of their class.

    A smoothed bootstrap of the logarithm that keeps the spread (Silverman and Young, Biometrika 74:469, 1987), so drawn
    widths are distributed like the real ones. Without the smoothing every drawn width would be that of some real
    image, and one that occurs only once would belong to a real image. Missing widths (NaN) are drawn as often as they
    occur.

    Parameters
    ----------
    known : (n,) float array
        Widths of real images, mm.

    Returns
    -------
    (number,) float64 array, mm.
    """
    if not len(known):
        return np.full(number, np.nan)
    logs = np.log(known)
    drawn = random.choice(logs, number)
    noise = random.standard_normal(number)
    valid = logs[~np.isnan(logs)]
    spread = valid.std() if len(valid) else 0.0
    if spread == 0:
        return np.exp(drawn)
    ratio = 1.06 * len(valid) ** -0.2  # Silverman's bandwidth, over the spread
    return np.exp(valid.mean() + (drawn - valid.mean() + ratio * spread * noise) / np.sqrt(1 + ratio**2))


def orders(study: pd.DataFrame, params: Params) -> dict[str, list[str]]:
    """Return the images in the order in which each reader sees them, repeats included.

    Every order is random. The repeated images are the same for all readers, and are drawn in proportion from each class
    and origin. A repeat comes later than the first showing by about `APART` of the order, or more.
    """
    random = seeding.stream(params.master_seed, "reader study", "repeats")
    place = random.permutation(len(study))
    strata = study.iloc[place].groupby(["class", "origin"])
    rank = (strata.cumcount() + 0.5) / strata["image"].transform("size")
    repeated = np.sort(place[np.argsort(rank.to_numpy(), kind="stable")[: params.repeats]])
    once = np.setdiff1d(np.arange(len(study)), repeated)
    result = {}
    for reader in reader_names(params.readers):
        random = seeding.stream(params.master_seed, "reader study", "order", reader)
        pairs = np.sort(random.uniform(0, 1 - APART, (len(repeated), 2)), axis=1) + np.array([0, APART])
        when = np.concatenate([random.uniform(size=len(once)), pairs[:, 0], pairs[:, 1]])
        order = np.concatenate([once, repeated, repeated])[np.argsort(when)]
        result[reader] = study["image"].iloc[order].tolist()
    return result


def reader_names(number: int) -> list[str]:
    """Return what readers are called.

    >>> reader_names(2)
    ['reader-1', 'reader-2']
    """
    return [f"reader-{i}" for i in range(1, number + 1)]


def window(params: Params) -> dict:
    """Return what gray 0 and 255 stand for; percentiles differ between images, so then they stand for themselves."""
    if params.intensity["mode"] == "percentile":
        return {"low": 0, "high": 255, "unit": ""}
    return {"low": params.intensity["low"], "high": params.intensity["high"], "unit": params.unit}


def _shown(rows: pd.DataFrame, left_out: str, cls: str, params: Params, problems: list[str]) -> pd.DataFrame:
    """Return the real images of a class that are shown, all of the main set."""
    random = seeding.stream(params.master_seed, "reader study", REAL, cls)
    main = rows[rows["set"] == "main"]
    number = len(main) if params.real is None else params.real
    if number > len(main) or not number:
        problems.append(
            f"real: expected {max(number, 1)} main {params.subject}s{_of(cls)}, found {len(main)}{left_out}; lower it"
        )
    return main.iloc[random.permutation(len(main))[:number]]


def _practised(
    rows: pd.DataFrame, patients: pd.Series, left_out: str, cls: str, params: Params, problems: list[str]
) -> pd.DataFrame:
    """Return the real images of a class to practise on: extra ones, then main ones, of none of ``patients``.

    Practice tells that an image is real, and another one of that patient could be recognised by what lies around.
    """
    random = seeding.stream(params.master_seed, "reader study", "practice", REAL, cls)
    others = rows[~rows["patient"].isin(patients)]
    mixed = others.iloc[random.permutation(len(others))]
    chosen = pd.concat([mixed[mixed["set"] != "main"], mixed[mixed["set"] == "main"]]).head(params.training)
    if len(chosen) < params.training:
        problems.append(
            f"training: expected {params.training} further real {params.subject}s{_of(cls)}, of patients outside the "
            f"study, found {len(chosen)}{left_out}; lower it or real"
        )
    return chosen


def _of(cls: str) -> str:
    """Return the words that say of which class images are."""
    return "" if cls == ALL else f" of class {cls}"


def _real(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    columns = {"origin": REAL, "generator": "", "seed": "", "folds": "", "sample": ""}
    return rows[["class", params.subject, "patient", "width_mm", "place"]].assign(**columns)


def _synthetic(pools: Pools, widths: np.ndarray, cls: str, params: Params, problems: list[str]) -> pd.DataFrame:
    """Return the synthetic images of a class, those shown and those to practise on, spread over the generators.

    ``widths`` are those of the real images shown.
    """
    random = seeding.stream(params.master_seed, "reader study", SYNTHETIC, params.generator, cls)
    sources = _distinct({key: pools[key] for key in sorted(pools) if key[2] == cls})
    if not sources:
        raise InputError(
            f"reader_study: synthetic: expected images of {params.generator}{_of(cls)} that may be shown, found none; "
            "choose another generator"
        )
    shown, practice = (_spread(number, len(sources), random) for number in (params.synthetic, params.training))
    parts = []
    for ((seed, folds, _), different), first, further in zip(sources.items(), shown, practice, strict=True):
        number, usable = first + further, pools[seed, folds, cls].samples
        source = ", ".join([params.generator, *([f"class {cls}"] if params.classes else []), f"seed {seed}"])
        source += f", train-{folds}"
        if number > len(usable):
            problems.append(
                f"synthetic: expected {number} images of {source}, found {len(usable)}; lower it, or have "
                "the generator make more"
            )
        samples = random.permutation(different)[:number]
        if number > len(different):
            log.warning("%s: of %d images shown only %d differ, which tells readers", source, number, len(different))
            same = np.setdiff1d(usable, different)
            samples = np.concatenate([samples, random.permutation(same)])[:number]
        place = {"seed": seed, "folds": folds, "sample": samples, "place": samples}
        parts.append(pd.DataFrame({**place, "study": np.arange(len(samples)) < first}))
    table = pd.concat(parts, ignore_index=True)
    named = {"origin": SYNTHETIC, "class": cls, params.subject: "", "patient": "", "generator": params.generator}
    return table.assign(**named, width_mm=nominal_widths(widths, len(table), random))


def _distinct(pools: Pools) -> dict[tuple[int, str, str], list[int]]:
    """Return the pools, in order, each with the samples that were not there before; pools without any are left out.

    Imported generators may give the same images for every seed and fold, and collapsed ones repeat theirs. An image
    that is seen twice gives itself away.
    """
    seen: set[bytes] = set()
    result: dict[tuple[int, str, str], list[int]] = {}
    for key, pool in pools.items():
        for sample in pool.samples.tolist():
            digest = hashlib.blake2b(pool.images[sample].tobytes(), digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                result.setdefault(key, []).append(sample)
    return result


def _spread(number: int, parts: int, random: np.random.Generator) -> np.ndarray:
    """Share ``number`` out as evenly as possible; which parts get one more is random."""
    return number // parts + (random.permutation(parts) < number % parts)


def _pixels(row: dict, real: np.ndarray, pools: Pools) -> np.ndarray:
    images = real if row["origin"] == REAL else pools[row["seed"], row["folds"], row["class"]].images
    return np.array(images[row["place"]])


def _name(row: dict, pixels: np.ndarray, params: Params) -> str:
    """Return the name of an image: a letter, so that no spreadsheet takes it for a number, and its own random digits.

    The digits depend on the pixels and on where they come from, so answers are never scored by the key of another pack.
    """
    secret = seeding.stream(params.master_seed, "reader study", "names").bytes(32)
    source = "/".join(str(row[name]) for name in key_columns(params.subject) if name != "image")
    return LETTER + hashlib.blake2b(source.encode() + pixels.tobytes(), digest_size=8, key=secret).hexdigest()


def _practice(table: pd.DataFrame, params: Params) -> list[dict[str, str]]:
    order = seeding.stream(params.master_seed, "reader study", "practice").permutation(len(table))
    return [
        {"image": row["image"], "class": row["class"], "origin": row["origin"]}
        for row in table.iloc[order].to_dict("records")
    ]


def _whole(width: float) -> float | None:
    """Return the width in whole mm; further digits would tell measured widths from drawn ones."""
    return None if np.isnan(width) else float(max(round(width), 1))
