"""Prove from the training sets that no test patient reached a model or a generator.

Inputs: the units, the folds of each seed, and the folder of every model (`train_set.csv`, `predictions.csv`,
`model.json`) and generator (`train_set.csv`, `model.json`, and of variations `index.csv`, which names the real image of
each), which are found by their names below the cohort's results.
Output: `evaluation/lineage.json`: what each model was trained on and tested with, the digests of the training sets, how
many models there are and the library versions. It fails, naming every lesion, patient and model, if a training set is
not clean, and if the models were made with different library versions or in different precisions. Arms of other tools,
whose training is unknown, are named and warned of.
"""

from pathlib import Path

from steps import command, lineage_audit
from synthaug.files import artifacts
from synthaug.terms import model_lists


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--units", required=True, help="the task's table of units, such as rois/rois.csv")
    parser.add_argument("--unit", required=True, help="what they are called, such as lesion")
    parser.add_argument(
        "--truth",
        nargs="?",
        const="",
        default="",
        help="the column of the units that predictions repeat as their truth",
    )
    parser.add_argument("--stage", required=True, help="the folder of the task's models, such as classify")
    parser.add_argument("--folds", required=True, nargs="+", metavar="SEED=PATH", help="folds.csv of each seed")
    parser.add_argument("--runs", required=True, help="arm, size, seed and folds of each model, see model_lists")
    parser.add_argument("--generators", default="[]", help="preset, group, seed, folds and class of each, likewise")
    parser.add_argument("--varied", nargs="*", default=[], help="the presets whose images are variations of real ones")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("audit_lineage", arguments) as log:
        audited = lineage_audit.Audited(
            arguments.results,
            artifacts.read_csv(arguments.units),
            arguments.unit,
            arguments.truth,
            {int(seed): artifacts.read_csv(path) for seed, path in (pair.split("=", 1) for pair in arguments.folds)},
            arguments.stage,
            model_lists.read(arguments.runs),
            model_lists.read(arguments.generators),
            arguments.varied,
        )
        report = lineage_audit.report(audited)
        artifacts.write_json(report, arguments.out)
        unknown = report.get("training unknown", [])
        if unknown:
            log.warning("training unknown, so no test patient can be excluded: %s", ", ".join(unknown))
        trained = len(audited.runs) - len(unknown)
        log.info("%d generators and %d models are clean", len(audited.generators), trained)


if __name__ == "__main__":
    main()
