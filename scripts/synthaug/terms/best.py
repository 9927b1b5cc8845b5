"""The words for the best strategy, as they stand in its tables."""

BEST, CHOSEN = "best", "chosen"  # the arm and the size by which its rows are called
INNER, OTHERS = "inner models", "other test folds"  # what its choice is read off
