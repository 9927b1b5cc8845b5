"""The arms of the experiment: what a model's training set holds beside the samples of its training folds."""

CLASSIC, PLACEBO, ONLINE, MIXUP, EXTRA = "classic", "placebo", "online", "mixup", "extra"
SHARED = (
    CLASSIC,
    PLACEBO,
    ONLINE,
    MIXUP,
    EXTRA,
)  # the arms that every task may have; most others are named after a generator
FRESH = (ONLINE, MIXUP)  # arms whose size counts augmentations that are drawn afresh in each epoch
BASELINES = ("bovw-multi", "bovw-single", "gabor", "glcm")  # no networks; in the order of the paper's Table 6
NONE = "no augmentation"  # what the smallest size of the reference is called
DISCRIMINATOR = "-discriminator"  # the arm of a generator's own classifier is called so after the generator's name
