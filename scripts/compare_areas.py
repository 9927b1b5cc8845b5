"""Compare predicted with true areas, patient by patient: bias and limits of agreement (Bland and Altman).

Inputs: `evaluation/predictions.csv` and `slices/slices.csv`.
Output: `areas.csv`: `arm,size,class,n,mean_truth,bias,low,high,unit`, predicted less true area in mm2, or px where the
size of pixels is unknown; n is the number of patients.
"""

from dataclasses import asdict, dataclass

from steps import command
from synthaug.files import artifacts
from synthaug.segmentation import area_agreement


@dataclass(frozen=True)
class Params:
    """The classes, and the number of folds."""

    classes: list[str]
    folds: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--predictions", required=True, help="evaluation/predictions.csv")
    parser.add_argument("--slices", required=True, help="slices.csv")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="areas.csv")
    arguments = parser.parse_args()
    with command.logged("compare_areas", arguments):
        params = command.params(Params, arguments.params)
        tables = (artifacts.read_csv(path) for path in (arguments.predictions, arguments.slices))
        artifacts.write_csv(area_agreement.table(*tables, **asdict(params)), arguments.out)


if __name__ == "__main__":
    main()
