"""Compare the accuracy of each trained network with the mean over its last epoch, and say which are far below it.

Reads `model.json` of each network, found by its name below the cohort's results. Writes --out: arm, size, seed, folds,
both accuracies, steady; and --caution: a sentence on those that are not, for the summary, or nothing.
"""

from steps import collected_predictions, command
from synthaug.files import artifacts
from synthaug.terms import model_lists
from synthaug.training import steadiness


def main() -> None:
    parser = collected_predictions.parser(__doc__)
    parser.add_argument("--caution", required=True)
    arguments = parser.parse_args()
    with command.logged("check_trainings", arguments) as log:
        runs = [dict(zip(collected_predictions.RUN, run, strict=True)) for run in model_lists.read(arguments.runs)]
        folders = [arguments.results / collected_predictions.folder_of(arguments.stage, **run) for run in runs]
        found = [artifacts.read_json(folder / "model.json")["accuracy"] for folder in folders]
        table = steadiness.table(runs, found)
        artifacts.write_csv(table, arguments.out)
        said = steadiness.caution(table)
        artifacts.write_text(said, arguments.caution)
        if said:
            log.warning(said)


if __name__ == "__main__":
    main()
