"""Take over the detections of any other tool, as those of an arm that this workflow does not train.

Reads, for each choice of training folds, a table `slice,x0,y0,x1,y1,score` with a row a detection, and `class` if there
are several, and checks it against the cohort and the seed's folds. Writes what detecting with a network of this
workflow would write, to train-<folds> in --out-dir: `detections.csv` of the test slices, in px of the resized slice;
an empty `train_set.csv` and `model.json`, which says that the training is unknown.
"""

import json
from dataclasses import asdict
from pathlib import Path

from steps import command
from synthaug.audit import lineage
from synthaug.detection import imported_detections
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--folds", required=True, help="folds.csv of the seed")
    parser.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    parser.add_argument("--arm", required=True, help="name of the tool in imported_detections of the config")
    parser.add_argument("--train-folds", required=True, nargs="+", help="the folds trained on, one digit each")
    parser.add_argument("--files", required=True, help="JSON: by name of a tool, with {seed} and {folds}")
    parser.add_argument("--params", required=True, help="JSON object, see detection.imported_detections.Params")
    parser.add_argument("--out-dir", required=True, type=Path, help="gets train-<folds>")
    arguments = parser.parse_args()
    with command.logged("import_detections", arguments, private=True) as log:
        params = command.params(imported_detections.Params, arguments.params)
        cohort = imported_detections.Cohort(artifacts.read_csv(arguments.slices), artifacts.read_csv(arguments.folds))
        pattern = json.loads(arguments.files)[arguments.arm]
        files = {folds: Path(pattern.format(seed=arguments.seed, folds=folds)) for folds in arguments.train_folds}
        detections = imported_detections.check(files, cohort, params, arguments.arm)
        record = {
            "imported": True,
            "training": lineage.UNKNOWN,
            "params": asdict(params),
            "versions": artifacts.versions("numpy", "pandas"),
            "device": "unknown",
        }
        for folds, table in detections.items():
            out = arguments.out_dir / f"train-{folds}"
            artifacts.write_csv(table, out / "detections.csv")
            artifacts.write_csv(imported_detections.no_training(), out / "train_set.csv")
            artifacts.write_json(record, out / "model.json")
            log.info("train-%s: %d detections on %d slices", folds, len(table), table["slice"].nunique())


if __name__ == "__main__":
    main()
