"""Write Tables 1 to 3 of the paper on LcGAN for this cohort.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
Outputs in percent, with intervals, means over seeds: table1: DSC by arm and share; table2: precision and recall, with
the paper's rules; table3: the DSC of each class. Arms that end in -epochs are after equal epochs, as in the paper.
"""

from steps import command, evaluation_tables
from synthaug.files import artifacts
from synthaug.segmentation import tables
from synthaug.segmentation.measures import Segmentation


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--params", required=True, help="JSON object, see segmentation.tables.Params")
    for number in range(1, 4):
        parser.add_argument(f"--table{number}", required=True)
    arguments = parser.parse_args()
    with command.logged("make_tables_segmentation", arguments):
        params = command.params(tables.Params, arguments.params)
        evaluated = evaluation_tables.read(arguments, Segmentation.primary)
        artifacts.write_csv(tables.by_share(evaluated, [Segmentation.primary], params), arguments.table1)
        artifacts.write_csv(tables.by_share(evaluated, ["precision", "recall"], params), arguments.table2)
        artifacts.write_csv(tables.by_class(evaluated, Segmentation.primary, params), arguments.table3)


if __name__ == "__main__":
    main()
