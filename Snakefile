"""Synthaug: from images with annotations to whether synthetic images improve a model, and by how much."""

import os
import sys
from pathlib import Path

# The interpreter that runs Snakemake runs the scripts, also when its environment is not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", "")]))

# By default glibc gives the memory of a training step back to the system, which clears each page anew for the next step. Jobs
# keep it to their end instead: a small classifier then has a third of the page faults. No result depends on it.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 * 2**20))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(512 * 2**20))


include: "workflow/rules/common/stopping.smk"


be_ready_to_end()


include: "workflow/rules/common/source.smk"
include: "workflow/rules/common/config.smk"
include: "workflow/rules/common/module.smk"


# The helpers that follow name files by the cohort.
if default_config():

    configfile: default_config()


config = over_defaults(config)


include: "workflow/rules/common/checks.smk"
include: "workflow/rules/common/code.smk"
include: "workflow/rules/common/user_files.smk"
include: "workflow/rules/common/experiment.smk"
include: "workflow/rules/common/paths.smk"
include: "workflow/rules/common/reader_study.smk"
include: "workflow/rules/common/analysis_plan.smk"
include: "workflow/rules/common/report.smk"
include: "workflow/rules/common/progress.smk"
include: "workflow/rules/common/budget.smk"
include: "workflow/rules/common/failures.smk"
include: "workflow/rules/common/outlived.smk"


check_config()


include: f"workflow/rules/{config['task']}/{config['task']}.smk"


set_budget()
check_consistency()


pathvars:
    results=f"results/{config['cohort']}",


check_module()


wildcard_constraints:
    seed=r"\d+",
    group=any_of(map(str, task_groups())),
    folds=r"\d+",
    size=r"\d+(\+\d+x\d+)?",
    cls="|".join([*config["cases"]["classes"], "all"]),
    generator=any_of([*config["generators"], *config["imported"]]),


include: "workflow/rules/phantom.smk"
include: "workflow/rules/cases.smk"
include: "workflow/rules/folds.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/generators.smk"
include: "workflow/rules/imported.smk"
include: "workflow/rules/copies.smk"


if "reader_study" in config:

    include: "workflow/rules/readers.smk"


include: "workflow/rules/evaluation.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/checklists.smk"
include: "workflow/rules/summary.smk"


for name in TASK_FILES:

    include: f"workflow/rules/{config['task']}/{name}.smk"


be_brief()
accept_outlived_jobs()

# For register_analysis_plan: the code of all rules is known here.
os.environ.update(SYNTHAUG_PLANNED=canonical_json(**what_is_planned()))


rule complete:
    input:
        rules.plot_contours.output,
        rules.list_deviations.output,
        rules.check_duplicates.output,
        copy_searches(),
        rules.audit_lineage.output,
        rules.compare_arms.output,
        rules.compute_subgroups.output,
        rules.estimate_study_size.output,
        rules.write_headline.output,
        rules.write_summary.output,
        rules.plot_size_curves.output,
        rules.write_checklists.output,
        generator_figures(),
        answered("<results>/evaluation/readers/scores.csv"),
        task_targets(),


# Snakemake calls onsuccess only after it has done something, and never runs a finished rule without a command again. So
# `all` has a command while the report is due, and goes on to it even if every job was done before a run was cut short.
if report_is_due():

    rule all:
        default_target: True
        input:
            rules.complete.input,
        log:
            "<results>/logs/all.log",
        localrule: True
        conda:
            "envs/reporting.yaml"
        threads: 1
        shell:
            "echo 'All jobs are done; the report is due.' > {log:q}"

else:

    rule all:
        default_target: True
        input:
            rules.complete.input,


# SIGTERM ends the run as Ctrl-C does; Snakemake's own answer to it is to wait for all jobs that run, which on a cluster is better.
#
# Snakemake limits how many jobs it starts in a second, and to do so wakes its scheduler each second, once more for every job
# that has ended while others wait: a fifth of a core after fifty jobs, all of one after some hundreds. A queue needs the limit;
# one machine, whose jobs wait for its cores, does not.
onstart:
    if workflow.local_exec:
        heed(signal.SIGTERM)
        workflow.scheduler.job_rate_limiter = None
    be_brief_about_failures()
    tell_progress()


onsuccess:
    write_report()
    show_check()


onerror:
    show_failure()
