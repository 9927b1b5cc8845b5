"""What the paper of Han et al. states: its numbers, its settings, and what it leaves open.

"Learning More with Less: GAN-based Medical Image Augmentation" (2019): whole MR slices with the boxes of brain
metastases from a box-conditional GAN that grows progressively (CPGGAN), for a detector (YOLOv3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from synthaug.report.beside_paper import Open, Setting

REAL, ADDED, TWICE = "real", "4,000", "8,000"
METHODS = {
    REAL: "2,813 real images",
    ADDED: "+ 4,000 GAN-based DA",
    TWICE: "+ 8,000 GAN-based DA (conference paper)",
}
SYNTHETIC = {ADDED: 4000, TWICE: 8000}
IMAGES, BOXES = {"train": 2813, "validation": 337, "test": 947}, {"train": 5963, "validation": 616, "test": 3094}
BOXES_A_SLICE = BOXES["test"] / IMAGES["test"]
SCORE = 0.001
PER_100_REAL = {arm: round(100 * number / IMAGES["train"]) for arm, number in SYNTHETIC.items()}


@dataclass(frozen=True)
class Detected:
    """A row of Table 1 at one threshold of the IoU: a fraction, and false positives a slice."""

    sensitivity: float
    false_positives: float

    @property
    def detections(self) -> float:
        """Detections a slice, hits and false positives: if all above the score are one or the other."""
        return self.sensitivity * BOXES_A_SLICE + self.false_positives

    @property
    def precision(self) -> float:
        """The share of the detections that are hits."""
        return self.sensitivity * BOXES_A_SLICE / self.detections


# Table 1, by arm and IoU. The row of 8,000 images is not in this paper: it stands in the conference paper (CIKM 2019,
# arXiv 1902.09856), and is given here as others quote it.
AP = {REAL: 0.51, ADDED: 0.54}
TABLE1: Mapping[str, Mapping[float, Detected]] = {
    REAL: {0.5: Detected(0.67, 4.11), 0.25: Detected(0.83, 3.59)},
    ADDED: {0.5: Detected(0.77, 7.64), 0.25: Detected(0.91, 7.18)},
    TWICE: {0.5: Detected(0.71, 6.36), 0.25: Detected(0.87, 5.85)},
}
AP_NAME, SENSITIVITY, FALSE_POSITIVES = "AP", "sensitivity", "false positives a slice"


@dataclass(frozen=True)
class Published:
    """A number of the paper: ``measure`` is one of the three names above; ``arm`` a key of `METHODS`."""

    where: str
    arm: str
    measure: str
    iou: float
    value: float


def published() -> list[Published]:
    """Return the numbers of Table 1, measure by measure."""
    where = dict.fromkeys((REAL, ADDED), "Table 1") | {TWICE: "CIKM, Table 1, as quoted"}
    found = [Published(where[arm], arm, AP_NAME, 0.5, value) for arm, value in AP.items()]
    for iou in (0.5, 0.25):
        for measure, field in ((SENSITIVITY, "sensitivity"), (FALSE_POSITIVES, "false_positives")):
            found += [
                Published(where[arm], arm, measure, iou, getattr(by_iou[iou], field)) for arm, by_iou in TABLE1.items()
            ]
    return found


SETTINGS = [
    Setting("3.1", "side of a slice, px", "slices: side", 256),
    Setting("3.3", "detector", "detector: architecture", "yolov3"),
    Setting(
        "3.3", "synthetic images per 100 real ones (4,000 to 2,813)", "experiment: synthetic", [PER_100_REAL[ADDED]]
    ),
    Setting("2.6, 3.3", "IoU from which on a box is hit", "evaluation: iou", [0.5, 0.25]),
    Setting("Table 1", "score from which on a detection counts", "evaluation: score", SCORE),
    Setting("3.3", "unclear images discarded", "experiment: filtered", True),
]

OPEN = [
    Open("3.1", "How skull and scalp were removed: no tool is named", ("slices: organ",),
         "deepbet works offline, and kept 98 to 100 % of the tumour of four volumes; none: for images without skull."),
    Open("3.1", "Whether what remained was stretched to 256x256 or keeps its aspect", ("slices: crop",),
         "square: the bounding square of the patient's organ, so that round lesions stay round."),
    Open("3.1", "How gray values were scaled", ("slices: intensity",), 
         "MR has no unit: percentiles of what remains on all slices of a patient."),
    Open("3.1", "Whether slices without a metastasis are among the images", ("slices: empty_slices",),
         "2,813 images with 5,963 boxes do not say. Slices without a box count in false positives here."),
    Open("3.1", "Whether the patients were drawn at random, and how often: one split, no seed, no interval",
         ("split", "folds", "tested_folds", "seeds"),
         "Every number has an interval over patients, and over seeds where there are several."),
    Open("3.2", "How boxes condition the networks (\"incorporating bounding box conditions\")", (),
         "The mask of all boxes, averaged to each resolution, is one more channel before the first convolution of each "
         "block of the generator and of the image that the discriminator sees."),
    Open("3.2", "For which boxes images were made (\"slightly different from training images\")",
         ("generators: {generator}: sampling: moves",),
         "All boxes of one training slice together, so that number and layout stay plausible, moved by these."),
    Open("3.2", "Images shown at each resolution, batch and learning rate of the GAN",
         ("generators: {generator}: images_per_stage", "generators: {generator}: batches",
          "generators: {generator}: learning_rate"),
         "Karras et al. show 600,000 while a resolution fades in and as many afterwards, at a rate of 0.001."),
    Open("2.2", "Weight of the gradient penalty, drift, steps of the discriminator",
         ("generators: {generator}: gradient_penalty", "generators: {generator}: drift"),
         "Those of Karras et al., and one step of the discriminator for each of the generator."),
    Open("3.2", "Whether labels of the discriminator are flipped at times",
         ("generators: {generator}: flipped_labels",),
         "Not in this paper. The conference paper may have flipped one in three; its text could not be read."),
    Open("2.1", "Spatial pyramid pooling in the discriminator (\"can be used\")",
         ("generators: {generator}: spatial_pyramid",), "Not said whether it was."),
    Open("3.2", "Whether the GAN saw slices without boxes", ("generators: {generator}: empty_slices",),
         "With them the authors' conference paper found no gain, so they are left out unless this is true."),
    Open("3.3", "How many images per real one: the text has 1 to 1.42, and advises 1-to-1 or 1-to-2 in section 2.5",
         ("experiment: synthetic",), "Sizes stand beside each other; none is chosen by its result."),
    Open("3.3, 2.3", "Unclear images were discarded by hand (3.3); discarding does not help (2.3), \"unless the "
         "synthetic images clearly lack disease appearance\"",
         ("experiment: filtered", "generators: {generator}: sampling: filter", "kept_slices"),
         "By rule: the detector of real slices must find the boxes; or by hand, with a list. The arm without either "
         "stands beside them."),
    Open("3.3", "Optimiser, learning rate, batch and length of the detector's training, and its input size",
         ("detector: learning_rate", "detector: burn_in", "detector: batch", "detector: steps", "detector: input_px"),
         "Adam. Steps are the same for every arm, so that more images are not longer training."),
    Open("3.3", "Anchors", (), "k-means of the boxes that are learned, by 1 - IoU; the same for every arm."),
    Open("3.3", "From which IoU a prediction is no background", ("detector: ignore_iou",),
         "The paper on YOLOv3 has 0.5, its code 0.7."),
    Open("3.3", "Which state of the detector was tested", ("detector: checkpoint",),
         "By the validation patients, who teach no network, or the last one."),
    Open("2.5", "Classic augmentation, and whether of real images only (\"we can either ...\")",
         ("augmentation: real",),
         "The same for real and synthetic images, drawn anew each time."),
    Open("Table 1", "Non-maximum suppression, and the most detections of a slice",
         ("detector: nms_iou", "detector: most_boxes"),
         "Darknet's. Both decide how many false positives there are at a score of 0.001."),
    Open("Table 1", "IoU of the mean average precision, and how it is interpolated", ("evaluation: iou",),
         "0.5 is the usual one, and 0.25 stands beside it. All points: with 11 points the same detections can give "
         "0.014 more, half of the paper's gain."),
    Open("Table 1", "What a false positive is", (),
         "Every detection that is not matched one to one, second hits of a box included: then both IoUs add up to as "
         "many detections in every row, see section 2."),
    Open("Table 1", "Sensitivities are compared at different numbers of false positives",
         ("evaluation: false_positives",),
         "Shown as in the paper; the verdict is about the sensitivity at this many false positives a slice."),
    Open("3.4", "\"We cannot increase FPs to achieve such high sensitivity without the GAN-based DA\"",
         ("evaluation: score", "detector: floor"), "No curve is shown. Ours go down to the lowest score that is kept."),
    Open("3.4", "Added false positives are said to be blood vessels", (),
         "No count is given. Look at the figure of detections."),
]  # fmt: skip
