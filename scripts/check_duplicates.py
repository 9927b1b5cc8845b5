"""Stop before any training if images of different patients look like one scan, unless the config acknowledges them.

Reads the suspected duplicates and writes them again once all are acknowledged. It fails if one is not, and if a pair is
acknowledged that is not suspected.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import acknowledged_duplicates, duplicates
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--duplicates", required=True, type=Path, help="the suspected duplicates (CSV)")
    parser.add_argument("--params", required=True, help="JSON object, see acknowledged_duplicates.Params")
    parser.add_argument("--out", required=True, help="those that are acknowledged (CSV)")
    arguments = parser.parse_args()
    with command.logged("check_duplicates", arguments) as log:
        params = command.params(acknowledged_duplicates.Params, arguments.params)
        pairs = artifacts.read_csv(arguments.duplicates, duplicates.NUMBERS)
        acknowledged_duplicates.check(pairs, params.acknowledged, arguments.duplicates.with_name("contours.pdf"))
        artifacts.write_csv(pairs, arguments.out)
        log.info("%d pairs acknowledged", len(pairs))


if __name__ == "__main__":
    main()
