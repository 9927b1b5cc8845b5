"""The task classification: what the shared stages need to know of it, and nothing else of it is known there.

Every task has a file like this, of its own name, which defines every TASK_ and task_ name below; CONTRIBUTING.md says more.
It is read before the config is checked for contradictions, so it defines, and looks nothing up yet.
"""

# The files of this task's rules, in this folder; they are read in this order, after the shared stages.
TASK_FILES = ["helpers", "samples", "imported", "models", "baselines", "quality", "report"]

# Models lie in results/<cohort>/seed-<seed>/<this folder>/<arm>/<size>/train-<folds>.
TASK_FOLDER = "classify"

# What is scored, and the measure that verdicts are about: as in this task's class of measures.
TASK_UNIT = "lesion"
TASK_QUESTION = "Do synthetic images improve the classifier?"
TASK_PRIMARY = "accuracy"

# The arm that every other one is compared with, and what a size is: as a heading of tables, and in full.
TASK_REFERENCE = "classic"
TASK_SIZE = "Size per fold", "Images added per fold"

# The title of the figure that shows the measure by size.
TASK_CURVES = "Fig 8: accuracy by size"
TASK_FIGURE = "fig6"  # of synthetic images of a generator, as the paper numbers it

# The column of the units that predictions repeat as their truth.
TASK_TRUTH = "class"

# What stands in braces in a folder of imported images, besides seed and folds.
TASK_IMPORTED = ["cls"]

# Scripts of this task that a shared rule runs instead of the script of its own name, by the rule's name.
TASK_SCRIPTS = {
    "compute_metrics": "compute_metrics_classification",
    "compare_arms": "compare_arms_classification",
    "compute_subgroups": "compute_subgroups_classification",
    "estimate_study_size": "estimate_study_size_classification",
    "write_checklists": "write_checklists_classification",
}


def task_measures():
    """Return the parameters of this task's class of measures."""
    costs = config["evaluation"]["costs"]
    return {"classes": config["cases"]["classes"], **({"costs": costs} if costs else {})}


def task_settings():
    """Return what the reporting checklists say of this task's keys: without baselines that are not run."""
    families = {"bovw": ["bovw-single", "bovw-multi"], "texture": ["gabor", "glcm"]}
    families["svm"] = families["bovw"] + families["texture"]
    run = [name for name, arms in families.items() if set(arms) & set(config["experiment"]["baselines"])]
    baselines = {name: config["baselines"][name] for name in run}
    models = {"classifier": chosen_classifier(), "baselines": baselines}
    taken = {use: config["uses"][use] for use, generators in config["experiment"]["uses"].items() if generators}
    whole = {"whole_images": True} if is_whole_image() else {}
    return {"rois": chosen_rois(), "augmentation": chosen_augmentation(), "uses": taken, **models, **whole}


def is_whole_image():
    """Return whether a ROI is a whole image, because nothing is drawn on it."""
    return config["cases"]["annotation"] == "none"


def chosen_rois():
    """Return how ROIs are cut, as the config says; around a whole image there is nothing that could be a margin."""
    return {**config["rois"], "margin": 0} if is_whole_image() else config["rois"]


def chosen_augmentation():
    """Return the augmentations of each lesion, as the config gives them or its preset does.

    Of a whole image, which has no margin, a scale that replaces the margin shows as much more or less than the image.
    """
    chosen = {key: value for key, value in config["augmentation"].items() if key != "preset"}
    if is_whole_image() and config["rois"]["scale"] == "replace":
        ends = [round(end - config["rois"]["margin"], 6) for end in chosen["scales"]["diameters"]]
        chosen["scales"] = {**chosen["scales"], "diameters": ends}
    return chosen


def chosen_classifier():
    """Return the network and its training, as the config gives them or its preset does; of a file of weights its digest."""
    known = public_config()["classifier"]
    return {key: value for key, value in known.items() if key != "preset"}


def validation_share():
    """Return the share of the training patients who tell a network when to stop; 0 for none."""
    return (config["classifier"]["early_stopping"] or {"share": 0})["share"]


def task_headline():
    """Return the (metric, class) that the headline shows beside the accuracy: of two classes those of the positive one."""
    positive = config["cases"]["positive"]
    return [(metric, positive) for metric in ["sensitivity", "specificity", "auc"]] if positive else []


def task_arms():
    """Return every (arm, size) of the network; sizes are images per training fold."""
    experiment = config["experiment"]
    plain = [("classic", str(size)) for size in experiment["classic"]]
    plain += [("placebo", str(experiment["group"]))] if experiment["placebo"] else []
    plain += [(arm, str(size)) for arm in ["online", "mixup"] for size in experiment[arm]]
    count = len(config["cases"]["classes"])
    further = {"extra": experiment["extra"]} | {name: experiment["synthetic"] for name in synthetic_arms()}
    return plain + [
        (arm, f"{experiment['group']}+{per_class(size)}x{count}") for arm, sizes in further.items() for size in sizes
    ]


def synthetic_arms():
    """Return the arms that take synthetic images: of each generator that which mixes them in, then its other uses."""
    chosen, found = config["experiment"]["uses"], []
    for name in config["experiment"]["generators"]:
        found += [name, *(uses.arm(name, use) for use in uses.USES if name in chosen.get(use, []))]
    return found


def task_single_arms():
    """Return the arms without sizes, whose folder of a size is "0": discriminators that classify, and the baselines."""
    acgans = [
        name
        for name in config["experiment"]["generators"]
        if name in config["generators"] and config["generators"][name]["architecture"] == "acgan"
    ]
    return [f"{name}-discriminator" for name in acgans] + config["experiment"]["baselines"]


def task_real_arms():
    """Return the arms of real images alone that the network may be trained with instead of synthetic ones."""
    return ["placebo", "online", "mixup", "extra"]


def strategy_arms():
    """Return the arms among which a strategy is chosen: the network's, of images that the cohort has. Those whose purpose is
    control are none: the placebo, further real cases, models other than the network."""
    possible = ["classic", "online", "mixup", *synthetic_arms()]
    return [arm for arm in possible if arm in sized_arms()]


def best_strategy():
    """Return the files of the choice of a strategy."""
    return {
        name: f"<results>/evaluation/best/{name}.csv" for name in ["choices", "strategies", "metrics", "comparison"]
    }


def task_best():
    """Return the files of the best strategy that the headline and the summary read; none of a task that chooses none."""
    return [best_strategy()[name] for name in ["choices", "metrics", "comparison"]]


def task_groups():
    """Return what generators are trained on: each stands in their folders as `on-<group>`."""
    return [config["experiment"]["group"]]


def task_pools():
    """Return the names of the pools of images that generators make: one of each class."""
    return config["cases"]["classes"]


def task_operating_point():
    """Return the fixed operating point, see `evaluation/operating_points.py`."""
    classes = len(config["cases"]["classes"])
    return {
        "group": config["experiment"]["group"],
        "synthetic": per_class(config["evaluation"]["synthetic"]),
        "classes": classes,
    }


def task_cautions():
    """Return text files whose sentence, where there is one, stands among the summary's reasons to read with care."""
    return ["<results>/evaluation/trainings.txt"]


def task_rows():
    """Return how rows of the case table are checked, as `cases.Params` takes it: a row is a lesion, or a whole image."""
    return {"whole_images": True} if is_whole_image() else {}


def task_units():
    """Return the table that folds and subgroups are made of, whose rows are the units."""
    return rules.check_cases.output.cases


def task_samples():
    """Return the files of the samples, by the name that rules give them: the units, their images, and the pool.

    Generators train on the pool, imported images and the figures of a generator are compared with the units, readers see
    them, and the lineage audit knows the patients by them.
    """
    return {
        "units": "<results>/rois/rois.csv",
        "unit_images": "<results>/rois/images.npy",
        "pool_index": "<results>/pool/index.csv",
        "pool_images": "<results>/pool/images.npy",
    }


def task_display():
    """Return how lesions are cut out and which values become black and white, on the sheets and for readers."""
    return {key: chosen_rois()[key] for key in ["margin", "intensity"]}


def images_of_generator(folds, cls):
    """Return about how many images a generator sees in an epoch that is trained on so many ``folds``."""
    lesions, _ = counted_cases()
    images = folds * (lesions / config["folds"] + config["experiment"]["group"])
    return round(images if cls == "all" else images / len(config["cases"]["classes"]))


def task_work(stage, values):
    """Return what a job of the rule ``stage`` does, if it is this task's, as far as its time depends on more than the lesions; None if it does not."""
    if stage in ["train_dcgan", "train_acgan", "train_diffusion"]:
        return generator_work(stage, values)
    if stage.startswith("sample_"):
        return sampling_work(stage, values["generator"])
    if stage == "assess_generator":
        return job_times.Job(
            stage, images=config["quality"]["images"] * len(config["cases"]["classes"]) * len(train_folds())
        )
    if stage == "check_copies":
        return job_times.Job(stage, images=largest_synthetic() * len(config["cases"]["classes"]) * len(train_folds()))
    trained = {"train_classifier": train_folds(), "train_inner_classifier": inner_folds()}.get(stage)
    if trained is None:
        return None
    lesions, _ = counted_cases()
    images = sum(len(folds) for folds in trained) * (lesions / config["folds"] + sizes.total(values["size"]))
    settings = {key: value for key, value in chosen_classifier().items() if key != "mixup"}
    name = network("classifier", {**settings, "classes": config["cases"]["classes"], **compute()})
    return job_times.Job(stage, {name: round(images * settings["epochs"])}, trainings=len(trained))


def generator_work(stage, values):
    """Return what the training of a generator does."""
    epochs = config["generators"][values["generator"]]["epochs"]
    images = images_of_generator(len(values["folds"]), values["cls"]) * epochs
    return job_times.Job(stage, {network_of_generator(values["generator"], values["cls"]): images})


def network_of_generator(name, cls):
    """Return the name of the network of a preset, of one class or of all."""
    classes = {"classes": config["cases"]["classes"]} if cls == "all" else {}
    return network(config["generators"][name]["architecture"], {**training(name), **compute(), **classes})


def sampling_work(stage, name):
    """Return what the drawing of a generator's images does; a diffusion model looks at each in every step."""
    preset = config["generators"][name]
    images = preset["sampling"]["samples"] * len(config["cases"]["classes"])
    if preset["architecture"] != "diffusion":
        return job_times.Job(stage, images=images)
    steps = preset["sampling"]["steps"]
    if name in varied():
        steps = max(1, round(steps * preset["sampling"]["strength"]))
    looks = (2 * steps - 1) * (1 if preset["sampling"]["guidance"] == 1 else 2)
    return job_times.Job(stage, {network_of_generator(name, "all"): images * looks * job_times.LOOKED_AT})


def task_jobs():
    """Return the (rule, wildcards) of each training of this task in a complete run."""
    sized = {(arm, size, seed) for arm, size, seed, _ in runs() if arm in sized_arms()}
    jobs = [("train_classifier", {"arm": arm, "size": size}) for arm, size, _ in sized]
    inner = [
        ("train_inner_classifier", {"size": size}) for arm, size, _ in sized if arm in config["experiment"]["nested"]
    ]
    baselines = [
        ("train_bovw" if arm.startswith("bovw") else "train_texture", {}) for arm in config["experiment"]["baselines"]
    ]
    return jobs + inner + baselines * len(config["seeds"])


def task_budget(values):
    """Return the values of a budget's step as keys of the config: its two sizes give those of every arm.

    It has values for the network of one preset; where the config names another one, the network is the user's choice.
    """
    classes, (_, extra_cases) = len(config["cases"]["classes"]), counted_cases()
    group, synthetic = values["experiment"]["group"], values["experiment"]["synthetic"]
    synthetic -= synthetic % classes
    as_many = [group + synthetic]  # classic images, fresh ones, and steps
    experiment = {
        "classic": [0, group, *as_many],
        "group": group,
        "online": as_many,
        "mixup": as_many,
        "generators": values["run"],
        "synthetic": [synthetic],
        "extra": [synthetic] if extra_cases else [],
        "nested": values["experiment"]["nested"],
    }
    presets = copy.deepcopy(values["generators"])
    presets["dcgan"]["sampling"]["samples"] = synthetic // classes * (config["folds"] - 1)
    set_ones = {key: values[key] for key in ["seeds", "baselines", "quality"]}
    if config["classifier"]["preset"] == values["classifier"]["preset"]:
        set_ones["classifier"] = values["classifier"]
    return {
        **set_ones,
        "generators": presets,
        "experiment": experiment,
        "evaluation": {**values["evaluation"], "synthetic": synthetic},
    }


def task_targets():
    """Return what a complete run makes besides what the shared stages make of every task."""
    return [
        rules.plan_experiment.output,
        rules.make_tables.output,
        rules.write_conformance.output,
        rules.plot_augmentations.output,
        rules.plot_tsne.output,
        rules.plot_calibration.output,
        rules.plot_decision_curves.output,
        rules.make_cost_table.output if config["evaluation"]["costs"] else [],
    ]


def task_sheets():
    """Return what is made for the user to look at before any training, besides the outlines of the lesions."""
    return ["<results>/evaluation/figures/fig3.png"]


def positive_problems():
    """Return what is wrong with the positive class."""
    classes, positive = config["cases"]["classes"], config["cases"]["positive"]
    if len(classes) < 2:
        return [f"cases: classes: expected two or more to tell apart, found {classes[0]}; add the others"]
    if len(classes) == 2 and positive not in classes:
        return [
            f"cases: positive: expected the positive one of two classes, {' or '.join(classes)}, found {positive}; name it"
        ]
    if len(classes) > 2 and positive is not None:
        return [f"cases: positive: {positive!r} of {len(classes)} classes; give null, each class stands by itself"]
    return []


def adaptive_problems():
    """Return what is wrong with generators whose augmentations are adaptive, but which have none."""
    trained = [name for name in config["experiment"]["generators"] if name in config["generators"]]
    return [
        f"generators: {name}: ada chooses how often the augmentations of diffaugment are applied, and that is []; name some"
        " there, or give ada: null"
        for name in trained
        if config["generators"][name].get("ada") and not config["generators"][name]["diffaugment"]
    ]


def task_problems():
    """Return what is wrong between keys of the config, as far as only this task knows it."""
    experiment, intensity, words = config["experiment"], config["rois"]["intensity"], config["baselines"]["bovw"]
    point, found = config["evaluation"]["synthetic"], positive_problems() + augmentation_problems() + network_problems()
    found += size_problems() + use_problems() + adaptive_problems()
    if point not in experiment["synthetic"]:
        found.append(f"evaluation: synthetic: {point} is not in experiment: synthetic; add it there")
    if not experiment["generators"]:
        found.append(
            "experiment: generators: [] leaves nothing to compare with classic; name a preset or an imported one"
        )
    if experiment["group"] not in experiment["classic"]:
        found.append(f"experiment: group: {experiment['group']} is not in experiment: classic; add it there")
    if experiment["extra"] and point not in experiment["extra"]:
        found.append(f"evaluation: synthetic: {point} is not in experiment: extra; add it there")
    for key in ["single", "multi"]:
        if words[key] > words["words"]:
            found.append(f"baselines: bovw: {key}: {words[key]} of {words['words']} words; lower it or raise words")
    if not intensity["low"] < intensity["high"]:
        found.append(f"rois: intensity: low {intensity['low']} is not below high {intensity['high']}; exchange them")
    if intensity["mode"] == "percentile" and not 0 <= intensity["low"] < intensity["high"] <= 100:
        found.append("rois: intensity: percentiles lie between 0 and 100; give low and high with the mode")
    return found + cost_problems()


def size_problems():
    """Return the sizes that cannot have as many images of each class, and the generators that draw too few."""
    classes, found = len(config["cases"]["classes"]), []
    for key in ["synthetic", "extra"]:
        for size in config["experiment"][key]:
            if size % classes:
                below = size - size % classes
                found.append(
                    f"experiment: {key}: {size} images per training fold are not as many of each of {classes} classes;"
                    f" give {below} or {below + classes}"
                )
    for name in [name for name in config["experiment"]["generators"] if name in config["generators"]]:
        samples = config["generators"][name]["sampling"]["samples"]
        if name not in config["imported"] and samples < largest_synthetic():
            found.append(
                f"generators: {name}: sampling: samples: {samples} per class, but experiment: synthetic needs"
                f" {largest_synthetic()}; raise samples or remove the size"
            )
    return found


def use_problems():
    """Return what is wrong with the ways in which arms take synthetic images."""
    experiment, found = config["experiment"], []
    for use, generators in experiment["uses"].items():
        for name in [name for name in generators if name not in experiment["generators"]]:
            found.append(
                f"experiment: uses: {use}: {name!r} is not in experiment: generators; add it there or remove it here"
            )
    taken = [use for use, generators in experiment["uses"].items() if generators]
    if taken and 0 in experiment["synthetic"]:
        found.append(f"experiment: synthetic: 0 leaves {taken[0]} without synthetic images; remove 0")
    if uses.PRETRAIN in taken and config["classifier"]["epochs"] < 2:
        found.append(
            "classifier: epochs: pretrain needs two or more, one of synthetic and one of real images; raise it"
        )
    selected = [arm for arm in nested_arms() if uses.use_of(arm) == uses.SELECT]
    if selected and "classic" not in nested_arms():
        found.append(
            f"experiment: nested: {selected[0]!r} selects images by the arm classic of the same folds; add 'classic' too"
        )
    return found


def cost_problems():
    """Return what is wrong with the costs of errors."""
    classes, found = config["cases"]["classes"], []
    for truth, costs in (config["evaluation"]["costs"] or {}).items():
        for name in [truth, *costs]:
            if name not in classes:
                found.append(f"evaluation: costs: {truth}: {name!r} is no class; choose one of {', '.join(classes)}")
        if costs.get(truth):
            found.append(
                f"evaluation: costs: {truth}: {truth}: expected 0, as it is right, found {costs[truth]}; remove it"
            )
    return found


def network_problems():
    """Return what is wrong with the network: another kind than its preset's, widths that it cannot have, a missing file."""
    widths, found, kind = config["classifier"]["widths"], [], config["classifier"]["architecture"]
    name = config["classifier"]["preset"]
    if kind != named_presets()["classifier"][name]["architecture"]:
        found.append(
            f"classifier: architecture: {kind} is not that of the preset {name}; remove it, or choose another preset"
        )
    if kind == "cnn" and len(widths) != 3:
        found.append(f"classifier: widths: expected those of three convolutions, found {len(widths)}; give three")
    rising = all(before < after for before, after in zip(widths, widths[1:]))
    if kind == "resnet" and not (rising and all(width % 8 == 0 for width in widths)):
        found.append(
            f"classifier: widths: expected rising multiples of 8, found {', '.join(map(str, widths))}; correct them"
        )
    weights = config["classifier"]["weights"]
    if weights is not None and digest(weights) is None:
        found.append(f"classifier: weights: no file {weights} that can be read; correct the path, or give null")
    return found


def augmentation_problems():
    """Return what is wrong with the augmentations: ranges upside down, and changes that would repeat an image."""
    found = []
    shifts, intensities = config["augmentation"]["shifts"], config["augmentation"]["intensities"]
    for part in ["rotations", "scales", "intensities"]:
        for key, values in config["augmentation"][part].items():
            if key != "number" and values[0] > values[1]:
                found.append(f"augmentation: {part}: {key}: {values[0]} is above {values[1]}; exchange them")
    for part, key in [("rotations", "degrees"), ("scales", "diameters")]:
        number, (low, high) = config["augmentation"][part]["number"], config["augmentation"][part][key]
        if number > 1 and low == high:
            found.append(
                f"augmentation: {part}: {key} has one value, {low}, but number is {number}; give a range or number: 1"
            )
    if shifts["number"] and 0 in [shifts["diameters"], shifts["px"]]:
        found.append(
            f"augmentation: shifts: {shifts['number']} shifts by at most 0 px; raise the limit or give number: 0"
        )
    if intensities["number"] and [intensities[key] for key in ["gain", "gamma", "noise"]] == [[1, 1], [1, 1], [0, 0]]:
        found.append(
            f"augmentation: intensities: {intensities['number']} changes that change nothing; give a range or number: 0"
        )
    return found
