"""The images of a reader study: which are shown, in what order, under what name, and what is known of them.

Readers judge a mixture of synthetic ROIs and un-augmented ROIs of real lesions. Nothing but the pixels may tell the two
apart, so names, orders and the nominal sizes of synthetic ROIs are made here in the same way for both.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthaug import seeding
from synthaug.classification import rois
from synthaug.errors import InputError
from synthaug.terms.readers import REAL, SYNTHETIC

KEY = ("image", "origin", "class", "lesion", "patient", "generator", "seed", "folds", "sample")  # columns of key.csv
APART = 0.2  # a share of the whole order: a repeat comes about this much later than the first showing, or more
LETTER = "a"  # that every name begins with

log = logging.getLogger(__name__)

Pools = Mapping[tuple[int, str, str], np.ndarray]  # synthetic images by (seed, training folds, class)


@dataclass(frozen=True)
class Params:
    """What the pack needs of the config.

    Attributes
    ----------
    unit
        Of the window's low and high, "" for none.
    real, synthetic
        Images shown per class. If ``real`` is None, every main lesion is shown whose ROI lies within its image.
    readers
        Number of readers; each sees the images in another order.
    repeats
        Images, of all classes and origins, that each reader sees twice.
    training
        Real images per class to practise on, and as many synthetic ones.
    """

    cohort: str
    classes: list[str]
    master_seed: int
    margin: float  # of the un-augmented ROI, as a fraction of the diameter
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
    """A study: the key (`KEY`, sorted by image), the images by name, and the content of ``study.json``."""

    key: pd.DataFrame
    images: dict[str, np.ndarray]
    study: dict


def build(cases: pd.DataFrame, roi_images: np.ndarray, pools: Pools, params: Params) -> Pack:
    """Choose the images of a study and practice images outside it; name and order them.

    Parameters
    ----------
    cases : DataFrame
        The checked cases, ``cases.csv``.
    roi_images : uint8 (n, 64, 64)
        The un-augmented ROI of each case.
    pools
        Synthetic images, uint8 (m, 64, 64), of each generator; those that are shown are spread evenly over them.

    Raises
    ------
    InputError
        If there are fewer images than the config asks for: all problems, one per line.
    """
    lesions = shown_whole(cases, params.margin)
    of_class = {cls: lesions[lesions["class"] == cls] for cls in params.classes}
    lost = {cls: int((cases["class"] == cls).sum()) - len(rows) for cls, rows in of_class.items()}
    beyond = {cls: f" ({n} whose ROI reaches beyond the image are left out)" if n else "" for cls, n in lost.items()}
    problems: list[str] = []
    shown = {cls: _shown(rows, beyond[cls], cls, params, problems) for cls, rows in of_class.items()}
    patients = pd.concat(shown.values())["patient"]
    parts = []
    for cls, rows in of_class.items():
        practised = _practised(rows, patients, beyond[cls], cls, params, problems)
        parts += [_real(shown[cls]).assign(study=True), _real(practised).assign(study=False)]
        parts.append(_synthetic(pools, shown[cls]["width_mm"].to_numpy(), cls, params, problems))
    table = pd.concat(parts, ignore_index=True).astype({"study": bool})
    if params.repeats > (number := int(table["study"].sum())):
        problems.append(f"repeats: expected at most the {number} images shown, found {params.repeats}; lower it")
    if problems:
        raise InputError("\n".join(f"reader_study: {problem}" for problem in problems))
    rows = table.to_dict("records")
    arrays = [_pixels(row, roi_images, pools) for row in rows]
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
    return Pack(study[list(KEY)], dict(zip(table["image"], arrays, strict=True)), content)


def shown_whole(cases: pd.DataFrame, margin: float) -> pd.DataFrame:
    """Return the cases whose un-augmented ROI lies within the image, with its width in mm (`NaN` without spacing).

    Beyond the border the edge repeats. That is seen at once, and most synthetic ROIs never show it, so such ROIs would
    give themselves away. ``place`` is the row of each case in ``cases``.
    """
    side = rois.side_px(cases["diameter_px"], margin)
    inside = pd.Series(True, index=cases.index)
    for centre, length in (("center_x_px", "columns"), ("center_y_px", "rows")):
        inside &= (cases[centre] - side / 2 >= -0.5) & (cases[centre] + side / 2 <= cases[length] - 0.5)
    return cases.assign(width_mm=side * cases["spacing_x_mm"], place=np.arange(len(cases)))[inside]


def nominal_widths(known: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Draw widths for synthetic ROIs, which have none, from those of the real ROIs of their class.

    A smoothed bootstrap of the logarithm that keeps the spread (Silverman and Young, Biometrika 74:469, 1987), so drawn
    widths are distributed like the real ones. Without the smoothing every drawn width would be that of some real ROI,
    and a width that occurs only once would belong to a real one. Missing widths (NaN) are drawn as often as they occur.

    Parameters
    ----------
    known : (n,) float array
        Widths of real ROIs, mm.

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


def _shown(lesions: pd.DataFrame, beyond: str, cls: str, params: Params, problems: list[str]) -> pd.DataFrame:
    """Return the real images of a class that are shown, of main lesions."""
    random = seeding.stream(params.master_seed, "reader study", REAL, cls)
    main = lesions[lesions["set"] == "main"]
    number = len(main) if params.real is None else params.real
    if number > len(main) or not number:
        problems.append(
            f"real: expected {max(number, 1)} main lesions of class {cls}, found {len(main)}{beyond}; lower it"
        )
    return main.iloc[random.permutation(len(main))[:number]]


def _practised(
    lesions: pd.DataFrame, patients: pd.Series, beyond: str, cls: str, params: Params, problems: list[str]
) -> pd.DataFrame:
    """Return the real images of a class to practise on: extra lesions, then main ones, of none of ``patients``.

    Practice tells that an image is real, and another lesion of that patient could be recognised by what lies around it.
    """
    random = seeding.stream(params.master_seed, "reader study", "practice", REAL, cls)
    others = lesions[~lesions["patient"].isin(patients)]
    mixed = others.iloc[random.permutation(len(others))]
    chosen = pd.concat([mixed[mixed["set"] != "main"], mixed[mixed["set"] == "main"]]).head(params.training)
    if len(chosen) < params.training:
        problems.append(
            f"training: expected {params.training} further real lesions of class {cls}, of patients outside the study, "
            f"found {len(chosen)}{beyond}; lower it or real"
        )
    return chosen


def _real(lesions: pd.DataFrame) -> pd.DataFrame:
    columns = {"origin": REAL, "generator": "", "seed": "", "folds": "", "sample": ""}
    return lesions[["class", "lesion", "patient", "width_mm", "place"]].assign(**columns)


def _synthetic(pools: Pools, widths: np.ndarray, cls: str, params: Params, problems: list[str]) -> pd.DataFrame:
    """Return the synthetic images of a class, those shown and those to practise on, spread over the generators.

    ``widths`` are those of the real images shown.
    """
    random = seeding.stream(params.master_seed, "reader study", SYNTHETIC, params.generator, cls)
    sources = _distinct({key: pools[key] for key in sorted(pools) if key[2] == cls})
    shown, practice = (_spread(number, len(sources), random) for number in (params.synthetic, params.training))
    parts = []
    for ((seed, folds, _), different), first, further in zip(sources.items(), shown, practice, strict=True):
        number, found = first + further, len(pools[seed, folds, cls])
        source = f"{params.generator}, class {cls}, seed {seed}, train-{folds}"
        if number > found:
            problems.append(
                f"synthetic: expected {number} images of {source}, found {found}; lower it, or have the generator make "
                "more"
            )
        samples = random.permutation(different)[:number]
        if number > len(different):
            log.warning("%s: of %d images shown only %d differ, which tells readers", source, number, len(different))
            same = np.setdiff1d(np.arange(found), different)
            samples = np.concatenate([samples, random.permutation(same)])[:number]
        place = {"seed": seed, "folds": folds, "sample": samples, "place": samples}
        parts.append(pd.DataFrame({**place, "study": np.arange(len(samples)) < first}))
    table = pd.concat(parts, ignore_index=True)
    named = {"origin": SYNTHETIC, "class": cls, "lesion": "", "patient": "", "generator": params.generator}
    return table.assign(**named, width_mm=nominal_widths(widths, len(table), random))


def _distinct(pools: Pools) -> dict[tuple[int, str, str], list[int]]:
    """Return the pools, in order, each with its samples that were not there before; pools without any are left out.

    Imported generators may give the same images for every seed and fold, and collapsed ones repeat theirs. An image
    that is seen twice gives itself away.
    """
    seen: set[bytes] = set()
    result: dict[tuple[int, str, str], list[int]] = {}
    for key, images in pools.items():
        for sample, image in enumerate(images):
            digest = hashlib.blake2b(image.tobytes(), digest_size=16).digest()
            if digest not in seen:
                seen.add(digest)
                result.setdefault(key, []).append(sample)
    return result


def _spread(number: int, parts: int, random: np.random.Generator) -> np.ndarray:
    """Share ``number`` out as evenly as possible; which parts get one more is random."""
    return number // parts + (random.permutation(parts) < number % parts)


def _pixels(row: dict, roi_images: np.ndarray, pools: Pools) -> np.ndarray:
    pool = roi_images if row["origin"] == REAL else pools[row["seed"], row["folds"], row["class"]]
    return np.array(pool[row["place"]])


def _name(row: dict, pixels: np.ndarray, params: Params) -> str:
    """Return the name of an image: a letter, so that no spreadsheet takes it for a number, and its own random digits.

    The digits depend on the pixels and on where they come from, so answers are never scored by the key of another pack.
    """
    secret = seeding.stream(params.master_seed, "reader study", "names").bytes(32)
    source = "/".join(str(row[name]) for name in KEY if name != "image")
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
