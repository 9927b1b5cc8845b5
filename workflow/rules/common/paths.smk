"""Where results lie: patterns over folds and classes, and the files of runs, generators and synthetic images."""


def within(folder, **names):
    """Return the paths of files in a folder, by the name that a rule gives them."""
    return {key: f"{folder}/{name}" for key, name in names.items()}


def over(paths, **values):
    """Return a pattern, or each of several by name, for every value of its wildcards."""
    if isinstance(paths, dict):
        return {key: over(pattern, **values) for key, pattern in paths.items()}
    return expand(paths, allow_missing=True, **values)


def each_fold(paths):
    """Return a pattern, or each of several by name, for every choice of training folds."""
    return over(paths, folds=train_folds())


def each_inner_fold(paths):
    """Return a pattern, or each of several by name, for every choice of training folds with one fold fewer."""
    return over(paths, folds=inner_folds())


def each_class(paths):
    """Return a pattern, or each of several by name, for every class."""
    return over(paths, cls=task_pools())


def parent(path, levels):
    """Return the folder that lies ``levels`` above ``path``."""
    return str(Path(path).parents[levels - 1])


def samples(*names):
    """Return the task's samples that are named, or all of them, as inputs; those that it does not have are left out."""
    return {name: path for name, path in task_samples().items() if name in names or not names}


def run_files(name):
    """Return the file ``name`` of every model that predicts, in the order of `runs`."""
    return [
        f"<results>/seed-{seed}/{TASK_FOLDER}/{arm}/{size}/train-{folds}/{name}" for arm, size, seed, folds in runs()
    ]


def generator_files(name, which=None):
    """Return the file ``name`` of every generator, in the order of `generators`, or of those in ``which``."""
    return [
        f"<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/{name}"
        for generator, group, seed, folds, cls in (generators() if which is None else which)
    ]


def generator_folder(**values):
    """Return patterns of the files of a diffusion model by name, or with ``values`` for all wildcards the files."""
    patterns = within(
        "<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}",
        generator="generator.safetensors",
        model="model.json",
        train_set="train_set.csv",
        history="history.csv",
        samples="samples.npy",
    )
    return {name: path.format(**values) for name, path in patterns.items()} if values else patterns


def synthetic_images(generator, seed, group, chosen_folds, kind="synthetic"):
    """Return the synthetic images of a generator, or of another ``kind`` what was made of them, by "<training folds>/<class>"."""
    folder = f"<results>/seed-{seed}/{kind}/{generator}/on-{group}"
    return {
        f"{folds}/{cls}": f"{folder}/train-{folds}/{cls}/images.npy" for folds in chosen_folds for cls in task_pools()
    }


def parent_files(which):
    """Return index.csv of all images of the generators in ``which``, as in `generators`, whose images are variations."""
    return [
        f"<results>/seed-{seed}/synthetic/{generator}/on-{group}/train-{folds}/{cls}/index.csv"
        for generator, group, seed, folds, _ in which
        if generator in varied()
        for cls in task_pools()
    ]


def images_to_search(wildcards, chosen_folds):
    """Return the synthetic images of a generator, seed and group, by "<training folds>/<class>"."""
    return synthetic_images(wildcards.generator, wildcards.seed, wildcards.group, chosen_folds)


def searched(generator, seed, group, name="copies.csv"):
    """Return the search of a generator's images for test images, which must have ended before a model trains on these.

    Each task's trainings have it among their inputs. It is not `ancient`: while the search is due, Snakemake would overlook
    whatever else makes these trainings stale. For the images of nested selection it is inner_copies.csv.
    """
    return [f"<results>/seed-{seed}/synthetic/{generator}/on-{group}/{name}"]


def copy_searches():
    """Return all these searches of the generators of the experiment."""
    return [
        path
        for generator in config["experiment"]["generators"]
        for group in task_groups()
        for seed in config["seeds"]
        for name in ["copies.csv", *(["inner_copies.csv"] if generator in nested_generators() else [])]
        for path in searched(generator, seed, group, name)
    ]


def assessed_images(wildcards):
    """Return the synthetic images of a generator and seed, by "<training folds>/<class>"."""
    return synthetic_images(wildcards.generator, wildcards.seed, group_compared(), train_folds())


def assessed_train_sets(wildcards):
    """Return the training sets that those images come from, likewise."""
    group = group_compared()
    folder = f"<results>/seed-{wildcards.seed}/generators/{wildcards.generator}/on-{group}"
    whole = generator_classes(wildcards.generator) == ["all"]
    return {
        f"{folds}/{cls}": f"{folder}/train-{folds}/{'all' if whole else cls}/train_set.csv"
        for folds in train_folds()
        for cls in task_pools()
    }


def assessed_parents(wildcards):
    """Return index.csv of those images, likewise, if they are variations."""
    made = assessed_images(wildcards) if wildcards.generator in varied() else {}
    return {name: f"{parent(path, 1)}/index.csv" for name, path in made.items()}


def generator_figures():
    """Return what the report shows of each generator of the experiment."""
    trained = [name for name in config["experiment"]["generators"] if name not in imported()]
    return [
        f"<results>/evaluation/figures/{name}/{figure}.png"
        for name in config["experiment"]["generators"]
        for figure in [TASK_FIGURE, *(f"seed-{seed}/neighbours" for seed in config["seeds"])]
    ] + [
        f"<results>/evaluation/figures/{name}/seed-{seed}/{part}.png"
        for name in trained
        for seed in config["seeds"]
        for part in ["losses", "samples"]
    ]
