"""Print the headline table to the terminal, with what it is worth and where the report lies.

Inputs: `evaluation/tables/headline.csv` and `evaluation/lineage.json`. Writes nothing.
"""

import pandas as pd

from steps import command
from synthaug.evaluation import comparisons
from synthaug.files import artifacts
from synthaug.report.headline import OPERATING_POINT
from synthaug.terms.arms import CLASSIC


def lines(table: pd.DataFrame) -> list[str]:
    """Lay out the headline table for a terminal of about 90 columns: one line per arm, and one per further size."""
    (measure,) = (name.removesuffix(" (%)") for name in table if name.endswith(" (%)"))
    (interval,) = (name for name in table if name.startswith(f"{measure} ") and name.endswith("interval"))
    (difference,) = (name for name in table if name.startswith("Difference "))
    minus = f"{measure} minus {CLASSIC} (points)"
    rows = [["arm", "size", f"{measure.lower()}, %", "minus classic, points", "verdict"]]
    for _, row in table.iterrows():
        first, *others = row["Size per fold"].split(", ")
        values, differences = _beside(row[f"{measure} (%)"], row[interval]), _beside(row[minus], row[difference])
        verdict, _, notes = row["Verdict"].partition(" (")
        rows.append([row["Arm"], first, values, differences, verdict + " *" * notes.startswith("primary")])
        rows += [["", size, "", "", ""] for size in others]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [text[0], "-" * max(map(len, text)), *text[1:]]


def notes(table: pd.DataFrame) -> list[str]:
    """Say which comparison is the primary one, and whether the verdicts speak of other trainings."""
    seeds = table["Seeds"][table["Seeds"] != ""].astype(int).min()
    said = []
    if table["Verdict"].str.contains("(primary", regex=False).any():
        said.append("* The primary comparison, declared in the config. The p values of the others are corrected.")
    if seeds < comparisons.SEEDS:
        number = "one seed" if seeds == 1 else f"{seeds} seeds"
        said.append(f"With {number}: verdicts are for these trainings; others of the same images may differ.")
    return said


def _beside(value: str, interval: str) -> str:
    return f"{value} ({interval})" if value else ""


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--headline", required=True, help="evaluation/tables/headline.csv")
    parser.add_argument("--lineage", required=True, help="evaluation/lineage.json")
    parser.add_argument("--report", required=True, help="where the report lies; only printed")
    parser.add_argument("--phantom", action="store_true", help="say that a phantom's figures are no evidence")
    arguments = parser.parse_args()
    with command.logged("print_headline", arguments):
        table = pd.read_csv(arguments.headline, dtype=str, keep_default_na=False)
        audit = artifacts.read_json(arguments.lineage)
        print("", *lines(table), "", sep="\n")
        print(
            f"Operating point: {table[OPERATING_POINT].iloc[-1]}. Intervals are over patients; differences are paired."
        )
        print("Undecidable: neither a difference was shown nor a gain of interest excluded.")
        print(*notes(table), sep="\n")
        print(f"Lineage: {len(audit['models'])} models audited, no test patient in any training set.")
        if arguments.phantom:
            print("The lesions are simulated (a phantom): the workflow runs, but its figures are no evidence.")
        print(f"Report: {arguments.report}\n")


if __name__ == "__main__":
    main()
