"""Prove from the training sets that no test patient reached a classifier or a generator.

Inputs: the lesions, the folds of each seed, and the folder of every classifier (`train_set.csv`, `predictions.csv`,
`model.json`) and generator (`train_set.csv`, `model.json`).
Output: `evaluation/lineage.json`: what each model was trained on and tested with, the digests of the training sets and
the library versions. It fails, naming every lesion, patient and model, if a training set is not clean, and if the
models were made with different library versions.
"""

import hashlib
import json
from pathlib import Path

import command
from synthaug import artifacts, lineage
from synthaug.errors import InputError


def paired(names: str, values: list[str], option: str) -> list[tuple]:
    """Return each name of the JSON list ``names`` with its value, as one tuple."""
    listed = json.loads(names)
    if len(listed) != len(values):
        raise InputError(f"--{option}: {len(listed)} names for {len(values)} folders")
    return [(*name, Path(value)) for name, value in zip(listed, values, strict=True)]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--rois", required=True, help="rois/rois.csv")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--runs", required=True, help="JSON list of [arm, size, seed, folds], one a folder")
    parser.add_argument("--run-folders", required=True, nargs="+", help="the classifiers' folders")
    parser.add_argument(
        "--generators", default="[]", help="JSON list of [preset, group, seed, folds, class], one a folder"
    )
    parser.add_argument("--generator-folders", nargs="*", default=[], help="the generators' folders")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("audit_lineage", arguments.log) as log:
        rois = artifacts.read_csv(arguments.rois)
        cohorts = {
            int(seed): lineage.cohort(rois, artifacts.read_csv(path), int(seed))
            for seed, path in (pair.split("=", 1) for pair in arguments.folds)
        }
        generators, classifiers, folders = [], [], {}
        for *name, folder in paired(arguments.generators, arguments.generator_folders, "generator-folders"):
            generators.append(lineage.Generator(*name, train_set=artifacts.read_csv(folder / "train_set.csv")))
            folders[generators[-1].name] = folder
        for *name, folder in paired(arguments.runs, arguments.run_folders, "run-folders"):
            tables = (artifacts.read_csv(folder / file) for file in ("train_set.csv", "predictions.csv"))
            classifiers.append(lineage.Classifier(*name, *tables))
            folders[classifiers[-1].name] = folder
        lineage.check(cohorts, generators, classifiers)

        models = {name: artifacts.read_json(folder / "model.json") for name, folder in folders.items()}
        records = []
        for model in [*generators, *classifiers]:
            digest = hashlib.sha256((folders[model.name] / "train_set.csv").read_bytes()).hexdigest()
            records.append(lineage.record(model, cohorts[model.seed]) | {"train_set_sha256": digest})
        report = {
            "clean": True,
            "versions": lineage.common_versions(models),
            "devices": sorted({model["device"] for model in models.values()}),
            "models": records,
        }
        artifacts.write_json(report, arguments.out)
        log.info("%d generators and %d classifiers are clean", len(generators), len(classifiers))


if __name__ == "__main__":
    main()
