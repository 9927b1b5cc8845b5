"""What the terminal shows of a job that failed: the job's own line, and where to look; Snakemake's log file has all of it."""

# A script that exits with 1 has said why in a line of its own, see `command.logged`; another status is an end that it could
# not tell, such as a kill for its memory, and stays. What follows says the same again, with the whole command.
SAID_ALREADY = re.compile(
    r"RuleException:\nCalledProcessError.*returned non-zero exit status 1\."
    r"|Exiting because a job execution failed\. Look above for error messages"
    r"|WorkflowError:\nAt least one job did not complete successfully\.",
    re.DOTALL,
)


def be_brief_about_failures():
    """Keep from the terminal what Snakemake says of a job that has told its error, unless --verbose asks for it."""
    if workflow.is_main_process and not workflow.output_settings.verbose:
        for handler in logger.handlers:
            if handler.name == "DefaultStreamHandler":
                handler.addFilter(lambda record: not SAID_ALREADY.fullmatch(record.getMessage().strip()))


def show_failure():
    """Say how to go on after a failure, and which pages of the check show the data as far as it was read."""
    pages = checked_pages()
    if pages and "check_data" in {job.rule.name for job in workflow.dag.jobs}:
        print("", "Look at:", *(f"  {page}" for page in pages), sep="\n", file=sys.stderr)
    print("Stopped at the error above. Correct it and give the same command again.", file=sys.stderr)


def checked_pages():
    """Return the pages of the check of the data that are there and of this table, not left of an earlier one."""
    dag, results = workflow.dag, f"results/{config['cohort']}"
    pages = [
        *(f"<results>/check/{name}" for name in ["notes.txt", "contours.pdf", "suggested_cases.csv"]),
        *task_sheets(),
    ]
    names = [page.replace("<results>", results) for page in pages]
    made = {str(path): job for job in dag.jobs for path in job.output}
    return [name for name in names if name in made and (not dag.needrun(made[name]) or dag.finished(made[name]))]
