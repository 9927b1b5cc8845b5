"""What a run says of its slices, arms and segmenters, by the topics of the reporting checklists."""

from synthaug.report import slice_facts
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.numbers import percent
from synthaug.report.sentences import chances, counted, listed, settings
from synthaug.segmentation.arms import BOTH, BY_EPOCHS, FRESH, ORIGINAL, PASTE, TRADITIONAL
from synthaug.segmentation.measures import DSC

IMPORTED = "also as many imported pairs as slices with a lesion"
ADDED = {
    ORIGINAL: "the slices of the share",
    TRADITIONAL: "also one transformed copy of each slice",
    BOTH: "also that copy and the synthetic slices",
    FRESH: "the slices of the share, transformed anew in every epoch",
    PASTE: "also one copy of each slice with a lesion of another one pasted in",
}
NETWORKS = {
    "unet": "a U-Net with instance normalisation and leaky ReLU, as nnU-Net has it, {} feature maps from the full "
    "resolution down",
    "fcn8s": "an FCN-8s (Long et al. 2015) on the convolutions of VGG-16, {} feature maps in stages and dense layers",
}


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its models, by topic."""
    return {
        "subset of the images": subset(run),
        "preprocessing": preprocessing(run),
        "augmentation": augmentation(run),
        "predictors": slice_facts.predictors(),
        "arms": arms(run),
        "model": model(run),
        "initial weights": initial(run),
        "training": training(run),
        "baselines": baselines(run),
        "output": output(),
        "class balance": balance(run),
        "calibration and utility": calibration(),
        "results by class": by_class(run),
        "errors": errors(),
        "synthetic images": synthetic(run),
    }


def subset(run: Run) -> Fact:
    """Say which slices are used."""
    more = slice_facts.empty_slices(run)
    return Fact(f"All slices on which the annotations draw a lesion are used whole{more}.", ("Lesion outlines",))


def preprocessing(run: Run) -> Fact:
    """Say how a slice and its label map are made."""
    known = run.settings.task["slices"]
    gray = slice_facts.gray_values(run, "the slice")
    order = known["precedence"]
    overlap = f"the first of {listed(order)} wins" if order else "the run stops"
    return Fact(
        f"A slice is centred in a square and brought to {known['side']}x{known['side']} px by linear interpolation, "
        "after a low-pass filter where it becomes smaller; its label map has the label at the centre of each pixel. "
        f"Gray values: {gray} became 0 and 1, and what lies beyond was clipped. Where lesions of two classes overlap "
        f"{overlap}."
    )


def augmentation(run: Run) -> Fact:
    """Say how slices are transformed."""
    known, parts = run.settings.task["augmentation"], []
    for arm in (TRADITIONAL, FRESH):
        if arm in run.settings.arms:
            parts.append(f"In the arm {arm}: {chances(known[arm], 'nothing')}.")
    text = " ".join(parts) or "No slice is transformed."
    return Fact(f"{text} Lengths are px of a slice of 256x256." if parts else text)


def arms(run: Run) -> Fact:
    """Say what the arms of the experiment were trained on, and their sizes."""
    parts = []
    for arm in run.settings.arms:
        name = arm.removesuffix(BY_EPOCHS)
        made_here = "also one synthetic slice for each mask" if name in run.settings.presets else IMPORTED
        what = ADDED.get(name, made_here)
        after = ", after as many epochs" if name != arm else ""
        parts.append(f"{arm} ({what}{after}; shares: {listed(run.settings.sizes[arm])})")
    size = run.settings.size[0].lower() + run.settings.size[1:]
    steps = "Where no epochs are named, all arms of a share train for as many steps"
    return Fact(f"Arms: {'; '.join(parts)}. A share counts: {size}. {steps}.")


def model(run: Run) -> Fact:
    """Describe the segmenter."""
    known = run.settings.task["segmenter"]
    network = NETWORKS[known["architecture"]].format(listed(known["widths"]))
    side = run.settings.task["slices"]["side"]
    return Fact(
        f"The segmenter is {network}; it takes one gray channel of {side}x{side} px and tells the ground, "
        f"{listed(run.settings.classes)} for each pixel."
    )


def initial(run: Run) -> Fact:
    """Say how the segmenter's weights begin."""
    given = run.settings.task["segmenter"]["weights"]
    same = "Within a repetition all arms start from the same weights."
    if not given:
        return Fact(f"The weights of the segmenter begin as random numbers; none is pretrained. {same}")
    return Fact(
        f"Every training of the segmenter starts from pretrained weights of VGG-16, a file with the SHA-256 {given}. "
        f"{same}",
        open="what the pretrained weights were trained on, and that it was no patient of this cohort",
    )


def training(run: Run) -> Fact:
    """Say how the segmenter was trained."""
    known = run.settings.task["segmenter"]
    update = (
        "Adam" if known["optimiser"] == "adam" else f"gradient descent with Nesterov momentum {known['momentum']:g}"
    )
    parts = {"cross_entropy": "cross-entropy", "dice": "the soft Dice loss"}
    loss = listed(f"{weight:g} times {parts[name]}" for name, weight in known["loss"].items() if weight)
    average = f"The running average of the weights is used (decay {known['ema']:g})" if known["ema"] else (
        "The last weights are used"
    )  # fmt: skip
    return Fact(
        f"{update} with learning rate {known['learning_rate']:g}, batches of {known['batch']}; the loss is {loss}. "
        f"Every arm of a share trains for as many steps as {counted(known['epochs'], 'epoch')} of three times its "
        f"slices take. {average}; no early stopping, no schedule and no weight decay.",
        open="how the settings of the networks were found, if others were tried",
    )


def baselines(run: Run) -> Fact:
    """Say what stands beside the synthetic slices."""
    about = f"Pasted lesions: {settings(run.settings.task['augmentation'][PASTE])}"
    return slice_facts.baselines(run, (TRADITIONAL, FRESH, PASTE), "the slices of the share", (PASTE, about))


def output() -> Fact:
    """Say what a segmenter returns."""
    return Fact(
        "A label for each pixel, the most probable one, so there is no threshold. masks.npy of each segmenter has them."
    )


def balance(run: Run) -> Fact:
    """Say how unequal classes are treated."""
    text = "Each class is shown by about as many patients in every fold. Slices are neither weighted nor resampled."
    if run.settings.task["segmenter"]["loss"]["dice"]:
        text += " The soft Dice loss counts each class alike, whatever its area."
    return Fact(text)


def calibration() -> Fact:
    """Say that probabilities are not looked at."""
    return Fact("Labels are compared, not probabilities: nothing is calibrated, and no net benefit is computed.")


def by_class(run: Run) -> Fact:
    """State the DSC of each class, of the slices of the share and of the first generator."""
    parts = []
    for arm in [ORIGINAL, *run.settings.generators[:1]]:
        rows = {name: run.evaluated.measure(arm, run.rule, DSC, name) for name in run.settings.classes}
        shown = [f"{name} {percent(row['value'])}" for name, row in rows.items() if row is not None]
        parts.append(f"{arm}: {', '.join(shown)}.")
    return Fact(f"DSC by class, in percent. {' '.join(parts)}", ("Table 3: DSC by class", "All metrics"))


def errors() -> Fact:
    """Say where the errors are shown."""
    return Fact(
        "False positives, missed lesions, distances of outlines and failures at slices without a lesion are among the "
        "measures; a figure shows the slices with the lowest, the median and the highest DSC.",
        ("All metrics", "Agreement of areas", "Worst, median and best test slices"),
    )


def synthetic(run: Run) -> Fact:
    """Say what is known of the synthetic slices."""
    if not run.settings.generators:
        return Fact("No synthetic slices were used.")
    painted, made = "Each synthetic slice was painted for the mask of a slice of the share.", ""
    if imported := [name for name in run.settings.generators if name not in run.settings.presets]:
        painted = painted if run.settings.presets else ""
        made = f" Slices and masks of {listed(imported)} were made elsewhere and imported."
    return Fact(
        f"{painted}{made} Before a segmenter trained on them, all were compared with the slices that it is tested on; "
        "a copy would have stopped the run. How like real slices they are stands on the quality cards.".strip(),
        ("Search for test images", "Quality card", "Nearest real slices", "Fig 6: synthetic slices"),
    )
