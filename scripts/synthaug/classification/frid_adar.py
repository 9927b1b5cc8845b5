"""What the reference paper published, as data: its numbers, its settings, and what it leaves open.

Frid-Adar et al., "GAN-based synthetic medical image augmentation for increased CNN performance in liver lesion
classification", Neurocomputing 321:321-331, 2018. Numbers are in percent, as printed there.
"""

from dataclasses import dataclass

from synthaug.report.beside_paper import Open, Setting
from synthaug.terms.arms import CLASSIC, DISCRIMINATOR, EXTRA

DCGAN, ACGAN = "dcgan", "acgan"  # the paper's generators, by their architecture
CLASSES = ("cyst", "metastasis", "hemangioma")
LESIONS = {"cyst": 53, "metastasis": 64, "hemangioma": 65}  # section 2.1
FOLDS = (63, 63, 62)  # examples in each fold, section 4.1
EXTRA_LESIONS = 78  # section 4.2.2
PARAMETERS = 1.3e6  # of the CNN, approximately, section 2.2

# Rows: true cyst, metastasis, hemangioma; columns: predicted.
TABLE2 = ((52, 1, 0), (2, 44, 18), (0, 18, 47))  # CNN-AUG
TABLE3 = ((53, 0, 0), (2, 52, 10), (1, 13, 51))  # CNN-AUG-GAN
READERS = {"Expert 1": 189, "Expert 2": 177}  # Table 4: right answers to "is the ROI real?"
REAL_SHOWN, SYNTHETIC_SHOWN = 182, 120  # ROIs that the readers were shown
SAME_CLASS, BOTH_RIGHT = 222, 185  # of these, those that both called the same class and the right one, section 4.4


@dataclass(frozen=True)
class Published:
    """One published number.

    Attributes
    ----------
    where
        Its table or section.
    method
        The paper's name of what was measured.
    arm
        What it was in this project's terms: `classic`, `extra`, `dcgan`, `acgan`, `acgan-discriminator` or a baseline.
    metric
        accuracy, sensitivity or specificity; or difference: accuracy minus that of `classic`, in percentage points.
    lesions
        A class, or `all`: the average weighted by prevalence.
    percent
        The number.
    size
        Images added per fold, where it is not the optimum of its curve.
    """

    where: str
    method: str
    arm: str
    metric: str
    lesions: str
    percent: float
    size: str = ""


def _by_class(where, method, arm, sensitivities, specificities) -> list[Published]:
    return [
        Published(where, method, arm, metric, name, value)
        for metric, values in (("sensitivity", sensitivities), ("specificity", specificities))
        for name, value in zip((*CLASSES, "all"), values, strict=True)
    ]


def _averages(where, method, arm, sensitivity, specificity) -> list[Published]:
    return [
        Published(where, method, arm, "sensitivity", "all", sensitivity),
        Published(where, method, arm, "specificity", "all", specificity),
    ]


PUBLISHED = [
    Published("Fig 8, 4.2.2", "CNN, no augmentation", CLASSIC, "accuracy", "all", 57.0, size="0"),
    Published("Fig 8, Table 2", "CNN-AUG", CLASSIC, "accuracy", "all", 78.6),
    Published("Fig 8, Table 3", "CNN-AUG-GAN (DCGAN)", DCGAN, "accuracy", "all", 85.7),
    Published("section 5", "CNN-AUG-GAN minus CNN-AUG, about", DCGAN, "difference", "all", 7.0),
    Published("section 4.2.2", "CNN-AUG and extra cases minus CNN-AUG", EXTRA, "difference", "all", 2.0),
    *_by_class("Tables 2, 7", "CNN-AUG", CLASSIC, (98.1, 68.7, 72.3, 78.6), (98.4, 83.9, 84.6, 88.4)),
    *_by_class("Tables 3, 7", "CNN-AUG-GAN (DCGAN)", DCGAN, (100.0, 81.2, 78.5, 85.7), (97.7, 89.0, 91.4, 92.4)),
    *_averages("Table 5", "CNN-AUG-GAN (ACGAN)", ACGAN, 81.3, 90.0),
    *_averages("Table 5", "ACGAN discriminator", ACGAN + DISCRIMINATOR, 79.1, 88.8),
    *_averages("Table 6", "BoVW-MI, multi representation", "bovw-multi", 82.9, 90.8),
    *_averages("Table 6", "BoVW-MI, single representation", "bovw-single", 78.0, 88.3),
    *_averages("Table 6", "Gabor + SVM", "gabor", 74.2, 86.5),
    *_averages("Table 6", "GLCM + SVM", "glcm", 71.4, 84.9),
]
# Table 4, in percent: classification accuracy of real, synthetic and all ROIs; right answers to "is the ROI real?".
TABLE4 = {"Expert 1": (78.0, 77.5, 77.8, 62.5), "Expert 2": (69.2, 69.2, 69.2, 58.6)}


AUGMENTATIONS = 480  # of each lesion, section 3.1

SETTINGS = [
    Setting("4.1", "cross-validation folds", "folds", 3),
    Setting("-", "repetitions with another split and other weights", "seeds", 1),
    Setting("3.1", "rotations of each lesion", "augmentation: rotations", {"degrees": [0, 180], "number": 30}),
    Setting("3.1", "flips with every rotation", "augmentation: flips", ["up-down", "left-right", "both"]),
    Setting("3.1", "shifts with every rotation", "augmentation: shifts", {"diameters": 0.1, "number": 7, "px": 4}),
    Setting("3.1", "scales with every rotation", "augmentation: scales", {"diameters": [0.1, 0.4], "number": 5}),
    Setting("3.1", "changes of the gray values with every rotation", "augmentation: intensities: number", 0),
    Setting("2.2", "network that classifies lesions", "classifier: architecture", "cnn"),
    Setting("2.2", "CNN: batch", "classifier: batch", 64),
    Setting("2.2", "CNN: learning rate", "classifier: learning_rate", 0.001),
    Setting("2.2", "CNN: epochs", "classifier: epochs", 150),
    Setting("2.2", "CNN: dropout", "classifier: dropout", 0.5),
    Setting("3.2", "DCGAN: length of z", "generators: {dcgan}: latent", 100),
    Setting("3.2", "DCGAN: maps, an eighth of the 1024", "generators: {dcgan}: generator_maps", 128),
    Setting("3.2", "DCGAN: batch", "generators: {dcgan}: batch", 64),
    Setting("3.2", "DCGAN: epochs", "generators: {dcgan}: epochs", 70),
    Setting("3.2", "DCGAN: learning rate", "generators: {dcgan}: learning_rate", 0.0002),
    Setting("3.2", "DCGAN: beta1 of Adam", "generators: {dcgan}: beta1", 0.5),
    Setting("3.2", "DCGAN: beta2 of Adam", "generators: {dcgan}: beta2", 0.999),
    Setting("3.2", "DCGAN: spread of the initial weights", "generators: {dcgan}: init_std", 0.02),
    Setting("3.2", "DCGAN: slope of the leaky ReLU", "generators: {dcgan}: leak", 0.2),
    Setting("3.2", "DCGAN: loss of the two networks", "generators: {dcgan}: loss", "logistic"),
    Setting("3.2", "DCGAN: penalty on the discriminator's slope", "generators: {dcgan}: r1", 0),
    Setting("3.2", "DCGAN: spectral normalisation", "generators: {dcgan}: spectral_norm", False),
    Setting("3.2", "DCGAN: augmentations inside the training", "generators: {dcgan}: diffaugment", []),
    Setting("3.2", "DCGAN: averaging of the generator's weights", "generators: {dcgan}: ema", 0),
    Setting(
        "4.2.1", "classic images per fold", "experiment: classic", [0, 500, 1000, 2000, 3000, 5000, 7500, 10000, 15000]
    ),
    Setting("4.2.2", "classic images beneath synthetic ones", "experiment: group", 5000),
    Setting(
        "4.2.2",
        "synthetic images per fold, of three classes",
        "experiment: synthetic",
        [300, 1500, 3000, 6000, 9000, 12000],
    ),
    Setting(
        "4.2.2", "images of extra cases per fold, likewise", "experiment: extra", [300, 1500, 3000, 6000, 9000, 12000]
    ),
    Setting("4.2.2", "synthetic images per fold at the optimum", "evaluation: synthetic", 3000),
    Setting("4.5", "BoVW-MI: side of a patch, px", "baselines: bovw: patch", 11),
    Setting("4.5", "BoVW-MI: principal components", "baselines: bovw: components", 10),
    Setting("4.5", "BoVW-MI: words", "baselines: bovw: words", 750),
    Setting("4.5", "BoVW-MI: words kept, single", "baselines: bovw: single", 262),
    Setting("4.5", "BoVW-MI: words kept, multi", "baselines: bovw: multi", 23),
]


OPEN = [
    Open("4.1", "Folds of 63, 63 and 62 examples make 188, the data set has 182 lesions", ("folds",),
         "Every lesion is in one fold; patients are kept together and classes balanced as well as patients allow."),
    Open("2.1", "The number of patients, and of lesions a patient", (),
         "Intervals and tests draw whole patients, so they hold for any number of lesions a patient."),
    Open("4.2", "Both optima were read off the accuracy on the test folds; no validation set is named",
         ("evaluation: operating_point", "evaluation: synthetic", "evaluation: plateau"),
         "Three rules stand side by side: fixed beforehand, published (the paper's way, optimistic) and nested."),
    Open("4.2.1", "How far below the best a saturated accuracy may lie", ("evaluation: plateau",),
         "The paper took the smallest saturated size; the rule published does so with this tolerance."),
    Open("4.2.1", "\"Samples per fold\": of one fold or of all training folds", ("experiment: group",),
         "Taken as added to each fold, as 4.2.1 says; a model trains on all folds but one."),
    Open("4.2.1", "How often each lesion is augmented in a group", (),
         "Every lesion of a fold equally often, give or take one; smaller groups lie within larger ones."),
    Open("2.1", "Tissue kept around an un-augmented lesion", ("rois: margin",),
         "\"Relative to its size\" is all that is said; the middle of the scale augmentation's range."),
    Open("3.1", "Whether the scale augmentation sets the tissue around a lesion or adds to it", ("rois: scale",),
         "\"Changing the amount of tissue around the lesion\" fits both."),
    Open("2.2", "Which HU become 0 and 1", ("rois: intensity",), "An abdominal window, or percentiles without HU."),
    Open("3.1", "Low-pass filter before a large ROI is reduced to 64x64", ("rois: antialias",),
         "Only \"bicubic interpolation\" is stated; without a filter large lesions are aliased."),
    Open("2.1", "What a ROI shows beyond the image's border", ("rois: padding",),
         "Not stated; by default the edge repeats. It concerns lesions at the border only."),
    Open("2.2", "Widths and kernels of the CNN (Fig 2 shows layers, the text 1.3 M parameters)",
         ("classifier: widths", "classifier: kernel", "classifier: dense"),
         "32, 64, 128 maps of 5x5 and 128 units are the one doubling sequence with that many parameters."),
    Open("2.2", "Momentum of the CNN's optimiser", ("classifier: momentum",), "Only \"Nesterov momentum\" is stated."),
    Open("2.2", "The last batch of an epoch, where the images are no multiple of 64", ("classifier: batch",),
         "Filled up with the first images of the epoch: a batch of two images threw networks far off."),
    Open("2.2", "Subtracted mean: one value or an image", ("classifier: mean",),
         "\"The mean value of the training images\"."),
    Open("2.2", "Initial weights of the CNN", ("classifier: weights",),
         "Without a file uniform after Glorot and Bengio, biases zero: the default of Keras then."),
    Open("2.2", "Where dropout stands", (), "After the hidden dense layer, the one with most weights."),
    Open("2.2", "Which epoch's weights are tested", ("classifier: early_stopping",),
         "Without early stopping the last epoch's: the paper names no validation set to choose by."),
    Open("3.2", "Widths of the discriminator", ("generators: {generator}: discriminator_maps",),
         "64 is the DCGAN of the first public code; neither text nor figures give it."),
    Open("3.2", "z is uniform in training (3.2), \"normal distributed\" in sampling (4.2.2)",
         ("generators: {generator}: sampling: sampling_latent",), "Uniform is what the generator was trained on."),
    Open("3.2", "Momentum of batch normalisation's running statistics",
         ("generators: {generator}: batchnorm_momentum",), "Matters in sampling, where running statistics are used."),
    Open("3.2", "Generator updates per discriminator update", ("generators: {generator}: generator_updates",),
         "The DCGAN paper takes one, its first public code two."),
    Open("3.2", "Weights and biases of batch normalisation at the start", (),
         "Weights from N(1, init_std), biases zero, as in the first public code."),
    Open("3.2", "The generator's loss: \"maximize D(G(z)), or equivalently minimize 1 - D(G(z))\"", (),
         "The non-saturating loss, -log D(G(z)); the two are not equivalent in their gradients."),
    Open("4.2.2", "Number of images drawn from a generator", ("generators: {generator}: sampling: samples",),
         "\"Large numbers\"; the smaller groups are the first images of the pool."),
    Open("4.2.2", "Whether synthetic images were sorted out", (), "None is: every image drawn is used, in order."),
    Open("3.3", "ACGAN \"with minor modifications\"", ("generators: {generator}: architecture",),
         "The DCGAN's networks with the class beside z and a second head: presets differ in conditioning only."),
    Open("4.2.2", "How extra cases and their augmentations share a group", ("experiment: extra",),
         "First the un-augmented ROIs, then augmentations, every lesion equally often."),
    Open("4.5, 5", "BoVW-MI is cited as [29] in 4.5 and [30] in 5", (),
         "Taken as [30], the paper on mutual information; [29] is on two dictionaries, of interior and boundary."),
    Open("4.5", "BoVW-MI: distance of patches", ("baselines: bovw: stride",), "Dense sampling is assumed."),
    Open("4.5", "BoVW-MI: normalisation of patches", (), "None: how dark a lesion is tells a cyst."),
    Open("4.5", "BoVW-MI: levels that a word's frequency is rounded to", ("baselines: bovw: levels",),
         "Mutual information needs a discrete frequency."),
    Open("4.5", "BoVW-MI: binary tasks one-vs-rest or one-vs-one", ("baselines: bovw: scheme",),
         "\"The corresponding binary classification task\" fits both."),
    Open("4.5", "Gabor: frequencies and orientations",
         ("baselines: texture: frequencies", "baselines: texture: orientations"),
         "Only the four statistics are named."),
    Open("4.5", "GLCM: levels, distances and angles",
         ("baselines: texture: levels", "baselines: texture: distances"),
         "Only Haralick's features are named."),
    Open("4.5", "Kernel, C and gamma of the support vector machines", ("baselines: svm",),
         "Radial kernel; C and gamma by cross-validation within the training folds."),
]  # fmt: skip
