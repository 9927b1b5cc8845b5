"""What a run says of its slices, arms and detectors, by the topics of the reporting checklists."""

from synthaug.detection import metric_names, planned_comparisons
from synthaug.detection.arms import FILTERED, FRESH, KEPT, PASTE, REAL
from synthaug.report import slice_facts
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.numbers import percent
from synthaug.report.sentences import chances, counted, listed, settings

ORGANS = {
    "none": "Nothing was removed from the slices",
    "morphology": "What is not the largest bright region of a slice became black (Otsu's threshold and morphology)",
    "deepbet": "What is not the brain became black (deepbet; a patient's slices are extracted together)",
}
CROPS = {
    "none": "the whole slice",
    "square": "the bounding square of what remained of the patient, with a margin of 2 %,",
    "stretch": "the bounding rectangle of what remained of the patient, with a margin of 2 %, stretched,",
}
ADDED = {
    REAL: "real slices, moved and changed at every step",
    FRESH: "the same slices, changed more strongly",
    PASTE: "also as many slices with a pasted lesion of another training slice",
}
SYNTHETIC = "also synthetic slices"
CHOSEN = "also those synthetic slices on which the detector of real slices finds the boxes"
CHOSEN_BY_EYE = "also those synthetic slices that a reader kept"


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its models, by topic."""
    return {
        "subset of the images": subset(run),
        "preprocessing": preprocessing(run),
        "augmentation": augmentation(run),
        "predictors": slice_facts.predictors(),
        "arms": arms(run),
        "model": model(run),
        "initial weights": initial(),
        "training": training(run),
        "baselines": baselines(run),
        "output": output(run),
        "class balance": balance(),
        "calibration and utility": calibration(run),
        "results by class": by_class(run),
        "errors": errors(run),
    }


def subset(run: Run) -> Fact:
    """Say which slices are used."""
    more = slice_facts.empty_slices(run)
    return Fact(f"The slices that the case table names are used whole{more}.", ("Slices as the networks see them",))


def preprocessing(run: Run) -> Fact:
    """Say how a slice is made."""
    known = run.settings.task["slices"]
    gray = slice_facts.gray_values(run, "the organ")
    return Fact(
        f"{ORGANS[known['organ']]}; then {CROPS[known['crop']]} was brought to {known['side']}x{known['side']} px by "
        f"linear interpolation, after a low-pass filter where it becomes smaller. Boxes followed exactly. Gray values: "
        f"{gray} became 0 and 1, and what lies beyond was clipped.",
        ("Slices as the networks see them",),
    )


def augmentation(run: Run) -> Fact:
    """Say how slices are changed in training."""
    known = run.settings.task["augmentation"]
    drawn = {arm: chances(known[arm], "not at all") for arm in (REAL, FRESH)}
    text = f"Real and synthetic slices are changed anew at every step, with their boxes: {drawn[REAL]}."
    if FRESH in run.settings.arms:
        text += f" In the arm {FRESH}: {drawn[FRESH]}."
    return Fact(text)


def arms(run: Run) -> Fact:
    """Say what the arms of the experiment were trained on, and their sizes."""
    parts = []
    for arm in run.settings.arms:
        what = ADDED.get(arm) or _added(arm, run) or "detections of another tool"
        sizes = [size for size in run.settings.sizes[arm] if size != planned_comparisons.WITHOUT_SIZE]
        parts.append(f"{arm} ({what}{f'; sizes: {listed(sizes)}' if sizes else ''})")
    size = run.settings.size[0].lower() + run.settings.size[1:]
    return Fact(f"Arms: {'; '.join(parts)}. A size counts: {size}. All arms train for as many steps.")


def _added(arm: str, run: Run) -> str:
    """Say which synthetic slices an arm adds; nothing of one that adds none."""
    of_generator = {"": SYNTHETIC, FILTERED: CHOSEN, KEPT: CHOSEN_BY_EYE}
    return next((text for ending, text in of_generator.items() if arm in _ending(ending, run)), "")


def _ending(ending: str, run: Run) -> list[str]:
    return [name + ending for name in run.settings.generators]


def model(run: Run) -> Fact:
    """Describe the detector."""
    known = run.settings.task["detector"]
    side = known["input_px"] or run.settings.task["slices"]["side"]
    text = (
        f"The detector is YOLOv3 (Redmon and Farhadi 2018): Darknet-53 and predictions at three scales, "
        f"{known['maps']} feature maps in the first convolution (32 in the paper on it), one gray channel of "
        f"{side}x{side} px, nine anchors by k-means of the training boxes with 1 - IoU."
    )
    return Fact(text + _others(run))


def _others(run: Run) -> str:
    others = [arm for arm in run.settings.arms if arm not in ADDED and not _added(arm, run)]
    return f" {listed(others)}: detections that another tool has made." if others else ""


def initial() -> Fact:
    """Say how the detector's weights begin."""
    return Fact(
        "The weights of the detector are drawn after He et al. (2015), those of the predicting layers small; none is "
        "pretrained. Within a repetition all arms start from the same random numbers and have the same anchors."
    )


def training(run: Run) -> Fact:
    """Say how the detector was trained."""
    known = run.settings.task["detector"]
    chosen = (
        f"Every {known['evaluate_every']} steps the network was judged by its sensitivity on validation patients, and "
        "the best one is used"
        if known["checkpoint"] == "best"
        else "The last network is used"
    )
    average = f", with a running average of the weights (decay {known['ema']:g})" if known["ema"] else ""
    return Fact(
        f"Adam with learning rate {known['learning_rate']:g}, which rises for {counted(known['burn_in'], 'step')}; "
        f"{counted(known['steps'], 'step')} in batches of {known['batch']} for every arm. Losses: squared error of the "
        f"boxes' sizes, logistic losses of their centres, of objectness and of classes; predictions that overlap a box "
        f"by more than {known['ignore_iou']:g} are not taught to be background. {chosen}{average}. Of the training "
        f"patients with boxes {percent(run.settings.task['validation'])} % are validation patients, from whom nothing "
        "is learned, neither by detectors nor by generators.",
        open="how the settings of the networks were found, if others were tried",
    )


def baselines(run: Run) -> Fact:
    """Say what stands beside the synthetic slices."""
    about = f"A pasted lesion is the ellipse in its box; {settings(run.settings.task['augmentation'][PASTE])}"
    return slice_facts.baselines(run, (FRESH, PASTE), "the real slices", (PASTE, about))


def output(run: Run) -> Fact:
    """Say what a detector returns."""
    known = run.settings.task["detector"]
    return Fact(
        f"Boxes with a class and a score, the product of objectness and class. Of two boxes of a class that overlap by "
        f"more than {known['nms_iou']:g} the one with the lower score is left out, and so are scores below "
        f"{known['floor']:g} and all but the {known['most_boxes']} best of a slice. detections.csv of each detector "
        "has them, matches.csv which are hits."
    )


def balance() -> Fact:
    """Say how unequal classes are treated."""
    return Fact(
        "The folds hold the boxes in like proportions. Slices are drawn evenly from an arm's own; slices without a "
        "lesion are among them. Classes are neither weighted nor resampled."
    )


def calibration(run: Run) -> Fact:
    """Say at which thresholds detectors are compared."""
    rate = run.settings.evaluation["false_positives"]
    return Fact(
        f"Detectors are compared at the thresholds that give each {rate:g} false positive{'s' * (rate != 1)} a slice "
        "on the test slices, and beside it at those that do so on validation patients. Scores are not recalibrated, "
        "and no net benefit is computed.",
        ("At equal false positives", "FROC curves"),
    )


def by_class(run: Run) -> Fact:
    """State the sensitivity of each class, of real slices and of the first generator."""
    if len(run.settings.classes) < 2:
        return Fact(f"There is one class, {run.settings.classes[0]}.", ("At equal false positives",))
    parts = []
    for arm in [REAL, *run.settings.generators[:1]]:
        rows = {name: run.evaluated.measure(arm, run.rule, metric_names.PRIMARY, name) for name in run.settings.classes}
        shown = [f"{name} {percent(row['value'])}" for name, row in rows.items() if row is not None]
        parts.append(f"{arm}: {', '.join(shown)}.")
    return Fact(f"Sensitivity by class, in percent. {' '.join(parts)}", ("All metrics",))


def errors(run: Run) -> Fact:
    """Say where the errors are shown."""
    score = run.settings.evaluation["score"]
    return Fact(
        f"Boxes that are missed by size, false positives of slices without a lesion and second hits of a box are among "
        f"the measures, from a score of {score:g} on and at equal false positives; a figure shows the slices with the "
        "largest gains and losses.",
        ("All metrics", "Table 1, as the paper has it", "Fig 2: largest gains and losses"),
    )
