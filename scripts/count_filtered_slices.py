"""Count the synthetic slices that arms with a filter train on, beside as many as their sizes ask for.

Reads `train_set.csv` of each of their detectors. Writes a table: arm, size, seed, folds, asked, kept. Where fewer were
kept, an arm of this size is one of fewer slices.
"""

import json
from pathlib import Path

import pandas as pd

from steps import collected_predictions, command
from synthaug.detection import filtered_slices
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--stage", required=True, help="the folder of the models, such as detect")
    parser.add_argument("--runs", required=True, help="JSON: arm, size, seed and folds of each model")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("count_filtered_slices", arguments) as log:
        rows = []
        for run in json.loads(arguments.runs):
            folder = (arguments.results / collected_predictions.file_of(arguments.stage, *run)).parent
            rows.append(filtered_slices.row(run, artifacts.read_csv(folder / "train_set.csv")))
        table = pd.DataFrame(rows, columns=filtered_slices.COLUMNS)
        artifacts.write_csv(table, arguments.out)
        if (few := table["kept"] < table["asked"]).any():
            log.warning("filters kept fewer slices than asked for in %d of %d trainings", few.sum(), len(table))


if __name__ == "__main__":
    main()
