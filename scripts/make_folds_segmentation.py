"""Split the main slices into patient-level folds for one seed.

Each class is shown by about as many patients in every fold.
"""

from dataclasses import asdict, dataclass

from steps import command
from synthaug.files import artifacts
from synthaug.segmentation import slice_folds


@dataclass(frozen=True)
class Params:
    """The classes, the number of folds, and the master seed of the whole experiment."""

    classes: list[str]
    master_seed: int
    folds: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True, help="slices.csv, whose rows are divided")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="folds.csv: slice,patient,fold")
    arguments = parser.parse_args()
    with command.logged("make_folds", arguments) as log:
        params = command.params(Params, arguments.params)
        slices = artifacts.read_csv(arguments.cases)
        table = slice_folds.split(slices, seed=arguments.seed, **asdict(params))
        log.info("patients and slices by fold:\n%s", table.groupby("fold")[["patient", "slice"]].nunique())
        artifacts.write_csv(table, arguments.out)


if __name__ == "__main__":
    main()
