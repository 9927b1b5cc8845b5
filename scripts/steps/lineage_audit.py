"""The lineage audit of a folder of results: its models and generators are read one by one."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from synthaug.audit import lineage
from synthaug.errors import InputError
from synthaug.files import artifacts
from synthaug.terms import chosen


@dataclass(frozen=True)
class Audited:
    """What is audited.

    Attributes
    ----------
    results
        ``results/<cohort>``.
    units, unit, truth
        The task's table of units, what they are called, and the column that predictions repeat as their truth, if any.
    folds
        ``folds.csv`` of each seed.
    stage
        The folder of the task's models, such as ``classify``.
    runs, generators
        Every model as arm, size, seed and folds, every generator as preset, group, seed, folds and class.
    varied
        The presets whose images are variations of real ones.
    """

    results: Path
    units: pd.DataFrame
    unit: str
    truth: str
    folds: dict[int, pd.DataFrame]
    stage: str
    runs: Sequence[Sequence]
    generators: Sequence[Sequence]
    varied: Collection[str] = ()


def report(audited: Audited) -> dict[str, object]:
    """Return the content of ``lineage.json``.

    It has ``choices`` where generators have candidates, and ``training unknown`` where another tool predicted: nothing
    is said of what that tool has seen.

    Raises
    ------
    InputError
        If a training set is not clean, or versions or precisions mix.
    """
    results = audited.results
    cohorts = {
        seed: lineage.cohort(audited.units, folds, seed, audited.unit, audited.truth)
        for seed, folds in audited.folds.items()
    }
    records = lineage.check(
        cohorts,
        [_generator(name, results, name[0] in audited.varied) for name in audited.generators],
        (_model(audited.stage, name, results) for name in audited.runs),
        (_choice(name, results) for name in audited.generators if _has_candidates(name, results)),
    )
    folders = {record["model"]: results / record["model"] for record in records}
    count, total = len(audited.generators), len(audited.generators) + len(audited.runs)
    trained = [record["model"] for record in records[:total]]
    models = {name: artifacts.read_json(folders[name] / "model.json") for name in trained}
    for record in records:
        content = (folders[record["model"]] / "train_set.csv").read_bytes()
        record["train_set_sha256"] = hashlib.sha256(content).hexdigest()
    parts = {"generators": records[:count], "models": records[count:total]}
    by_model = sorted(records[total:], key=lambda record: record["model"])
    further = {"choices": by_model} if by_model else {}
    unknown = sorted(name for name, model in models.items() if model.get("training") == lineage.UNKNOWN)
    if unknown:
        further["training unknown"] = unknown
    return further | {
        "clean": True,
        "versions": lineage.common_versions(models),
        "precision": lineage.common_precision(models),
        "devices": sorted({model["device"] for model in models.values()}),
        "imported": sorted(name for name, model in models.items() if model.get(lineage.IMPORTED)),
        "counts": {
            part: {"models": len(found), "inner": sum(record["inner"] for record in found)}
            for part, found in parts.items()
        },
        "models": records[:total],
    }


def _generator(name: Sequence, results: Path, varied: bool) -> lineage.Generator:
    parents = _parents(results, *name) if varied else None
    return lineage.Generator(*name, _train_set(results / lineage.generator_name(*name)), parents)


def _parents(results: Path, preset: str, group: int | str, seed: int, folds: str, cls: str) -> pd.DataFrame:
    """Return the parent and the class of each image of a generator whose images are variations."""
    folder = results / f"seed-{seed}/synthetic/{preset}/on-{group}/train-{folds}"
    files = sorted(folder.glob(f"{'*' if cls == lineage.ANY_CLASS else cls}/index.csv"))
    tables = [artifacts.read_csv(file, numbers=("sample",)) for file in files]
    wrong = [file for file, table in zip(files, tables, strict=True) if "parent" not in table]
    if wrong or not files:
        raise InputError(
            f"{wrong[0] if wrong else folder}: expected variations and the parent of each, found none; draw them again"
        )
    return pd.concat(tables, ignore_index=True)[["parent", "class"]]


def _has_candidates(name: Sequence, results: Path) -> bool:
    model = artifacts.read_json(results / lineage.generator_name(*name) / "model.json")
    return "candidates" in model.get("params", {})


def _choice(name: Sequence, results: Path) -> lineage.Choice:
    preset, group, seed, folds, _ = name
    folder = results / lineage.choice_name(preset, group, seed, folds)
    train_set = _train_set(folder)
    leaking = artifacts.read_json(folder / "choice.json")["leaking"]
    return lineage.Choice(preset, group, seed, folds, train_set, leaking)


def _model(stage: str, name: Sequence, results: Path) -> lineage.Model:
    folder = results / lineage.model_name(stage, *name)
    chooser = artifacts.read_json(folder / "model.json").get(chosen.CHOSEN_BY)
    chosen_by = None if chooser is None else tuple(chooser)
    return lineage.Model(stage, *name, _train_set(folder), artifacts.read_csv(folder / "predictions.csv"), chosen_by)


def _train_set(folder: Path) -> pd.DataFrame:
    """Return the training set of a model; a unit that is not known is an empty text, whatever units are called."""
    return artifacts.read_csv(folder / "train_set.csv", numbers=("rank",))
