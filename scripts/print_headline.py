"""Print the headline table to the terminal, with what it is worth and where the report lies.

Inputs: `evaluation/tables/headline.csv` and `evaluation/lineage.json`. Writes nothing.
"""

import pandas as pd

import command
from synthaug import artifacts


def plain_text(table: pd.DataFrame) -> str:
    """Lay out ``table`` for a terminal of 80 columns: a line a column, a text column an arm."""
    turned = table.fillna("").astype(str).T
    width = max(len(name) for name in turned.index)
    columns = [max(len(cell) for cell in turned[i]) for i in turned]
    lines = []
    for name, cells in turned.iterrows():
        padded = [cell.rjust(size) for cell, size in zip(cells, columns, strict=True)]
        lines.append("  ".join([name.ljust(width), *padded]).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--headline", required=True, help="evaluation/tables/headline.csv")
    parser.add_argument("--lineage", required=True, help="evaluation/lineage.json")
    parser.add_argument("--report", required=True, help="where the report lies; only printed")
    parser.add_argument("--phantom", action="store_true", help="say that a phantom's figures are no evidence")
    arguments = parser.parse_args()
    with command.logged("print_headline", arguments.log):
        table = pd.read_csv(arguments.headline, dtype=str)
        audit = artifacts.read_json(arguments.lineage)
        print(f"\n{plain_text(table)}\n")
        print("Intervals are over patients, differences paired. A difference whose interval includes 0 is undecided.")
        print(f"Lineage: {len(audit['models'])} models audited, no test patient in any training set.")
        if arguments.phantom:
            print(
                "The lesions are simulated (a phantom): these figures show that the workflow runs, and are no evidence."
            )
        print(f"Report: {arguments.report}\n")


if __name__ == "__main__":
    main()
