"""What a run says of its ROIs and classifiers, by the topics of the reporting checklists."""

import pandas as pd

from synthaug.classification import network_sizes, rois
from synthaug.classification.augmentation_choice import Choice
from synthaug.report.checklists import Fact
from synthaug.report.described_run import Run
from synthaug.report.numbers import percent
from synthaug.report.sentences import counted, listed, settings
from synthaug.terms import uses
from synthaug.terms.arms import BASELINES, CLASSIC, DISCRIMINATOR, PLACEBO

DESCRIBED = {
    "bovw-single": "visual words chosen by mutual information, one support vector machine of all classes",
    "bovw-multi": "visual words chosen by mutual information, a support vector machine per binary task",
    "gabor": "Gabor filters",
    "glcm": "co-occurrence of gray levels",
}
BEYOND = {"edge": "its edge repeats", "constant": "a ROI is black", "reflect": "it is mirrored"}


def facts(run: Run) -> dict[str, Fact]:
    """Return what the run says of its models, by topic."""
    return {
        "subset of the images": subset(run),
        "preprocessing": preprocessing(run),
        "augmentation": augmentation(run),
        "predictors": predictors(),
        "model": model(run),
        "initial weights": initial(run),
        "training": training(run),
        "baselines": baselines(run),
        "output": output(),
        "class balance": balance(run),
        "calibration and utility": calibration(run),
        "results by class": by_class(run),
        "errors": errors(run),
    }


def subset(run: Run) -> Fact:
    """Say which part of an image is used."""
    if run.settings.task.get("whole_images"):
        text = "Images are used as a whole, of a volume the slice that the case table names."
        return Fact(text, ("Lesion outlines",))
    return Fact(
        "Of each lesion one slice is used, the one that the case table names or else the one with the largest lesion "
        "area, and of it a square around the lesion.",
        ("Lesion outlines",),
    )


def preprocessing(run: Run) -> Fact:
    """Say how a ROI is made of a slice."""
    known = run.settings.task["rois"]
    low, high = known["intensity"]["low"], known["intensity"]["high"]
    gray = (
        f"the window from {low:g} to {high:g} (HU in CT)"
        if known["intensity"]["mode"] == "window"
        else f"the slice's percentiles {low:g} and {high:g}"
    )
    part = (
        "square around the whole image, of its longer side,"
        if run.settings.task.get("whole_images")
        else f"square centred on the lesion's bounding box, with {known['margin']:g} of the lesion's largest "
        "diameter as margin on each side,"
    )
    return Fact(
        f"A ROI is a {part} brought to {rois.SIZE}x{rois.SIZE} px by bicubic interpolation (a = -0.5)"
        f"{', after a low-pass filter where it becomes smaller' if known['antialias'] else ''}. Gray values: {gray} "
        f"became 0 and 1, and what lies beyond was clipped. Beyond the image's border {BEYOND[known['padding']]}. "
        "The mean of the training images is subtracted."
    )


def augmentation(run: Run) -> Fact:
    """Say what classic augmentation is."""
    chosen = Choice(**run.settings.task["augmentation"])
    rotations = f"rotations by {_range(chosen.rotations['degrees'])} degrees, each alone"
    return Fact(
        f"Classic augmentation: {rotations}{_further(chosen)}; {chosen.per_lesion:,} per lesion, each sampled once "
        "from the original slice. A group holds the same number of each lesion, give or take one.",
        ("Fig 3: augmentation",),
    )


def _further(chosen: Choice) -> str:
    """Say what a rotation comes with, of the kinds that are chosen."""
    parts = []
    if chosen.flips:
        parts.append(f"with a flip ({' or '.join(chosen.flips)})")
    if chosen.shifts["number"]:
        limit = "" if chosen.shifts["px"] is None else f"{chosen.shifts['px']:g} px or "
        parts.append(f"with a shift of at most {limit}{chosen.shifts['diameters']:g} diameters")
    if chosen.scales["number"]:
        shown = _range(chosen.scales["diameters"])
        parts.append(f"with another scale, which shows {shown} diameters of surrounding tissue")
    if chosen.intensities["number"]:
        gain, gamma, noise = (_range(chosen.intensities[name]) for name in ("gain", "gamma", "noise"))
        parts.append(
            f"with other gray values (gain {gain}, gamma {gamma}, normal noise with a standard deviation of {noise} of "
            "the range from black to white)"
        )
    return "".join(f", or {part}" for part in parts)


def _range(ends: list[float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"


def predictors() -> Fact:
    """Say what the models see."""
    return Fact("The only predictor is the image of the lesion; no clinical variable is used.")


def model(run: Run) -> Fact:
    """Describe the network."""
    known, classes = run.settings.task["classifier"], len(run.settings.classes)
    parts = _residual(known) if known["architecture"] == "resnet" else _convolutional(known)
    number = network_sizes.parameters(known, classes)
    text = (
        f"The classifier is a {parts}, and a dense layer with softmax over the {classes} classes; it has {number:,} "
        f"weights and biases and takes images of {rois.SIZE}x{rois.SIZE} px."
    )
    return Fact(text + _discriminators(run))


def _convolutional(known: dict) -> str:
    return (
        f"convolutional network: {counted(len(known['widths']), 'convolution')} of {known['kernel']}x{known['kernel']} "
        f"px with {listed(known['widths'])} feature maps, each followed by 2x2 max pooling and ReLU, a dense layer of "
        f"{known['dense']} units with ReLU, dropout of {known['dropout']:g}"
    )


def _residual(known: dict) -> str:
    stages = counted(len(known["widths"]), "stage")
    return (
        f"residual network (He et al. 2016) of {2 * known['blocks'] * len(known['widths']) + 2} layers: a 3x3 "
        f"convolution, {stages} of {counted(known['blocks'], 'block')} with {listed(known['widths'])} feature maps, "
        "each block of two 3x3 convolutions with group normalisation and ReLU beside a shortcut without weights, the "
        "mean of each last map"
    )


def _uses(run: Run) -> str:
    """Say by which numbers synthetic images are taken in other ways than mixed in."""
    said = {
        uses.PRETRAIN: "pretraining on synthetic images took {share:g} of the steps, in whole epochs",
        uses.GENMIX: "the share of the real image in a mixture was drawn from Beta({beta:g}, {beta:g})",
        uses.WEIGHT: "a synthetic image weighed {weight:g} of a real one in the loss",
        uses.SELECT: "selected images have a probability of their class of {probability:g} or more, and a density "
        "among real ones of {density:g} or more",
    }
    known = run.settings.task["uses"]
    parts = [said[use].format(**chosen) for use, chosen in known.items()]
    if known.get(uses.SELECT, {}).get("authentic"):
        parts.append("near copies of a real training image were not selected")
    if known.get(uses.SELECT, {}).get("real_or_fake"):
        least = known[uses.SELECT]["real_or_fake"]["threshold"]
        parts.append(f"a network had to take a selected image for real with a probability of {least:g} or more")
    return f" Of the other ways to take synthetic images: {'; '.join(parts)}." if parts else ""


def _discriminators(run: Run) -> str:
    arms = [arm for arm in run.settings.arms if arm.endswith(DISCRIMINATOR)]
    return f" In {listed(arms)} the discriminator of an ACGAN names the class." if arms else ""


def initial(run: Run) -> Fact:
    """Say how the classifier's weights begin."""
    known = run.settings.task["classifier"]
    drawn = {
        "cnn": "drawn uniformly after Glorot and Bengio (2010), biases are zero",
        "resnet": "drawn after He et al. (2015), biases are zero, and every block begins as its shortcut",
    }[known["architecture"]]
    same = f"Within a repetition all arms{f' but {PLACEBO}' if PLACEBO in run.settings.arms else ''} "
    if not known["weights"]:
        text = f"The weights of the classifier are {drawn}; none is pretrained."
        return Fact(f"{text} {same}start from the same random numbers.")
    return Fact(
        f"Every training of the classifier starts from pretrained weights, a file with the SHA-256 {known['weights']}; "
        f"a last layer that the file lacks begins at random. {same}have the same random numbers.",
        open="what the pretrained weights were trained on, and that it was no patient of this cohort",
    )


def training(run: Run) -> Fact:
    """Say how the network was trained."""
    known = run.settings.task["classifier"]
    stopping, epochs = known["early_stopping"], counted(known["epochs"], "epoch")
    if stopping:
        ends = (
            f"at most {epochs} in batches of {known['batch']}. Early stopping: of the training patients of each class "
            f"{percent(stopping['share'])} % are not learned from; training ends once the loss on their un-augmented "
            f"ROIs has had no new minimum for {counted(stopping['patience'], 'epoch')}, and the weights of the minimum "
            "are used. All arms of the network have the same such patients. Generators were trained on them too, so "
            "with synthetic images the loss may look too good and training end too late; no test patient plays a part. "
            "There is no"
        )
    else:
        ends = f"{epochs} in batches of {known['batch']}, the last one's weights are used; no early stopping, no"
    return Fact(
        f"Cross-entropy, gradient descent with Nesterov momentum {known['momentum']:g} and learning rate "
        f"{known['learning_rate']:g}, {ends} schedule and no weight decay.{_uses(run)} The workflow itself searches "
        "for no setting of a network.",
        open="how the settings of the networks were found, if others were tried",
    )


def baselines(run: Run) -> Fact:
    """Describe the baselines that were run."""
    names = [arm for arm in run.settings.arms if arm in BASELINES]
    if not names:
        return Fact("No method without a network was run beside them.")
    parts = "; ".join(f"{name}: {DESCRIBED[name]}" for name in names)
    details = ". ".join(f"{part}: {settings(values)}" for part, values in run.settings.task["baselines"].items())
    return Fact(
        f"Beside the networks, on un-augmented ROIs: {parts}. C and gamma of the support vector machines were searched "
        f"for within the training folds, by patient. Settings: {details}.",
        ("Table 6: baselines",),
    )


def output() -> Fact:
    """Say what a model returns."""
    return Fact(
        "A probability for each class; the class with the largest is predicted, so there is no threshold. Those of "
        "support vector machines are transformed distances. evaluation/predictions.csv has all of them."
    )


def balance(run: Run) -> Fact:
    """Say how unequal classes are treated."""
    text = (
        "The folds hold the classes in like proportions. Classes are neither weighted nor resampled in training, and "
        "classic augmentation keeps their proportions."
    )
    if run.settings.generators:
        text += " Synthetic images are added in equal number per class."
    return Fact(f"{text} Predictions are not recalibrated.")


def calibration(run: Run) -> Fact:
    """Say where calibration, net benefit and costs of errors are shown."""
    text = (
        "Calibration: reliability diagrams, Brier score, log loss, calibration error and slope. Clinical utility: "
        "decision curves of each class against the rest."
    )
    if not run.settings.evaluation["costs"]:
        return Fact(f"{text} Every error costs the same.", ("Calibration", "Decision curves"))
    return Fact(
        f"{text} Errors have the costs of the config.",
        ("Calibration", "Decision curves", "Costs of errors"),
        open="where the costs of errors come from",
    )


def by_class(run: Run) -> Fact:
    """State sensitivity, specificity and AUC of each class, of `classic` and of the first generator."""
    parts = [f"{arm}: {'; '.join(_of_class(run, arm, name) for name in run.settings.classes)}." for arm in _two(run)]
    return Fact(
        f"By class, in percent. {' '.join(parts)} The report has their intervals.", ("Table 7: by class", "All metrics")
    )


def _of_class(run: Run, arm: str, name: str) -> str:
    values = []
    for measure, shown in (("sensitivity", "sensitivity"), ("specificity", "specificity"), ("auc", "AUC")):
        row = run.evaluated.measure(arm, run.rule, measure, name)
        if row is not None:
            values.append(f"{shown} {percent(row['value'])}")
    return f"{name} {', '.join(values)}"


def errors(run: Run) -> Fact:
    """Say where the errors are shown, and which class is missed most often."""
    text = "Confusion matrices are in Tables 2 and 3; evaluation/predictions.csv names every lesion."
    for arm in _two(run):
        rows = {name: run.evaluated.measure(arm, run.rule, "sensitivity", name) for name in run.settings.classes}
        known = {name: row["value"] for name, row in rows.items() if row is not None and not pd.isna(row["value"])}
        if known:
            worst = min(known, key=known.get)
            text += f" {arm} misses {worst} most often: sensitivity {percent(known[worst])} %."
    return Fact(text, ("Table 2: confusion, classic augmentation", "Table 3: confusion, with synthetic images"))


def _two(run: Run) -> list[str]:
    return [CLASSIC, *run.settings.generators[:1]]
