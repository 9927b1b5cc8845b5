"""Write the built-in cohort of simulated patients: raw files as a hospital would hand them over.

Outputs: --patients, with one folder per patient that holds a DICOM CT series and a label mask; --table, the case table
that lists every lesion with its class, files and label.
"""

import os
from pathlib import Path

from steps import command
from synthaug.files import artifacts
from synthaug.phantom import cohort


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--params", required=True, help="JSON object: master_seed, lesions, extra, slices")
    parser.add_argument("--patients", required=True, help="folder to create")
    parser.add_argument("--table", required=True, help="case table to write (CSV)")
    parser.add_argument("--threads", type=int, default=1, help="patients simulated at a time; changes no result")
    arguments = parser.parse_args()
    with command.logged("make_phantom", arguments) as log:
        params = command.params(cohort.Params, arguments.params)
        name = Path(os.path.relpath(arguments.patients, Path(arguments.table).parent))
        with artifacts.replacing_folder(arguments.patients) as folder:
            table = cohort.write_cohort(params, folder, name, log, arguments.threads)
        artifacts.write_csv(table, arguments.table)


if __name__ == "__main__":
    main()
