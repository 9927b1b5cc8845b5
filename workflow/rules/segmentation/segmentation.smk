"""The task segmentation: what the shared stages need to know of it, and nothing else of it is known there.

It is read before the config is checked for contradictions, so it defines, and looks nothing up yet.
"""


include: "times.smk"


TASK_FILES = ["helpers", "samples", "generators", "imported", "models", "quality", "report"]
TASK_FOLDER = "segment"
TASK_UNIT = "slice"
TASK_QUESTION = "Do synthetic images with their masks improve the segmenter?"
TASK_PRIMARY = "DSC"
TASK_REFERENCE = "original"
TASK_SIZE = "Share (per mille)", "Share of the training patients, per mille"
TASK_CURVES = "Fig 7: DSC by share"
TASK_FIGURE = "fig6"  # of synthetic images of a generator, as the paper numbers it
TASK_TRUTH = ""  # predictions say how well a slice was segmented; its label map is an array beside the slices
TASK_IMPORTED = ["share"]
TASK_SCRIPTS = {
    "make_folds": "make_folds_segmentation",
    "write_checklists": "write_checklists_segmentation",
    "write_notes": "write_notes_segmentation",
    "build_reader_study": "build_reader_study_segmentation",
    "compute_metrics": "compute_metrics_segmentation",
    "compare_arms": "compare_arms_segmentation",
    "compute_subgroups": "compute_subgroups_segmentation",
    "estimate_study_size": "estimate_study_size_segmentation",
}


def task_measures():
    """Return the parameters of this task's class of measures."""
    return {
        "classes": config["cases"]["classes"],
        "absent": config["evaluation"]["absent"],
        "side": config["slices"]["side"],
    }


def task_settings():
    """Return what the reporting checklists say of this task's keys: of a file of weights its digest."""
    return {key: public_config()[key] for key in ["slices", "segmenter", "augmentation"]}


def task_headline():
    """Return the (metric, class) that the headline shows beside the DSC: whether lesions were found, and false alarms."""
    return [("precision", "all"), ("recall", "all")]


def single_arms():
    """Return the arms that train a network once for all steps, in the order of tables and figures."""
    experiment = config["experiment"]
    return ["original", *experiment["generators"], *experiment["arms"]]


def arms_by_epochs():
    """Return the arms of which the network after as many epochs is kept, too: those with fewer images than `both`."""
    return [arm for arm in single_arms() if arm in ["original", "traditional", *config["experiment"]["generators"]]]


def task_arms():
    """Return every (arm, share): first after equal steps, then after equal epochs, as the paper has it."""
    arms = single_arms() + [f"{arm}-epochs" for arm in arms_by_epochs()]
    return [(arm, str(share)) for arm in arms for share in config["experiment"]["shares"]]


def task_single_arms():
    """Return the arms without a share: none."""
    return []


def task_real_arms():
    """Return the arms of real images alone that the network may be trained with instead of synthetic ones."""
    return ["traditional", "fresh", "paste"]


def task_best():
    """Return the files of the best strategy that the headline and the summary read; none of a task that chooses none."""
    return []


def task_groups():
    """Return the shares, on each of which generators are trained."""
    return config["experiment"]["shares"]


def task_pools():
    """Return the one pool of a generator: its pairs of an image and a mask, of all classes."""
    return ["all"]


def task_operating_point():
    """Return the share at which arms are compared."""
    return {"group": config["evaluation"]["share"], "synthetic": 0, "classes": 1}


def task_cautions():
    """Return text files whose sentence, where there is one, stands among the summary's reasons to read with care."""
    return []


def task_rows():
    """Return how rows of the case table are checked, as `cases.Params` takes it: it may be a slice."""
    return {"of_slices": True}


def task_units():
    """Return the table of the slices, which folds and subgroups are made of."""
    return "<results>/slices/slices.csv"


def task_samples():
    """Return the files of the samples, by the name that rules give them: the slices, their images and label maps."""
    return {
        "units": "<results>/slices/slices.csv",
        "unit_images": "<results>/slices/images.npy",
        "unit_labels": "<results>/slices/labels.npy",
    }


def task_display():
    """Return how lesions are shown on the sheets of outlines, in the colours of their classes."""
    return {"margin": None, "intensity": config["slices"]["intensity"], "classes": config["cases"]["classes"]}


def task_jobs():
    """Return the (rule, wildcards) of each training of a complete run."""
    arms = {(arm, share) for arm, share in task_arms() if arm in single_arms()}
    return [("train_segmenter", {"arm": arm, "size": share}) for arm, share in sorted(arms) for _ in config["seeds"]]


def task_budget(values):
    """Return nothing: this task has no budgets."""
    return {}


def task_targets():
    """Return what a complete run makes besides what the shared stages make of every task."""
    return [
        rules.plan_shares.output,
        rules.make_tables_segmentation.output,
        rules.compare_areas.output,
        rules.plot_predictions.output,
        expand(rules.plot_pairs.output, generator=config["experiment"]["generators"]),
        rules.write_conformance_segmentation.output,
    ]


def task_sheets():
    """Return what is made for the user to look at before any training, besides the outlines: every arm's images."""
    return []


def task_problems():
    """Return what is wrong between keys of the config, as far as only this task knows it."""
    experiment, found = config["experiment"], segmenter_problems() + label_problems() + problems_of_the_demo()
    shares, intensity = experiment["shares"], config["slices"]["intensity"]
    if shares != sorted(shares):
        found.append(f"experiment: shares: expected ascending ones, found {shares}; sort them")
    if config["evaluation"]["share"] not in shares:
        found.append(f"evaluation: share: {config['evaluation']['share']} is not in experiment: shares; add it there")
    if "both" in experiment["arms"] and not experiment["generators"]:
        found.append("experiment: arms: both needs a generator; name one in experiment: generators, or remove both")
    if not experiment["generators"] and not experiment["arms"]:
        found.append("experiment: nothing is compared with original; name generators or arms")
    if not intensity["low"] < intensity["high"]:
        found.append(f"slices: intensity: low {intensity['low']} is not below high {intensity['high']}; exchange them")
    if intensity["mode"] == "percentile" and not 0 <= intensity["low"] < intensity["high"] <= 100:
        found.append("slices: intensity: percentiles lie between 0 and 100; give low and high with the mode")
    if config["slices"]["side"] & (config["slices"]["side"] - 1):
        found.append(f"slices: side: expected a power of two, found {config['slices']['side']}; choose 64, 128 or 256")
    precedence, classes = config["slices"]["precedence"], config["cases"]["classes"]
    if precedence is not None and sorted(precedence) != sorted(classes):
        found.append(f"slices: precedence: expected each of {', '.join(classes)} once, found {precedence}; correct it")
    return found


def problems_of_the_demo():
    """Return a line for each network of the demo that real slices would get."""
    demo = {"preset": "unet-small", **named_presets()["segmenter"]["unet-small"]}
    first = "{generator_maps: 16, discriminator_maps: 16, epochs: 50, candidates: [10, 25, 50]}"
    return demo_problems("segmenter", config["segmenter"] == demo, "unet-medium", "unet or fcn8s", first)


def label_problems():
    """Return what is wrong with the labels of imported masks."""
    classes, found = config["cases"]["classes"], []
    for name, source in config["imported"].items():
        labels = source.get("labels")
        if labels is not None and sorted(labels) != sorted(classes):
            found.append(
                f"imported: {name}: labels: expected one of each of {', '.join(classes)}, found {', '.join(labels) or 'none'};"
                " correct them"
            )
        elif labels is not None and len(set(labels.values())) < len(labels):
            found.append(
                f"imported: {name}: labels: expected a different value for each class, found {labels}; correct them"
            )
    return found


def segmenter_problems():
    """Return what is wrong between the keys of the segmenter, and the side of the slices that it sees."""
    values, side, found = config["segmenter"], config["slices"]["side"], []
    widths, at_most = values["widths"], side.bit_length() - 2  # maps of 4x4 px are the smallest that have statistics
    if values["architecture"] == "unet" and len(widths) > at_most:
        found.append(f"segmenter: widths: a unet of slices of {side} px has at most {at_most}; remove the last ones")
    if values["architecture"] == "unet" and values["weights"]:
        found.append("segmenter: weights: a unet starts from scratch; give null, or architecture fcn8s")
    if values["architecture"] == "fcn8s" and len(widths) != 6:
        found.append(f"segmenter: widths: expected the 6 of an fcn8s, found {len(widths)}; see its presets")
    if values["architecture"] == "fcn8s" and "dropout" not in values:
        found.append("segmenter: dropout: an fcn8s needs one; give it, or the preset fcn8s or fcn8s-small")
    return found
