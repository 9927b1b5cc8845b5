"""What the jobs of this task train, and on how many images, for estimates of their time."""

OF_PHANTOM = 2.2, 2.2  # slices, and slices with a lesion, of a lesion of the phantom
TRAINED = ["train_segmenter", "train_segmenter_by_epochs", "train_lcgan", "sample_lcgan", "choose_candidate"]


def training_slices(folds, share):
    """Return about how many slices a share of the training patients has, and how many of them show a lesion."""
    part = part_trained_on(folds) * int(share) / 1000
    return [part * count for count in counted_slices(OF_PHANTOM)]


def timed_segmenter(arm):
    """Return the name of the segmenter of an arm, of which `fresh` transforms its slices in every step."""
    settings = {key: value for key, value in config["segmenter"].items() if key != "preset"}
    chances = config["augmentation"]["fresh"] if arm == "fresh" else None
    classes, side = config["cases"]["classes"], config["slices"]["side"]
    return network("segmenter", {**settings, "classes": classes, "side": side, "chances": chances, **compute()})


def timed_generator(name):
    """Return the name of a preset's networks."""
    settings = {key: value for key, value in training(name).items() if key != "candidates"}
    shown = {"classes": config["cases"]["classes"], "side": config["slices"]["side"], "candidates": [1]}
    return network("pix2pix", {**settings, **shown, **compute()})


def work_of_segmenters(values):
    """Return what the training of an arm's segmenters does, with the slices that they segment."""
    epochs, total = config["segmenter"]["epochs"], counted_slices(OF_PHANTOM)[0]
    learned = sum(3 * epochs * training_slices(folds, values["size"])[0] for folds in train_folds())
    predicted = sum(total * (1 - part_trained_on(folds)) for folds in train_folds())
    images = {timed_segmenter(values["arm"]): learned + job_times.LOOKED_AT * predicted}
    return job_times.Job("train_segmenter", images, trainings=len(train_folds()))


def work_of_generator(stage, values):
    """Return what a job of a generator does: its training, drawing its candidates' slices, or choosing among them."""
    preset, slices = config["generators"][values["generator"]], training_slices(values["folds"], values["share"])[1]
    drawn = len(preset["candidates"]) * slices * (1 + preset["sampling"]["moved_masks"]["copies"])
    if stage == "train_lcgan":
        return job_times.Job(stage, {timed_generator(values["generator"]): preset["epochs"] * slices})
    if stage == "sample_lcgan":
        return job_times.Job(stage, {timed_generator(values["generator"]): job_times.LOOKED_AT * drawn})
    judge = preset["sampling"]["real_or_fake"]
    name = network("real-or-fake", {**judge, "side": config["slices"]["side"], **hardware()})
    segmented = job_times.LOOKED_AT * (drawn + slices)
    return job_times.Job(stage, {name: 2 * judge["steps"] * judge["batch"], timed_segmenter("original"): segmented})


def task_work(stage, values):
    """Return what a job does whose time depends on its networks; None of all others."""
    if stage not in TRAINED:
        return None
    if counted_slices(OF_PHANTOM) is None:
        return job_times.Job(stage, {job_times.UNCOUNTED: 0})
    return work_of_segmenters(values) if "segmenter" in stage else work_of_generator(stage, values)
