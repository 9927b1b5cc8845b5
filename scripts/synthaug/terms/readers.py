"""The words of the reader study, as they stand in its files."""

REAL, SYNTHETIC = "real", "synthetic"  # what an image is, and what readers answer
ORIGINS = (REAL, SYNTHETIC)
CONFIDENCE = (1, 5)  # that the answer "real" or "synthetic" is right: from a guess to certainty
ORIGIN, CLASS = "origin", "class"  # the two tasks; of slices, which may show several lesions, the first alone
SUBJECTS = ("lesion", "slice")  # what a real image is of; a column of the key
BETWEEN, WITHIN = "between readers", "within a reader"  # kinds of agreement
ABOVE, BELOW, NEITHER = "above chance", "below chance", "no difference shown"  # verdicts of a measure
