"""The task detection: what the shared stages need to know of it, and nothing else of it is known there.

It is read before the config is checked for contradictions, so it defines, and looks nothing up yet.
"""


include: "times.smk"


TASK_FILES = ["helpers", "samples", "generators", "imported", "models", "quality", "report"]
TASK_FOLDER = "detect"
TASK_UNIT = "slice"
TASK_QUESTION = "Do synthetic slices with their boxes improve the detector at the same number of false alarms?"
TASK_PRIMARY = "sensitivity at equal false positives"
TASK_REFERENCE = "real"
TASK_SIZE = "Synthetic slices (%)", "Synthetic slices per 100 real training slices"
TASK_CURVES = "Sensitivity by number of synthetic slices"
TASK_FIGURE = "fig1"  # of synthetic images of a generator, as the paper numbers it
TASK_TRUTH = ""  # predictions say which boxes of a slice were found; the boxes are a table beside the slices
TASK_IMPORTED = []
TASK_SCRIPTS = {
    "make_phantom": "make_phantom_detection",
    "check_cases": "check_cases_detection",
    "make_folds": "make_folds_detection",
    "write_checklists": "write_checklists_detection",
    "write_notes": "write_notes_detection",
    "build_reader_study": "build_reader_study_detection",
    "compute_metrics": "compute_metrics_detection",
    "compare_arms": "compare_arms_detection",
    "compute_subgroups": "compute_subgroups_detection",
    "estimate_study_size": "estimate_study_size_detection",
}


def task_measures():
    """Return the parameters of this task's class of measures."""
    return {
        "classes": config["cases"]["classes"],
        **{key: config["evaluation"][key] for key in ["iou", "false_positives", "score"]},
    }


def task_settings():
    """Return what the reporting checklists say of this task's keys."""
    parts = {key: config[key] for key in ["slices", "detector", "augmentation"]}
    return {**parts, "validation": config["experiment"]["validation"]}


def task_headline():
    """Return the (metric, class) that the headline shows beside the sensitivity."""
    return [(f"AP, IoU {config['evaluation']['iou'][0]:g}", "all")]


def filtered_arms():
    """Return the arms that take only those slices of a generator on which a detector finds the lesions."""
    own = [name for name in config["experiment"]["generators"] if name not in config["imported"]]
    return [f"{name}-filtered" for name in own if config["experiment"]["filtered"]]


def kept_arms():
    """Return the arms that take only those slices of a generator that a reader has kept."""
    return [f"{name}-kept" for name in config["experiment"]["generators"] if name in config["kept_slices"]]


def imported_detectors():
    """Return the arms whose detections another tool has made."""
    return list(config["imported_detections"])


def task_arms():
    """Return every (arm, size): sizes are synthetic slices per 100 real ones."""
    alone = ["real", *config["experiment"]["arms"]]
    added = [*config["experiment"]["generators"], *filtered_arms(), *kept_arms()]
    return (
        [(arm, "0") for arm in alone]
        + [(arm, str(size)) for arm in added for size in config["experiment"]["synthetic"]]
        + [(arm, "0") for arm in imported_detectors()]
    )


def task_single_arms():
    """Return the arms without sizes: none, those of real slices alone have size 0."""
    return []


def task_real_arms():
    """Return the arms of real slices alone that the network may be trained with instead of synthetic ones."""
    return ["fresh", "paste"]


def task_best():
    """Return the files of the best strategy that the headline and the summary read; none of a task that chooses none."""
    return []


def task_groups():
    """Return the one group that generators are trained on: all training slices, without those of validation patients."""
    return ["all"]


def task_pools():
    """Return the one pool of a generator: its slices with boxes, of all classes."""
    return ["all"]


def task_operating_point():
    """Return the size at which arms with synthetic slices are compared."""
    return {"group": config["evaluation"]["synthetic"], "synthetic": 0, "classes": 1}


def task_cautions():
    """Return text files whose sentence, where there is one, stands among the summary's reasons to read with care."""
    return ["<results>/evaluation/tables/filtered.txt"] if filtered_arms() else []


def task_rows():
    """Return how rows of the case table are checked, as `cases.Params` takes it: it may be a slice, and blank ones without lesion are left out."""
    return {"of_slices": True, "without_blank": True}


def task_units():
    """Return the table of the slices, which folds and subgroups are made of."""
    return "<results>/slices/slices.csv"


def task_samples():
    """Return the files of the samples, by the name that rules give them: the slices, their images and boxes."""
    return {
        "units": "<results>/slices/slices.csv",
        "unit_images": "<results>/slices/images.npy",
        "unit_boxes": "<results>/slices/boxes.csv",
    }


def task_display():
    """Return how lesions are shown on the sheets of outlines: boxes as they are, in the colours of their classes."""
    shown = {"intensity": config["slices"]["intensity"], "classes": config["cases"]["classes"]}
    return {"margin": None, "boxes": True, **shown}


def task_jobs():
    """Return the (rule, wildcards) of each training of a complete run."""
    trained = [(arm, size) for arm, size in task_arms() if arm not in imported_detectors()]
    return [("train_detector", {"arm": arm, "size": size}) for arm, size in trained for _ in config["seeds"]]


def task_budget(values):
    """Return nothing: this task has no budgets."""
    return {}


def task_targets():
    """Return what a complete run makes besides what the shared stages make of every task."""
    generators = config["experiment"]["generators"]
    return [
        rules.plot_boxes.output,
        rules.count_filtered_slices.output if filtered_arms() + kept_arms() else [],
        rules.make_tables_detection.output,
        rules.plot_froc.output,
        rules.plot_detections.output,
        expand(rules.plot_slices_detection.output, generator=generators),
        expand(rules.assess_slices.output, generator=generators, seed=config["seeds"]),
        rules.write_conformance_detection.output,
    ]


def task_sheets():
    """Return what is made for the user to look at before any training, besides the outlines: slices with their boxes."""
    return ["<results>/check/boxes.pdf"]


def task_problems():
    """Return what is wrong between keys of the config, as far as only this task knows it."""
    experiment, evaluation, slices, found = config["experiment"], config["evaluation"], config["slices"], []
    sizes, intensity = experiment["synthetic"], slices["intensity"]
    if sizes != sorted(sizes):
        found.append(f"experiment: synthetic: expected ascending ones, found {sizes}; sort them")
    if evaluation["synthetic"] not in sizes:
        found.append(f"evaluation: synthetic: {evaluation['synthetic']} is not in experiment: synthetic; add it there")
    if not experiment["generators"] and not experiment["arms"] and not config["imported_detections"]:
        found.append("experiment: nothing is compared with real; name generators, arms or imported_detections")
    if not intensity["low"] < intensity["high"]:
        found.append(f"slices: intensity: low {intensity['low']} is not below high {intensity['high']}; exchange them")
    if intensity["mode"] == "percentile" and not 0 <= intensity["low"] < intensity["high"] <= 100:
        found.append("slices: intensity: percentiles lie between 0 and 100; give low and high with the mode")
    for name, preset in config["generators"].items():
        samples = preset["sampling"]["samples"]
        if name in experiment["generators"] and samples < max(sizes):
            found.append(
                f"generators: {name}: sampling: samples: {samples} per 100 training slices, but experiment: synthetic"
                f" needs {max(sizes)}; raise samples or remove the size"
            )
    for name in sorted(set(config["imported_detections"]) & set(experiment["generators"])):
        found.append(f"imported_detections: {name}: a generator has this name, too; rename one of them")
    for name in sorted(set(config["kept_slices"]) - set(experiment["generators"])):
        found.append(f"kept_slices: {name!r} is not in experiment: generators; add it or remove its list")
    return found + detector_problems() + problems_of_the_demo()


def detector_problems():
    """Return what is wrong between the keys of the detector, and the side of the slices that it sees."""
    values, found = config["detector"], []
    side = values["input_px"] or config["slices"]["side"]
    if side % 32:
        found.append(f"detector: input_px: expected a multiple of 32, found {side}; choose {side // 32 * 32 or 32}")
    if values["evaluate_every"] > values["steps"]:
        found.append(
            f"detector: evaluate_every: {values['evaluate_every']} of {values['steps']} steps; lower it or raise steps"
        )
    if values["floor"] > config["evaluation"]["score"]:
        found.append(
            f"detector: floor: {values['floor']:g} leaves out what evaluation: score counts from {config['evaluation']['score']:g}"
            " on; lower the floor or raise the score"
        )
    if values["burn_in"] >= values["steps"]:
        found.append(f"detector: burn_in: {values['burn_in']} of {values['steps']} steps; lower it or raise steps")
    return found


def problems_of_the_demo():
    """Return a line for each network of the demo that real slices would get."""
    values, demo = config["detector"], named_presets()["detector"]["yolov3-small"]
    first = "{maps: 32, latent: 32, images_per_stage: [1000, 1000, 2000, 2000, 1000, 500], learning_rate: 0.005}"
    is_demo = values["preset"] == "yolov3-small" and values["steps"] == demo["steps"]
    return demo_problems("detector", is_demo, "yolov3-medium", "yolov3", first)
