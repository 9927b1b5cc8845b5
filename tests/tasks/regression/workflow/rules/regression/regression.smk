"""The task regression: the diameter of a lesion, from its pixels, by a linear model."""

TASK_FILES = ["samples", "models"]
TASK_FOLDER = "regress"
TASK_UNIT = "lesion"
TASK_QUESTION = "Do mixed images improve the estimate of the diameter?"
TASK_PRIMARY = "within"
TASK_REFERENCE = "classic"
TASK_SIZE = "Size per fold", "Images added per fold"
TASK_CURVES = "Fig 8: within by size"
TASK_FIGURE = "fig6"
TASK_TRUTH = "diameter_px"
TASK_IMPORTED = []
TASK_SCRIPTS = {
    "compute_metrics": "compute_metrics_regression",
    "compare_arms": "compare_arms_regression",
    "compute_subgroups": "compute_subgroups_regression",
    "estimate_study_size": "estimate_study_size_regression",
}


def task_measures():
    return {"tolerance": config["regressor"]["within"]}


def task_settings():
    return {}


def task_headline():
    return []


def task_arms():
    return [(arm, str(size)) for arm in ["classic", "mixup"] for size in config["experiment"][arm]]


def task_single_arms():
    return ["mean"]


def task_real_arms():
    return []


def task_groups():
    return []


def task_pools():
    return []


def task_operating_point():
    return {"group": config["experiment"]["group"], "synthetic": 10, "classes": 3}


def task_cautions():
    """Return text files whose sentence, where there is one, stands among the summary's reasons to read with care."""
    return []


def task_best():
    return []


def task_rows():
    """Return how rows of the case table are checked, as `cases.Params` takes it: a row is a lesion."""
    return {}


def task_units():
    return rules.check_cases.output.cases


def task_samples():
    return {"units": "<results>/squares/units.csv", "unit_images": "<results>/squares/images.npy"}


def task_display():
    return {"margin": 0.25, "intensity": {"mode": "window", "low": -60, "high": 200}}


def task_work(stage, values):
    return None


def task_jobs():
    return [("train_regressor", {"arm": arm, "size": size}) for arm, size in task_arms() for _ in config["seeds"]]


def task_budget(values):
    return {}


def task_targets():
    return []


def task_sheets():
    return []


def task_problems():
    return []
