"""Say how many lesions and patients a study needs, before any data: a table in the terminal, and a page.

The study compares arms with `classic` on the same lesions, as this workflow does. Give what is expected of it; what is
not known stays at its default, and a range of discordances shows how much depends on it. Run by hand:

    python scripts/plan_study.py --gain 5 --discordance 10 15 20 --lesions-per-patient 1.6 --arms 3 --seeds 5

Writes one page, which needs no other file. See `synthaug.evaluation.study_size` for the sources.
"""

import argparse
import functools
import tempfile
from pathlib import Path

import pandas as pd

from steps import command, pages
from synthaug.evaluation import study_size
from synthaug.files import artifacts
from synthaug.report import figure_style, study_size_figures

TEMPLATE = Path(__file__).parents[1] / "workflow/report/shared/study_plan.html.j2"


def parsed() -> argparse.Namespace:
    """Return the arguments."""
    parser = command.parser(__doc__)
    add = functools.partial(parser.add_argument, type=float)
    add("--gain", default=7.1, help="true gain to be shown, points (default %(default)s, the paper's)")
    share = "lesions that only one of two arms has right, percent (default 10 13 20 30)"
    add("--discordance", nargs="+", default=[10, 13, 20, 30], metavar="PERCENT", help=share)
    add("--lesions-per-patient", default=1.6, help="on average (default %(default)s)")
    alike = "how alike the differences of one patient's lesions are, 0 to 1 (default %(default)s)"
    add("--icc", default=0.1, help=alike)
    add("--arms", type=int, default=11, help="arms that are compared with classic (default %(default)s)")
    add("--seeds", type=int, default=5, help="trainings of each model (default %(default)s)")
    add("--folds", type=int, default=3, help="folds of the cross-validation (default %(default)s)")
    shift = "standard deviation between trainings of a model's accuracy, points (default %(default)s)"
    add("--shift", default=3.0, help=shift)
    add("--confidence", default=95.0, help="of the intervals, percent (default %(default)s)")
    add("--out", type=Path, default=Path("results/study-plan.html"), help="the page (default %(default)s)")
    return parser.parse_args()


def lines(table: pd.DataFrame) -> list[str]:
    """Lay the table out for a terminal: a line for each discordance and correction, a column for each power."""
    head = ["lesions that differ", "corrected for", *(f"{100 * power:g} % power" for power in study_size.POWERS)]
    rows = [head, *([row["discordance"], row["comparisons"], *row["cells"]] for row in grouped(table))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [text[0], "-" * max(map(len, text)), *text[1:]]


def grouped(table: pd.DataFrame) -> list[dict[str, object]]:
    """Return a row for each discordance and correction, with a cell for each power, all as text."""
    return [
        {
            "discordance": f"{100 * discordance:g} %",
            "comparisons": "nothing" if comparisons == 1 else f"{comparisons} arms",
            "cells": [
                "no number" if pd.isna(units) else f"{units:,} ({patients:,} patients)"
                for units, patients in zip(rows["units"], rows["patients"], strict=True)
            ],
        }
        for (discordance, comparisons), rows in table.groupby(["discordance", "comparisons"], sort=False)
    ]


def drawn(design: study_size.Design) -> str:
    """Return the figure as the text of an SVG, without the lines before it that a page must not have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "figure.svg")
        figure_style.save(study_size_figures.before(design, "lesion"), str(path))
        text = path.read_text(encoding="utf-8")
    return text[text.index("<svg") :]


def main() -> None:
    arguments = parsed()
    with command.logged("plan_study", arguments):
        design = study_size.Design(
            gain=arguments.gain / 100,
            discordances=tuple(share / 100 for share in sorted(set(arguments.discordance))),
            units_per_patient=arguments.lesions_per_patient,
            icc=arguments.icc,
            arms=arguments.arms,
            seeds=arguments.seeds,
            folds=arguments.folds,
            shift=arguments.shift / 100,
            confidence=arguments.confidence / 100,
        )
        study_size.check(design)
        table = study_size.table(design)
        page = pages.page(
            TEMPLATE,
            design=design,
            effect=study_size.design_effect(design.units_per_patient, design.icc),
            powers=study_size.POWERS,
            rows=grouped(table),
            figure=drawn(design),
            lowest=sum(study_size.quantiles(design.confidence, study_size.POWERS[0])) * design.training_error,
        )
        artifacts.write_text(page, arguments.out)
        print(f"Lesions (patients) that show a gain of {arguments.gain:g} points:", "", *lines(table), sep="\n")
        print(f"\nPage: {arguments.out}")


if __name__ == "__main__":
    main()
