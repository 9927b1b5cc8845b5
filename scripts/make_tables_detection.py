"""Write Table 1 of the paper of Han et al. for this cohort, and the tables in which false positives are equal.

Inputs: `evaluation/metrics.csv`, `evaluation/operating_points.csv` and `evaluation/comparisons.csv`.
Outputs, with intervals, means over seeds: table1: average precision, sensitivity and false positives at the paper's
score; equal: sensitivity of boxes, lesions and patients and by size at as many false positives in each arm; froc:
points of the curve.
"""

from steps import command, evaluation_tables
from synthaug.detection import tables
from synthaug.detection.measures import Detection
from synthaug.files import artifacts


def main() -> None:
    parser = evaluation_tables.parser(__doc__)
    parser.add_argument("--params", required=True, help="JSON object, see detection.tables.Params")
    for name in ("table1", "equal", "froc"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    with command.logged("make_tables_detection", arguments):
        params = command.params(tables.Params, arguments.params)
        evaluated = evaluation_tables.read(arguments, Detection.primary)
        artifacts.write_csv(tables.paper(evaluated, params), arguments.table1)
        artifacts.write_csv(tables.equal_false_positives(evaluated, params), arguments.equal)
        artifacts.write_csv(tables.curve(evaluated, params), arguments.froc)


if __name__ == "__main__":
    main()
