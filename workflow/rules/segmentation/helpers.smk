"""Helpers of the rules of this task: parameters and files of segmenters, and the synthetic pairs that an arm adds."""


def segmenter_settings():
    """Return the parameters of a segmenter and of the transformations of its arms."""
    settings = {key: value for key, value in config["segmenter"].items() if key != "preset"}
    return canonical_json(
        **settings, augmentation=config["augmentation"], classes=config["cases"]["classes"], **compute()
    )


def segmenter_files(arm):
    """Return patterns of the files of one segmenter, by name."""
    return within(
        f"<results>/seed-{{seed}}/segment/{arm}/{{size}}/train-{{folds}}",
        masks="masks.npy",
        weights="weights.safetensors",
        model="model.json",
        train_set="train_set.csv",
        history="history.csv",
    )


def added_generator(arm):
    """Return the generator whose pairs an arm adds, in a list; none for an arm of real images alone."""
    generators = config["experiment"]["generators"]
    return [arm] if arm in generators else generators[:1] if arm == "both" else []


def added_pairs(wildcards):
    """Return the images of the synthetic pairs that an arm adds, for every choice of training folds."""
    return [
        path
        for generator in added_generator(wildcards.arm)
        for path in synthetic_images(generator, wildcards.seed, wildcards.size, train_folds()).values()
    ]


def search_of_pairs(wildcards):
    """Return the search of these images for test images, as `searched` does."""
    return [
        path
        for generator in added_generator(wildcards.arm)
        for path in searched(generator, wildcards.seed, wildcards.size)
    ]


def compared_segmenters():
    """Return the folders of the first seed's segmenters at the share where arms are compared, by (arm, share, ...)."""
    seed, share = config["seeds"][0], str(config["evaluation"]["share"])
    return {
        (arm, share, seed, folds): f"<results>/seed-{seed}/{TASK_FOLDER}/{arm}/{share}/train-{folds}"
        for arm in single_arms()
        for folds in train_folds()
    }
