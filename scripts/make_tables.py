"""Write the paper's Tables 2 to 7 for this cohort.

Inputs: `evaluation/predictions.csv`, `evaluation/metrics.csv`, `evaluation/operating_points.csv` and
`evaluation/comparisons.csv`; `evaluation/readers/scores.csv` where readers answered.
Outputs in percent, at the operating point of the config; with several seeds, confusion counts are summed over them and
the other values are means:
table2: confusion matrix of the arm `classic`; table3: of the first generator; table4: the readers, once they answered;
table5: generators and their discriminators; table6: first generator, `classic` and baselines; table7: sensitivity and
specificity by class.
"""

from steps import command, evaluation_tables, statistics
from synthaug.classification import tables
from synthaug.classification.measures import Classification
from synthaug.files import artifacts
from synthaug.readers import tables as reader_tables
from synthaug.terms.arms import CLASSIC


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--readers", nargs="?", help="evaluation/readers/scores.csv, if readers answered")
    parser.add_argument(
        "--params",
        required=True,
        help="JSON: classes, folds, confidence, operating_point, arms (without classic), generators",
    )
    for number in range(2, 8):
        parser.add_argument(f"--table{number}", required=True)
    arguments = parser.parse_args()
    with command.logged("make_tables", arguments):
        params = command.params(tables.Params, arguments.params)
        evaluated = evaluation_tables.read(arguments, Classification.primary)
        tables.check(evaluated, params)
        pools = statistics.read_pools(arguments.predictions, Classification(params.classes), params.folds)
        for arm, path in ((CLASSIC, arguments.table2), (params.generators[0], arguments.table3)):
            counts = tables.pooled_confusion(pools, evaluated.choice, params, arm)
            artifacts.write_csv(tables.confusion_table(counts, params), path)
        answered = arguments.readers is not None
        readers = reader_tables.table4(artifacts.read_csv(arguments.readers)) if answered else reader_tables.waiting()
        artifacts.write_csv(readers, arguments.table4)
        generative, methods = tables.generative_arms(params), tables.method_arms(params)
        artifacts.write_csv(tables.methods_table(evaluated, generative, params), arguments.table5)
        artifacts.write_csv(tables.methods_table(evaluated, methods, params), arguments.table6)
        artifacts.write_csv(tables.class_table(evaluated, params), arguments.table7)


if __name__ == "__main__":
    main()
