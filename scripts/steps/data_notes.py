"""What a look at the data of any task has found, in words."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

from steps import command, fold_splitting
from synthaug.cohort import case_table, class_given_away, duplicates, given_split, linked_patients, preview_notes
from synthaug.errors import InputError
from synthaug.evaluation import few_units
from synthaug.files import artifacts

DIVIDED_BY = {each.name for each in fields(fold_splitting.Params)}


@dataclass(frozen=True)
class Params:
    """What folds depend on, the pairs of lesions that the config acknowledges, and how the notes put things."""

    classes: list[str]
    folds: int
    seeds: list[int]
    master_seed: int
    acknowledged: list[list[str]]
    smallest_gain: float  # of interest, a fraction
    confidence: float
    unit: str  # what a row of the case table is called
    tested_folds: int
    right_or_wrong: bool  # whether the primary measure counts such cases, so that their number says what can be shown
    padding: str | None = None  # of whole images, which have no border that a lesion could be near
    given_split: bool | None = None  # as `fold_splitting.Params` has these two
    drawn_by: int | None = None


def run(
    doc: str,
    split: Callable[..., pd.DataFrame],
    of: str,
    more: Callable[[pd.DataFrame], list[str]] = lambda units: [],
) -> None:
    """Do what write_notes.py does.

    Parameters
    ----------
    split
        Draws the folds of one seed, as `cohort.folds.split` does.
    of
        The table that it splits: ``cases`` or ``units``.
    more
        What else this task says of its units: lines, of which the first one goes to the terminal where it has others.
    """
    parser = command.parser(doc)
    parser.add_argument("--cases", required=True, help="the checked cases")
    parser.add_argument("--table", required=True, type=Path, help="the case table")
    parser.add_argument("--units", required=True, help="the task's samples (CSV)")
    parser.add_argument("--duplicates", required=True, help="the suspected duplicates (CSV)")
    parser.add_argument("--params", required=True, help="JSON object, see Params")
    parser.add_argument("--out", required=True, help="the notes (text)")
    arguments = parser.parse_args()
    with command.logged("write_notes", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(Params, arguments.params)
        cases, units = artifacts.read_csv(arguments.cases), artifacts.read_csv(arguments.units)
        found = artifacts.read_csv(arguments.duplicates, duplicates.NUMBERS)
        refusals = []
        for seed in params.seeds:
            try:
                how = {key: value for key, value in asdict(params).items() if key in DIVIDED_BY}
                fold_splitting.divided(split, {"cases": cases, "units": units}[of], seed, how)
            except InputError as error:
                refusals.append(str(error))
        table = case_table.read_table(arguments.table)
        new = linked_patients.merged(cases["patient"], linked_patients.links(found, params.acknowledged))
        few = few_units.notes(_tested(table, params), params.smallest_gain, params.confidence, params.unit)
        sections = [
            preview_notes.too_small(refusals, params.folds, given=bool(params.given_split), unsettled=bool(new)),
            few if params.right_or_wrong else [],
            preview_notes.filled(units, params.padding) if params.padding else preview_notes.beyond(units),
            more(units),
            class_given_away.notes(table, params.unit),
            preview_notes.of_several_classes(table, params.unit),
            preview_notes.alone(table, params.unit),
            preview_notes.shared(found, new, params.acknowledged, params.unit),
        ]
        artifacts.write_text(preview_notes.text(*sections), arguments.out)
        for first in (lines[0] for lines in sections if len(lines) > 1):
            log.warning("%s (%s)", first.rstrip(":."), arguments.out)


def _tested(table: pd.DataFrame, params: Params) -> int:
    """Return how many rows of the case table are tested."""
    main = table[(table["set"] == "main") & (table["class"] != "")]
    if params.given_split:
        return int((main[given_split.COLUMN] == given_split.TEST).sum()) if given_split.COLUMN in main else 0
    return round(len(main) * params.tested_folds / params.folds)
