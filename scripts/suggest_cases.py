"""Write the case table anew with one patient id for all patients whom suspected duplicates link.

Reads the user's case table and the suspected duplicates; pairs that the config acknowledges link nobody. The table that
it writes is the user's own, with names of files, but for the ids; it is empty if no two patients are linked.
"""

from pathlib import Path

from steps import command
from synthaug.cohort import acknowledged_duplicates, case_table, duplicates, linked_patients
from synthaug.files import artifacts


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--table", required=True, type=Path, help="the case table")
    parser.add_argument("--duplicates", required=True, help="the suspected duplicates (CSV)")
    parser.add_argument("--params", required=True, help="JSON object, see acknowledged_duplicates.Params")
    parser.add_argument("--out", required=True, help="the suggested case table (CSV)")
    arguments = parser.parse_args()
    with command.logged("suggest_cases", arguments, private=True) as log:
        command.note_file(case_table=arguments.table)
        params = command.params(acknowledged_duplicates.Params, arguments.params)
        found = artifacts.read_csv(arguments.duplicates, duplicates.NUMBERS)
        patients = case_table.read_table(arguments.table)["patient"]
        new = linked_patients.merged(patients, linked_patients.links(found, params.acknowledged))
        artifacts.write_text(linked_patients.suggested(arguments.table, new), arguments.out)
        log.info("%d patients get the id of another one", len(new))


if __name__ == "__main__":
    main()
