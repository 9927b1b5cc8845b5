"""Split the main lesions into patient-level, class-balanced folds for one seed."""

from dataclasses import asdict, dataclass

from steps import command
from synthaug.cohort import folds
from synthaug.files import artifacts


@dataclass(frozen=True)
class Params:
    """The classes, the number of folds, and the master seed of the whole experiment."""

    classes: list[str]
    master_seed: int
    folds: int


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--cases", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with command.logged("make_folds", arguments) as log:
        params = command.params(Params, arguments.params)
        cases = artifacts.read_csv(arguments.cases)
        table = folds.split(cases, seed=arguments.seed, **asdict(params))
        log.info("lesions by class and fold:\n%s", table.groupby(["class", "fold"]).size().unstack())
        artifacts.write_csv(table, arguments.out)


if __name__ == "__main__":
    main()
