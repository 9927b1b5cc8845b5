"""What the jobs of this task train, and on how many images, for estimates of their time."""

OF_PHANTOM = 1.75, 0.7  # slices, and slices with a lesion, of a box of the phantom
TRAINED = ["train_detector", "train_cpggan", "sample_cpggan", "filter_synthetic"]


def learned_slices(folds):
    """Return about how many slices are learned from: without those of validation patients."""
    return counted_slices(OF_PHANTOM)[0] * part_trained_on(folds) * (1 - config["experiment"]["validation"])


def timed_detector(arm):
    """Return the name of the detector of an arm; slices change in every step, those of `fresh` more strongly."""
    settings = {key: value for key, value in config["detector"].items() if key != "preset"}
    same = {"burn_in": 0, "checkpoint": "last"}  # of which no step takes longer or shorter
    chances = config["augmentation"]["fresh" if arm == "fresh" else "real"]
    shown = {"classes": config["cases"]["classes"], "side": config["slices"]["side"], "chances": chances}
    return network("detector", {**settings, **same, **shown, **compute()})


def timed_generator(name, px):
    """Return the name of a preset's networks at one of the resolutions that they grow through."""
    settings = {key: value for key, value in cpggan_settings(name).items() if key != "images_per_stage"}
    return network("cpggan", {**settings, "images_per_stage": [1], "px": px})


def work_of_detectors(values):
    """Return what the training of an arm's detectors does, with the slices that they search."""
    chosen, total = config["detector"], counted_slices(OF_PHANTOM)[0]
    judged = chosen["steps"] // chosen["evaluate_every"] if chosen["checkpoint"] == "best" else 0
    images = 0
    for folds in train_folds():
        validation = total * part_trained_on(folds) - learned_slices(folds)
        searched = total * (1 - part_trained_on(folds)) + (1 + judged) * validation
        images += chosen["steps"] * chosen["batch"] + job_times.LOOKED_AT * searched
    return job_times.Job("train_detector", {timed_detector(values["arm"]): images}, trainings=len(train_folds()))


def work_of_generator(stage, values):
    """Return what a job of a generator does: its training, drawing its slices, or searching them for lesions."""
    from synthaug.generators import growth  # here, as numpy would slow down every other start of Snakemake

    name, side, slices = values["generator"], config["slices"]["side"], learned_slices(values["folds"])
    preset = config["generators"][name]
    drawn = job_times.LOOKED_AT * slices * preset["sampling"]["samples"] / 100
    if stage == "sample_cpggan":
        return job_times.Job(stage, {timed_generator(name, side): drawn})
    if stage == "filter_synthetic":
        return job_times.Job(stage, {timed_detector("real"): drawn})
    images = Counter()
    for epoch in growth.epochs(side, preset["images_per_stage"], preset["batches"], max(1, round(slices))):
        images[timed_generator(name, epoch.px)] += epoch.steps * epoch.batch
    return job_times.Job(stage, images)


def task_work(stage, values):
    """Return what a job does whose time depends on its networks; None of all others."""
    if stage not in TRAINED:
        return None
    if counted_slices(OF_PHANTOM) is None:
        return job_times.Job(stage, {job_times.UNCOUNTED: 0})
    return work_of_detectors(values) if stage == "train_detector" else work_of_generator(stage, values)
