"""Count the synthetic slices that arms with a filter train on, beside as many as their sizes ask for.

Reads `train_set.csv` of each of their detectors. Writes --out: arm, size, seed, folds, asked, kept; and --caution: a
sentence on the arms that have fewer slices than their size says, for the summary, or nothing.
"""

import pandas as pd

from steps import collected_predictions, command
from synthaug.detection import filtered_slices
from synthaug.files import artifacts
from synthaug.terms import model_lists


def main() -> None:
    parser = collected_predictions.parser(__doc__)
    parser.add_argument("--caution", required=True)
    arguments = parser.parse_args()
    with command.logged("count_filtered_slices", arguments) as log:
        rows = []
        for run in model_lists.read(arguments.runs):
            folder = arguments.results / collected_predictions.folder_of(arguments.stage, *run)
            rows.append(filtered_slices.row(run, artifacts.read_csv(folder / "train_set.csv")))
        table = pd.DataFrame(rows, columns=filtered_slices.COLUMNS)
        artifacts.write_csv(table, arguments.out)
        said = filtered_slices.caution(table)
        artifacts.write_text(said, arguments.caution)
        if said:
            log.warning(said)


if __name__ == "__main__":
    main()
