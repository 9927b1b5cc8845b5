"""Check the case table of any task."""

from collections.abc import Callable

from steps import command
from synthaug.cohort import cases
from synthaug.files import artifacts


def run(doc: str, *, before: Callable[[str], None] | None = None) -> None:
    """Do what check_cases.py does.

    Parameters
    ----------
    before
        Looks at the table first, given its path, and raises InputError where no other problem is worth reporting.
    """
    parser = command.parser(doc)
    parser.add_argument("--table", required=True, help="the case table (CSV)")
    parser.add_argument("--params", required=True, help="JSON object, see synthaug.cohort.cases.Params")
    parser.add_argument("--out", required=True, help="the checked cases (CSV)")
    arguments = parser.parse_args()
    with command.logged("check_cases", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(cases.Params, arguments.params)
        if before is not None:
            before(arguments.table)
        checked = cases.check(arguments.table, params)
        artifacts.write_csv(checked, arguments.out)
        counts = checked.groupby(["set", "class"])[["lesion", "patient"]].nunique()
        log.info("%d lesions checked\n%s", len(checked), counts)
