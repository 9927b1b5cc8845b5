"""Compute results again, one kind after the other, and say which differ from what lies in the folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import command
from synthaug.audit import recorded_run, verification
from synthaug.audit.recomputed import Finding
from synthaug.errors import InputError
from synthaug.evaluation.measures import Measures


@dataclass(frozen=True)
class Task:
    """What is shared by all tasks needs to know of one.

    Attributes
    ----------
    measures
        Its class of measures.
    stage
        The folder of its models, such as ``classify``.
    units
        Its table of units, below the results.
    truth
        The column of the units that predictions repeat as their truth; empty for none.
    """

    measures: type[Measures]
    stage: str
    units: str
    truth: str


@dataclass(frozen=True)
class Context:
    """What every step is given: the task, the run, and the case table (the phantom's lies in the results)."""

    task: Task
    run: recorded_run.Run
    table: Path


Step = Callable[[Context], Iterator[Finding]]


def run(task: Task, steps: Mapping[str, Step], doc: str) -> None:
    """Do what a script ``recompute_results_<task>.py`` does: the ``steps``, by what they compute, in their order."""
    parser = command.parser(doc)
    parser.add_argument("--results", required=True, type=Path, help="results/<cohort>")
    parser.add_argument("--table", type=Path, help="the case table; not for the phantom")
    arguments = parser.parse_args()
    with command.logged("recompute_results", arguments):
        table = arguments.table or arguments.results / verification.PHANTOM_TABLE
        context = Context(task, recorded_run.Run(arguments.results), table)
        problems = []
        for what, step in steps.items():
            findings = list(_findings(what, step, context))
            wrong = [found.problem for found in findings if found.problem]
            left = [found for found in findings if found.not_done]
            right = len(findings) - len(wrong) - len(left)
            print(f"{what}: {right} file{'' if right == 1 else 's'} as computed again", flush=True)
            for found in left:
                print(f"  not computed again: {found.file}: {found.not_done}", flush=True)
            problems += wrong
        if problems:
            count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
            raise InputError("\n  ".join([f"{arguments.results}: {count}", *problems]))


def _findings(what: str, step: Step, context: Context) -> Iterator[Finding]:
    """Yield what a step finds. What stops one, such as a damaged file, is a finding too, and the others go on."""
    try:
        yield from step(context)
    except FileNotFoundError as error:
        yield Finding(what, not_done=f"there is no {error.filename}")
    except InputError as error:
        first, *others = str(error).splitlines()
        yield from (Finding(what, f"{what}: {line.strip()}") for line in others or [first])
    except Exception as error:  # of whatever a changed file does to the code that reads it
        yield Finding(
            what, f"{what}: expected files that can be read, found {type(error).__name__}: {error}; run again"
        )
