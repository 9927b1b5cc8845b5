"""Compare the arms, lesion by lesion: differences with intervals, tests and verdicts.

Inputs: `evaluation/predictions.csv` and `evaluation/operating_points.csv`.
Output: `evaluation/comparisons.csv`, with the columns of `comparisons.COLUMNS`: delta is arm a minus arm b, in
fractions. `against` says why b was chosen: `classic group`, `best classic`, `equal number` (of images per fold),
`online at equal steps`, or the rule at which whole arms are compared with classic: `fixed`, `published`, `nested`. p is
of the patient-level sign-flip permutation test, p_holm corrected over the rows of one `against`, metric and class. The
verdict is `gain`, `loss`, `no gain` (a gain of interest is excluded) or `undecidable`.
"""

from steps import command
from synthaug.classification import measures
from synthaug.evaluation import comparisons
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--operating-points", required=True, help="evaluation/operating_points.csv")
    parser.add_argument("--params", required=True, help="JSON object, see evaluation.comparisons.Params")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("compare_arms", arguments) as log:
        params = command.params(comparisons.Params, arguments.params)
        pools = measures.pools(artifacts.read_csv(arguments.predictions), params.classes, params.folds)
        table = comparisons.table(pools, artifacts.read_csv(arguments.operating_points), params)
        artifacts.write_csv(table, arguments.out)
        verdicts = table[table["metric"] == "accuracy"]["verdict"].value_counts()
        log.info("%d rows; verdicts on accuracy: %s", len(table), verdicts.to_dict())


if __name__ == "__main__":
    main()
