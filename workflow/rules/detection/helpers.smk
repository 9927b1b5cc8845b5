"""Helpers of the rules of this task: the files of detectors, and the synthetic slices that an arm adds."""


def detector_settings():
    """Return the parameters of a detector, and of how its slices are changed."""
    settings = {key: value for key, value in config["detector"].items() if key != "preset"}
    return canonical_json(
        **settings,
        augmentation=config["augmentation"],
        classes=config["cases"]["classes"],
        validation=config["experiment"]["validation"],
        judged_at=judged_at(),
        **compute(),
    )


def judged_at():
    """Return at which IoU and false positives a slice a network is judged on validation slices; None if none is."""
    values = config["evaluation"]
    if config["detector"]["checkpoint"] == "last":
        return None
    return {"iou": values["iou"][0], "false_positives": values["false_positives"]}


def detector_files(arm, size="{size}"):
    """Return patterns of the files of one detector, by name."""
    return within(
        f"<results>/seed-{{seed}}/{TASK_FOLDER}/{arm}/{size}/train-{{folds}}",
        detections="detections.csv",
        weights="weights.safetensors",
        model="model.json",
        train_set="train_set.csv",
        anchors="anchors.csv",
        history="history.csv",
    )


def added_generator(arm):
    """Return the generator whose slices an arm adds, in a list; none for an arm of real slices alone."""
    generators = config["experiment"]["generators"]
    return [name for name in generators if arm in (name, f"{name}-filtered", f"{name}-kept")]


def added_slices(wildcards):
    """Return the images of the synthetic slices that an arm adds, for every choice of training folds."""
    return [
        path
        for generator in added_generator(wildcards.arm)
        for path in synthetic_images(generator, wildcards.seed, "all", train_folds()).values()
    ]


def added_filters(wildcards):
    """Return which of these slices a filter or a reader keeps, for every choice of training folds, if the arm asks."""
    seed, arm = wildcards.seed, wildcards.arm
    found = []
    for generator in added_generator(arm):
        if arm in filtered_arms():
            found += each_fold(f"<results>/seed-{seed}/filters/{generator}/on-all/train-{{folds}}/filter.csv")
        if arm in kept_arms():
            found += each_fold(f"<results>/kept/{generator}/seed-{seed}/train-{{folds}}/kept.csv")
    return found


def all_slices(generator):
    """Return the images of all synthetic slices of a generator, by "<seed>/<training folds>"."""
    return {
        f"{seed}/{parent(which, 1)}": path
        for seed in config["seeds"]
        for which, path in synthetic_images(generator, seed, "all", train_folds()).items()
    }


def named_slices(wildcards, input):
    """Return the folders of these slices as arguments."""
    return labelled(all_slices(wildcards.generator), [parent(path, 1) for path in input.images])


def search_of_slices(wildcards):
    """Return the search of these slices for test images, as `searched` does."""
    return [path for name in added_generator(wildcards.arm) for path in searched(name, wildcards.seed, "all")]


def size_of(arm):
    """Return the size at which an arm is compared."""
    sizes = [size for name, size in task_arms() if name == arm]
    return str(config["evaluation"]["synthetic"]) if len(sizes) > 1 else sizes[0]


def without_and_with():
    """Return the reference and the arm that is looked at beside it."""
    return [TASK_REFERENCE, (shown_arm() or [arm for arm in all_arms() if arm != TASK_REFERENCE])[0]]


def compared_detectors():
    """Return the folders of these arms' detectors, of the first seed, at the sizes compared, by (arm, size, ...)."""
    seed = config["seeds"][0]
    return {
        (arm, size_of(arm), seed, folds): f"<results>/seed-{seed}/{TASK_FOLDER}/{arm}/{size_of(arm)}/train-{folds}"
        for arm in without_and_with()
        for folds in train_folds()
    }


def filtered_detectors():
    """Return the folders of all detectors of arms with chosen slices, by (arm, size, seed, folds)."""
    return {
        run: f"<results>/seed-{run[2]}/{TASK_FOLDER}/{run[0]}/{run[1]}/train-{run[3]}"
        for run in runs()
        if run[0] in filtered_arms() + kept_arms()
    }
