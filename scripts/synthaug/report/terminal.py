"""The summary for a terminal of about 100 columns."""

import textwrap

from synthaug.evaluation import comparisons
from synthaug.report.summary import Summary

COLUMNS = 100
THESE = f"for {comparisons.THESE}"  # which a caveat says
HEADS = "Arm", "Size"  # shorter than the table's
DIFFERENCE = "Minus "  # how the name of such a column begins
SHOWN = 5  # columns of the table; the others are in the report


def lines(summary: Summary) -> list[str]:
    """Return the answer, the headline table, and what limits it."""
    phantom = ["The lesions are simulated: the workflow runs, but nothing here is evidence.", ""] * summary.phantom
    caveats = [line for text in summary.caveats for line in _wrapped(f"- {text}", "  ")]
    return [
        *("", f"{summary.question} {summary.answer}.", *_wrapped(summary.verdict), ""),
        *_table(summary),
        *("", *phantom, *caveats),
    ]


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, COLUMNS, subsequent_indent=indent)


def _table(summary: Summary) -> list[str]:
    """Lay out the primary measure and its differences: a line for each arm, and one for each further size."""
    arm, size, primary, *others = summary.table
    differences = [name for name in others if name.startswith(DIFFERENCE)]
    shown = summary.table[[arm, size, primary, *differences]].iloc[:, :SHOWN]
    rows = [[*HEADS, *(name.partition(", ")[0] for name in shown.columns[2:])]]
    for arm, size, *cells in shown.itertuples(index=False, name=None):
        first, *others = size.split(", ")
        rows.append([arm, first, *(cell.replace(f", {THESE}", "").replace(f" ({THESE})", "") for cell in cells)])
        rows += [["", other, *("" for _ in cells)] for other in others]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [text[0], "-" * max(map(len, text)), *text[1:]]
