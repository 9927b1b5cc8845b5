"""Write the phantom cohort of any task."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from steps import command
from synthaug.files import artifacts


def run(
    doc: str, params: type, write_cohort: Callable[[object, Path, Path, logging.Logger, int], pd.DataFrame]
) -> None:
    """Do what make_phantom.py does; ``params`` and ``write_cohort`` are those of a phantom, as in `phantom.cohort`."""
    parser = command.parser(doc)
    parser.add_argument("--params", required=True, help="JSON object: master_seed, lesions, extra, slices")
    parser.add_argument("--patients", required=True, help="folder to create")
    parser.add_argument("--table", required=True, help="case table to write (CSV)")
    parser.add_argument("--threads", type=int, default=1, help="patients simulated at a time; changes no result")
    arguments = parser.parse_args()
    with command.logged("make_phantom", arguments) as log:
        settings = command.params(params, arguments.params)
        name = Path(os.path.relpath(arguments.patients, Path(arguments.table).parent))
        with artifacts.replacing_folder(arguments.patients) as folder:
            table = write_cohort(settings, folder, name, log, arguments.threads)
        artifacts.write_csv(table, arguments.table)
