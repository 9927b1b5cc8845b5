"""Synthaug: from raw CT plus annotations to whether synthetic augmentation improves a classifier, and by how much."""

import os
import sys
from pathlib import Path

# The interpreter that runs Snakemake runs the scripts, also when its environment is not activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.getenv("PATH", "")]))


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


rule all:
    default_target: True
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


onsuccess:
    write_report()
