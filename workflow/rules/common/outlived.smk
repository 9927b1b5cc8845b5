"""Jobs that finished after their Snakemake had died: what they made is accepted, if the same job would be run now."""

import hashlib
import shlex

STARTED = Path(".snakemake/started")  # holds what each job was started with, in a file of the job's own


def accept_outlived_jobs():
    """Have Snakemake note with what it starts each job, and look through what a killed run has left.

    Snakemake takes the results of a job for incomplete until it has seen the job end. Those of a job that ended unseen are
    whole if its record, which it writes last, still holds.
    """
    from snakemake.dag import DAG  # which cannot be imported before the rest of Snakemake, as tests of helpers would

    check_incomplete = DAG.check_incomplete

    async def accept_and_check(dag):
        persistence = dag.workflow.persistence
        note_starts(persistence)
        if not (dag.workflow.dryrun or dag.ignore_incomplete):
            unseen = [job for job in dag.jobs if await persistence.incomplete(job)]
            if unseen:
                dag.update_jobids()  # without a number, a job has no command
            for job in filter(has_finished, unseen):
                await persistence.finished(job)
        await check_incomplete(dag)

    if workflow.is_main_process:
        DAG.check_incomplete = accept_and_check


def note_starts(persistence):
    """Have ``persistence`` keep what each job is started with."""
    started = persistence.started

    def note_and_start(job, external_jobid=None):
        if job.shellcmd and job.output:
            STARTED.mkdir(parents=True, exist_ok=True)
            noted(job).write_text(start_of(job), encoding="utf-8")
        started(job, external_jobid)

    persistence.started = note_and_start


def noted(job):
    """Return the file that holds with what a job was last started."""
    return STARTED / hashlib.sha256(str(job.output[0]).encode()).hexdigest()


def start_of(job):
    """Return the command of a job and its parameters: digests of the user's files are among these, not in the command."""
    return "\n".join([job.shellcmd, *map(str, job.params)])


def has_finished(job):
    """Return whether a job that nobody saw end has made all its files, with what it would be started with today."""
    from synthaug.files import records  # takes half a second, and hardly any run comes here

    try:
        command = shlex.split(job.shellcmd)
        return (
            noted(job).read_text(encoding="utf-8") == start_of(job)
            and all(Path(path).exists() for path in job.output)
            and records.holds(Path(command[command.index("--record") + 1]))
        )
    except (AttributeError, OSError, ValueError):  # no command, never started here, or a job without a record
        return False
