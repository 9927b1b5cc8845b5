"""Write the paper's Tables 2, 3 and 7 for this cohort, and the headline comparison of the arms.

Inputs: `evaluation/predictions.csv` and `evaluation/metrics.csv`.
Outputs in percent, at the operating point of the config (a classic group and a number of synthetic images fixed before
any result is known, never the best point of a curve); with several seeds, confusion counts are summed over them:
table2: confusion matrix of the arm `classic`; table3: of the first of the other arms; table7: sensitivity and
specificity by class and arm; headline: accuracy by arm and its paired difference from `classic`.
"""

import command
from synthaug import artifacts, metrics, tables
from synthaug.errors import InputError
from synthaug.groups import CLASSIC


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--metrics", required=True, help="evaluation/metrics.csv")
    parser.add_argument(
        "--params",
        required=True,
        help="JSON: master_seed, classes, folds, bootstrap, confidence, group, synthetic, arms (without classic)",
    )
    parser.add_argument("--table2", required=True)
    parser.add_argument("--table3", required=True)
    parser.add_argument("--table7", required=True)
    parser.add_argument("--headline", required=True)
    arguments = parser.parse_args()
    with command.logged("make_tables", arguments.log):
        params = command.params(tables.Params, arguments.params)
        if not params.arms:
            raise InputError("experiment: expected generators or extra sizes to compare with classic, found none")
        pools = metrics.pools(artifacts.read_csv(arguments.predictions), params.classes, params.folds)
        for arm, path in ((CLASSIC, arguments.table2), (params.arms[0], arguments.table3)):
            counts = tables.pooled_confusion(pools, params, arm)
            artifacts.write_csv(tables.confusion_table(counts, params.classes), path)
        artifacts.write_csv(tables.class_table(artifacts.read_csv(arguments.metrics), params), arguments.table7)
        artifacts.write_csv(tables.headline_table(pools, params), arguments.headline)


if __name__ == "__main__":
    main()
