"""Helpers of the rules of this task: parameters of samples, and parameters and files of classifiers."""


def augmentation_reach():
    """Return how far augmentations look beyond a ROI: only these values change what is cut from an image."""
    shifts, scales = chosen_augmentation()["shifts"], chosen_augmentation()["scales"]
    return {
        "surround": scales["diameters"][1],
        "shift_diameters": shifts["diameters"],
        "shift_px": shifts["px"],
    }


# Each of these ways to take synthetic images is a script of its own, so that a change of one makes no other one stale.
USES_WITH_SCRIPTS = [uses.PRETRAIN, uses.GENMIX, uses.WEIGHT]


def training_script(arm):
    """Return the script that trains the classifiers of an arm; selected images are taken as those that are mixed in."""
    way = uses.use_of(arm)
    return f"train_{way}" if way in USES_WITH_SCRIPTS else "train_classifier"


def classifier_settings(arm):
    """Return the parameters of a classifier; those of one arm are given to that arm only."""
    settings = {key: value for key, value in chosen_classifier().items() if key != "mixup"}
    if arm in ["online", "mixup"]:
        settings |= {"rois": chosen_rois(), "augmentation": chosen_augmentation()}
    if arm == "mixup":
        settings["use"] = {"mixup": config["classifier"]["mixup"]}
    if uses.use_of(arm) in USES_WITH_SCRIPTS:
        settings["use"] = config["uses"][uses.use_of(arm)]
    return canonical_json(**settings, classes=config["cases"]["classes"], **compute())


def classifier_files():
    """Return patterns of the files of one network, by name."""
    return within(
        "<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}",
        predictions="predictions.csv",
        features="features.npy",
        weights="weights.safetensors",
        model="model.json",
        train_set="train_set.csv",
        history="history.csv",
    )


def trained_networks():
    """Return the folder of every network that is tested, by its run; without those of nested selection."""
    tested = [run for run in runs() if run[0] in sized_arms() and run[3] in train_folds()]
    return {run: f"seed-{run[2]}/{TASK_FOLDER}/{run[0]}/{run[1]}/train-{run[3]}" for run in tested}


def single_files(arm):
    """Return patterns of the files of one classifier without sizes, by name."""
    folder = f"<results>/seed-{{seed}}/classify/{arm}/0/train-{{folds}}"
    return within(folder, predictions="predictions.csv", train_set="train_set.csv", model="model.json")


def added_images(wildcards, chosen_folds):
    """Return the synthetic images that an arm takes, by "<training folds>/<class>"; none for arms of real images."""
    if wildcards.arm not in synthetic_arms():
        return {}
    kind = "selected" if uses.use_of(wildcards.arm) == uses.SELECT else "synthetic"
    group = wildcards.size.split("+")[0]
    return synthetic_images(uses.generator_of(wildcards.arm), wildcards.seed, group, chosen_folds, kind)


def selected_files():
    """Return patterns of the selected images of one generator, choice of training folds and class, by name."""
    folder = "<results>/seed-{seed}/selected/{generator}/on-{group}/train-{folds}/{cls}"
    return within(folder, images="images.npy", index="index.csv")


def selection_settings():
    """Return the parameters by which synthetic images are selected."""
    neighbours = config["quality"]["neighbours"] if config["uses"]["select"]["density"] else 0
    settings = {"classes": config["cases"]["classes"], "neighbours": neighbours, "most": largest_synthetic()}
    return {**settings, **config["uses"]["select"], "master_seed": config["master_seed"], **hardware()}


def search_of_added(wildcards, name="copies.csv"):
    """Return the search of these images for test images, as `searched` does; none for other arms."""
    if wildcards.arm not in synthetic_arms():
        return []
    return searched(uses.generator_of(wildcards.arm), wildcards.seed, wildcards.size.split("+")[0], name)


def baseline():
    """Return the parameters that every baseline takes."""
    shared = {key: config[key] for key in ["master_seed", "threads"]}
    return {"classes": config["cases"]["classes"], "svm": config["baselines"]["svm"], **shared}


def separated_arms():
    """Return the two arms whose features Fig 9 shows, with their sizes at the fixed operating point."""
    generator, group = config["experiment"]["generators"][0], config["experiment"]["group"]
    synthetic = f"{group}+{per_class(config['evaluation']['synthetic'])}x{len(config['cases']['classes'])}"
    return {"classic": str(group), generator: synthetic}


def separated(name):
    """Return the file ``name`` of the classifiers of Fig 9: first seed, first choice of training folds."""
    folder = f"<results>/seed-{config['seeds'][0]}/classify"
    return [f"{folder}/{arm}/{size}/train-{train_folds()[0]}/{name}" for arm, size in separated_arms().items()]


def feature_files(wildcards, name, chosen_folds=None):
    """Return the file ``name`` of the models whose features compare a generator's images with real ones.

    There is one model per choice of training folds, or of ``chosen_folds``, in their order.
    """
    folder = f"<results>/seed-{wildcards.seed}/{TASK_FOLDER}/classic/{config['experiment']['group']}"
    return [f"{folder}/train-{folds}/{name}" for folds in chosen_folds or train_folds()]
