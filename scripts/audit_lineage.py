"""Prove from the training sets that no test patient reached a model or a generator.

Inputs: the units, the folds of each seed, and the folder of every model (`train_set.csv`, `predictions.csv`,
`model.json`) and generator (`train_set.csv`, `model.json`), which are found by their names below the cohort's results.
Output: `evaluation/lineage.json`: what each model was trained on and tested with, the digests of the training sets, how
many models there are and the library versions. It fails, naming every lesion, patient and model, if a training set is
not clean, and if the models were made with different library versions or in different precisions.
"""

import hashlib
import json
from pathlib import Path

from steps import command
from synthaug.audit import lineage
from synthaug.files import artifacts


def generator(name: list, results: Path) -> lineage.Generator:
    """Return the generator ``name``, a list of preset, group, seed, folds and class, with its training set."""
    return lineage.Generator(*name, artifacts.read_csv(results / lineage.generator_name(*name) / "train_set.csv"))


def model(stage: str, name: list, results: Path) -> lineage.Model:
    """Return the model ``name``, a list of arm, size, seed and folds, with its training set and predictions."""
    folder = results / lineage.model_name(stage, *name)
    tables = (artifacts.read_csv(folder / file) for file in ("train_set.csv", "predictions.csv"))
    return lineage.Model(stage, *name, *tables)


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--units", required=True, help="the task's table of units, such as rois/rois.csv")
    parser.add_argument("--unit", required=True, help="what they are called, such as lesion")
    parser.add_argument("--truth", default="", help="the column of the units that predictions repeat as their truth")
    parser.add_argument("--stage", required=True, help="the folder of the task's models, such as classify")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--runs", required=True, help="JSON list of [arm, size, seed, folds]")
    parser.add_argument("--generators", default="[]", help="JSON list of [preset, group, seed, folds, class]")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("audit_lineage", arguments) as log:
        units = artifacts.read_csv(arguments.units)
        cohorts = {
            int(seed): lineage.cohort(units, artifacts.read_csv(path), int(seed), arguments.unit, arguments.truth)
            for seed, path in (pair.split("=", 1) for pair in arguments.folds)
        }
        runs, named = json.loads(arguments.runs), json.loads(arguments.generators)
        records = lineage.check(
            cohorts,
            [generator(name, arguments.results) for name in named],
            (model(arguments.stage, name, arguments.results) for name in runs),
        )
        folders = {record["model"]: arguments.results / record["model"] for record in records}
        models = {name: artifacts.read_json(folder / "model.json") for name, folder in folders.items()}
        for record in records:
            content = (folders[record["model"]] / "train_set.csv").read_bytes()
            record["train_set_sha256"] = hashlib.sha256(content).hexdigest()
        parts = {"generators": records[: len(named)], "models": records[len(named) :]}
        report = {
            "clean": True,
            "versions": lineage.common_versions(models),
            "precision": lineage.common_precision(models),
            "devices": sorted({model["device"] for model in models.values()}),
            "imported": sorted(name for name, model in models.items() if model.get(lineage.IMPORTED)),
            "counts": {
                part: {"models": len(found), "inner": sum(record["inner"] for record in found)}
                for part, found in parts.items()
            },
            "models": records,
        }
        artifacts.write_json(report, arguments.out)
        log.info("%d generators and %d models are clean", len(named), len(runs))


if __name__ == "__main__":
    main()
