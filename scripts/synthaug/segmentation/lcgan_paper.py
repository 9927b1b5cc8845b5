"""What the paper on LcGAN states: its numbers, its settings, and what it leaves open.

"Lesion conditional image generation for improved segmentation of intracranial hemorrhage from CT images": pairs of a CT
slice and its mask from a mask-conditional GAN, for the segmentation of five kinds of hemorrhage.
"""

from dataclasses import dataclass

from synthaug.report.beside_paper import Open, Setting
from synthaug.terms.totals import ALL

ORIGINAL, GAN, TRADITIONAL, BOTH = "original", "gan", "traditional", "both"
ARMS = (ORIGINAL, GAN, TRADITIONAL, BOTH)
SHARES = ("25", "100", "250")  # of the training patients, per mille
WHOLE = "1000"
CLASSES = ("IPH", "IVH", "EDH", "SDH", "SAH")  # in the order of Table 3

# Table 1: DSC by arm and share.
TABLE1 = {
    ORIGINAL: (0.244, 0.478, 0.565),
    GAN: (0.323, 0.489, 0.571),
    TRADITIONAL: (0.352, 0.529, 0.580),
    BOTH: (0.371, 0.538, 0.581),
}
TABLE1_WHOLE = 0.628

# Table 2: precision and recall by arm and share.
PRECISION = {
    ORIGINAL: (0.408, 0.695, 0.809),
    GAN: (0.519, 0.719, 0.810),
    TRADITIONAL: (0.549, 0.762, 0.834),
    BOTH: (0.607, 0.766, 0.844),
}
RECALL = {
    ORIGINAL: (0.360, 0.681, 0.747),
    GAN: (0.479, 0.684, 0.757),
    TRADITIONAL: (0.502, 0.724, 0.763),
    BOTH: (0.540, 0.737, 0.777),
}
PRECISION_WHOLE, RECALL_WHOLE = 0.850, 0.802

# Table 3: DSC of each class, in the order of `CLASSES`, and the mean that the paper gives, by share and arm.
TABLE3 = {
    "25": {
        ORIGINAL: (0.772, 0.186, 0.424, 0.558, 0.246, 0.427),
        GAN: (0.773, 0.513, 0.672, 0.602, 0.456, 0.603),
        TRADITIONAL: (0.782, 0.553, 0.612, 0.635, 0.481, 0.613),
        BOTH: (0.777, 0.517, 0.708, 0.642, 0.529, 0.635),
    },
    "100": {
        ORIGINAL: (0.809, 0.682, 0.716, 0.690, 0.629, 0.705),
        GAN: (0.816, 0.685, 0.738, 0.691, 0.630, 0.712),
        TRADITIONAL: (0.818, 0.702, 0.768, 0.737, 0.645, 0.734),
        BOTH: (0.821, 0.715, 0.775, 0.752, 0.636, 0.740),
    },
    "250": {
        ORIGINAL: (0.829, 0.737, 0.811, 0.767, 0.654, 0.760),
        GAN: (0.832, 0.748, 0.832, 0.766, 0.652, 0.766),
        TRADITIONAL: (0.828, 0.737, 0.837, 0.781, 0.652, 0.767),
        BOTH: (0.832, 0.750, 0.837, 0.780, 0.653, 0.771),
    },
}
TABLE3_WHOLE = (0.842, 0.760, 0.872, 0.817, 0.657, 0.789)


@dataclass(frozen=True)
class Published:
    """A number of the paper, a fraction; ``arm`` is one of `ARMS`, ``share`` per mille."""

    where: str
    arm: str
    share: str
    metric: str
    cls: str
    value: float


def published() -> list[Published]:
    """Return the numbers of Tables 1 and 2; the classes of Table 3 are of hemorrhage, which no other cohort has."""
    tables = [("Table 1", "DSC", TABLE1, TABLE1_WHOLE), ("Table 2", "precision", PRECISION, PRECISION_WHOLE),
              ("Table 2", "recall", RECALL, RECALL_WHOLE)]  # fmt: skip
    found = []
    for where, metric, by_arm, whole in tables:
        for place, share in enumerate(SHARES):
            found += [Published(where, arm, share, metric, ALL, by_arm[arm][place]) for arm in ARMS]
        found.append(Published(where, ORIGINAL, WHOLE, metric, ALL, whole))
    return found


def gains() -> dict[str, float]:
    """Return what both augmentations together add to the DSC of the original slices, by share (Table 1)."""
    return {
        share: round(best - own, 3) for share, best, own in zip(SHARES, TABLE1[BOTH], TABLE1[ORIGINAL], strict=True)
    }


SETTINGS = [
    Setting("4.1", "patients of whom slices are taken", "experiment: shares", [25, 100, 250, 1000]),
    Setting("4", "slices without a lesion", "slices: empty_slices", 0),
    Setting("Fig 2", "side of a slice in px (30x30 patches of 70x70 px)", "slices: side", 256),
    Setting("4.1", "network that segments", "segmenter: architecture", "fcn8s"),
    Setting("4.2", "GAN: learning rate", "generators: {lcgan}: learning_rate", 0.0002),
    Setting("4.2", "GAN: beta1 of Adam", "generators: {lcgan}: beta1", 0.5),
    Setting("4.2", "GAN: epochs of the candidates", "generators: {lcgan}: candidates", [10, 50, 100, 200]),
    Setting("Fig 1", "GAN: maps of the generator's first layer", "generators: {lcgan}: generator_maps", 64),
    Setting("Fig 2", "GAN: maps of the discriminator's first layer", "generators: {lcgan}: discriminator_maps", 64),
    Setting("4.2", "images from masks that were moved", "generators: {lcgan}: sampling: moved_masks", 0),
    Setting("4.3", "rotation, degrees", "augmentation: traditional: rotation_deg",
            {"probability": 1, "range": [-25, 25]}),
    Setting("4.3", "rescaling", "augmentation: traditional: scale", {"probability": 1, "range": [0.85, 1.15]}),
    Setting("4.3", "shear, px", "augmentation: traditional: shear_px", {"probability": 1, "range": [-10, 10]}),
    Setting("4.3", "blur, px", "augmentation: traditional: blur_px", {"probability": 0.5, "range": [2, 2]}),
    Setting("4.3", "contrast", "augmentation: traditional: contrast", {"probability": 0.5, "range": [1, 1.5]}),
]  # fmt: skip

OPEN = [
    Open("4", "Size of the slices", ("slices: side",), "256 px follows from 30x30 patches of 70x70 px."),
    Open("4", "Window of the slices, HU", ("slices: intensity",), "A brain window would be 0 to 80 HU."),
    Open("3.1", "Whether the mask is one gray image or a channel a class", ("cases: classes",),
         "A channel a class, so that no order of the classes is implied."),
    Open("4.2", "Batch of the GAN", ("generators: {generator}: batch",), "1 in the port that it builds on."),
    Open("3.1", "Weight of the L1 loss", ("generators: {generator}: l1",), "100 in the port that it builds on."),
    Open("3.1", "Where the generator's noise enters", (), "Dropout of the first decoder layers, as in the port."),
    Open("4.1", "Optimiser, learning rate, batch and schedule of the segmenter",
         ("segmenter: optimiser", "segmenter: learning_rate", "segmenter: batch", "segmenter: epochs"),
         "Not stated. Steps are the same for every arm, and the paper's equal epochs stand beside them."),
    Open("4.1", "Which slices count where a class is absent, in the truth or in the prediction",
         ("evaluation: absent",), "skip: a slice counts for the classes that it shows."),
    Open("4.1", "Whether the DSC is taken slice by slice or of all pixels together", (),
         "\"Calculated for each image and averaged\"; so it is here."),
    Open("Tables 1, 3", "Means of Table 3 (0.427 to 0.789) are not the DSC of Table 1 (0.244 to 0.628)", (),
         "Table 3 seems to be over slices that show the class, Table 1 over slices with each of its classes."),
    Open("Table 3", "The mean of the original slices at 2.5 % is given as 0.427; its classes give 0.437", (),
         "Taken as a misprint; Table 1 is what the text quotes."),
    Open("5", "Full data better than a quarter by \"3 %\" (Table 3) where Table 1 has 6.3 points", (),
         "The text changes between the two tables."),
    Open("4.1", "Of what false positives with fewer than 200 px are counted", ("evaluation: smallest_px",),
         "Of a class on a slice. The number is scaled with the area of the slice, 256x256 px in the paper."),
    Open("4.1", "How precision and recall are pooled", (), "Over all classes and test slices."),
    Open("4.2", "Which candidate was chosen at which share", ("generators: {generator}: choose_by",),
         "By the mean rank in these scores; all of them are written down."),
    Open("Fig 4", "The FCN that scores the candidates was trained on the full training data, more than the share",
         ("generators: {generator}: fcn_score",),
         "share: on the share alone. full is the paper's; it leaks information into the choice, and is labelled so."),
    Open("3.2.3", "Architecture and training of the real-or-fake network: GoogLeNet", (),
         "A small network, trained on one half of the patients and asked about the other."),
    Open("4.2", "Whether single images were sorted out", ("generators: {generator}: filter_images",),
         "\"To select better synthetic images\" (abstract), but as many images as real ones were added."),
    Open("4", "Which of the 660 test patients' slices were tested", (), "All slices of the test patients are."),
]  # fmt: skip
