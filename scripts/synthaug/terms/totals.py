"""The word for what is not divided."""

ALL = "all"  # the class of an average over classes, and of a generator of all of them; the seed of a mean over seeds
