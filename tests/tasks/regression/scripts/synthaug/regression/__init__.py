"""The task of the tests: the diameter of a lesion, from its pixels, by a linear model."""
