"""A made-up task to be added to a copy of the workflow: all that a task must bring, and no edit of what is shared.

It predicts one number for each lesion; its networks train on images of the lesions, and on those of generators.
"""

from pathlib import Path

import yaml

FILES = {
    "workflow/schemas/regression.schema.yaml": """
required: [regressor]
properties:
  regressor:
    type: object
    additionalProperties: false
    required: [epochs]
    description: The network.
    properties:
      epochs: {type: integer, minimum: 1, description: Passes over the training images.}
  experiment:
    required: [plain]
    properties:
      plain: {$ref: "#/$defs/sizes", description: Images without synthetic ones.}
""",
    "workflow/rules/regression/regression.smk": '''
"""The task regression."""

TASK_FILES = ["samples", "models"]
TASK_FOLDER = "regress"
TASK_SCRIPTS = {"compute_metrics": "measure_regression"}


def task_arms():
    experiment = config["experiment"]
    plain = [("plain", str(size)) for size in experiment["plain"]]
    group, count = experiment["group"], len(config["cases"]["classes"])
    sizes = [f"{group}+{size}x{count}" for size in experiment["synthetic"]]
    return plain + [(name, size) for name in experiment["generators"] for size in sizes]


def task_single_arms():
    return []


def task_samples():
    names = {"units": "units.csv", "unit_images": "images.npy", "pool_index": "pool.csv", "pool_images": "pool.npy"}
    return {name: f"<results>/slices/{file}" for name, file in names.items()}


def task_display():
    return {"margin": 0.25, "intensity": {"mode": "percentile", "low": 1, "high": 99}}


def task_features(wildcards, name):
    return []


def task_targets():
    return []


def task_problems():
    experiment = config["experiment"]
    return [] if experiment["group"] in experiment["plain"] else ["experiment: group: is not in plain; add it there"]
''',
    "workflow/rules/regression/samples.smk": '''
"""Whole slices."""


rule cut_slices:
    input:
        code=code("cut_slices"),
        cases=rules.check_cases.output.cases,
    output:
        **task_samples(),
    log:
        "<results>/logs/cut_slices.log",
    shell:
        "python {input.code[0]:q} {output.units:q}"
''',
    "workflow/rules/regression/models.smk": '''
"""The network."""


rule train_regressor:
    input:
        **samples(),
        code=code("train_regressor"),
    output:
        **within(
            "<results>/seed-{seed}/regress/{arm}/{size}/train-{folds}",
            predictions="predictions.csv",
            train_set="train_set.csv",
            model="model.json",
        ),
    log:
        "<results>/logs/train_regressor/seed-{seed}/{arm}/{size}/train-{folds}.log",
    params:
        settings=canonical_json(**config["regressor"], **compute()),
    shell:
        "python {input.code[0]:q} {params.settings:q} {output.model:q}"
''',
    "workflow/report/regression/workflow.rst": "A regression of {{ snakemake.config['cohort'] }}.\n",
    "scripts/cut_slices.py": "from steps import command\n",
    "scripts/measure_regression.py": "from steps import command\nfrom synthaug.regression import measures\n",
    "scripts/train_regressor.py": "from steps import command\nfrom synthaug.regression import regressor\n",
    "scripts/synthaug/regression/__init__.py": '"""A number for each lesion."""\n',
    "scripts/synthaug/regression/measures.py": '"""How far the number is from the truth."""\n',
    "scripts/synthaug/regression/regressor.py": '"""The network."""\n',
}


def add(folder: Path) -> None:
    """Add the task to the workflow in ``folder``, with config/regression.yaml, its default."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip("\n"), encoding="utf-8")
    config = yaml.safe_load((folder / "config/tiny.yaml").read_text(encoding="utf-8"))
    for key in ["rois", "classifier", "baselines"]:
        del config[key]
    for key in ["classic", "online", "mixup", "extra", "baselines"]:
        del config["experiment"][key]
    config |= {"task": "regression", "cohort": "numbers", "regressor": {"epochs": 2}}
    config["experiment"]["plain"] = [60]
    (folder / "config/regression.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
