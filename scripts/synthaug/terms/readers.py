"""The words of the reader study, as they stand in its files."""

REAL, SYNTHETIC = "real", "synthetic"  # what a ROI is, and what readers answer
ORIGINS = (REAL, SYNTHETIC)
CONFIDENCE = (1, 5)  # from a guess to certainty that the answer "real" or "synthetic" is right
ORIGIN, CLASS = "origin", "class"  # the two tasks
BETWEEN, WITHIN = "between readers", "within a reader"  # kinds of agreement
ABOVE, BELOW, NEITHER = "above chance", "below chance", "no difference shown"  # verdicts of a measure
