"""Synthaug: from raw CT plus annotations to whether synthetic augmentation improves a classifier, and by how much."""

import os
import sys
from pathlib import Path

# The interpreter that runs Snakemake runs the scripts, also when its environment is not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", "")]))

# By default glibc gives a training step's memory back to the system, which clears each page of it anew for the next step:
# a quarter to a third of the time of the demo's classifiers. Jobs keep it to their end; no result depends on it.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 * 2**20))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(512 * 2**20))


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


check_config()


pathvars:
    results=f"results/{config['cohort']}",


wildcard_constraints:
    seed=r"\d+",
    group=r"\d+",
    folds=r"\d+",
    size=r"\d+(\+\d+x\d+)?",
    cls="|".join([*config["cases"]["classes"], "all"]),
    generator=any_of([*config["generators"], *config["imported"]]),


report: "workflow/report/workflow.rst"


include: "workflow/rules/phantom.smk"
include: "workflow/rules/cases.smk"
include: "workflow/rules/rois.smk"
include: "workflow/rules/folds.smk"
include: "workflow/rules/generators.smk"
include: "workflow/rules/classifiers.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/readers.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/figures.smk"


rule complete:
    input:
        rules.plot_contours.output,
        rules.plan_experiment.output,
        rules.audit_lineage.output,
        rules.make_tables.output,
        rules.compute_subgroups.output,
        rules.write_conformance.output,
        rules.plot_augmentations.output,
        rules.plot_accuracy.output,
        rules.plot_tsne.output,
        rules.plot_calibration.output,
        generator_figures(),
        answered("<results>/evaluation/readers/scores.csv"),


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


onstart:
    # With a limit of jobs a second, which is Snakemake's default, each finished job leaves a timer that wakes the scheduler
    # every second for the rest of the run: soon dozens of times a second, which took 5 % of the demo's processor time.
    limit = workflow.scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    write_report()
