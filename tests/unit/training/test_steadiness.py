"""A network that its last steps threw off is found by its accuracy beside the mean over its last epoch."""

import numpy as np

from synthaug.training import steadiness

FIELDS = [("epoch", int), ("loss", float), ("accuracy", float)]


def test_the_epoch_that_predicts_is_the_last_one_or_the_one_that_is_used():
    history = np.array([(1, 0.5, 0.7), (2, 0.4, 0.9), (3, 0.3, 0.8)], FIELDS)
    assert steadiness.accuracies(history, 0.85) == {"last_epoch": 0.8, "at_end": 0.85}
    used = np.array([(1, 0.5, 0.7, 0), (2, 0.4, 0.9, 1), (3, 0.3, 0.8, 0)], [*FIELDS, ("used", int)])
    assert steadiness.accuracies(used, 0.85) == {"last_epoch": 0.9, "at_end": 0.85}


def test_networks_of_the_brain_study_are_found():
    """Two networks of three had 72 and 64 % of their training lesions right, where the mean was 99 %."""
    runs = [{"arm": "online", "size": "5000", "seed": 0, "folds": folds} for folds in ("01", "02", "12")]
    runs += [{**run, "arm": "classic"} for run in runs]
    at_end = [0.72, 0.64, 0.99, 0.97, 0.94, 1.0]
    made = steadiness.table(runs, [{"last_epoch": 0.99, "at_end": value} for value in at_end])
    assert made["steady"].tolist() == [False, False, True, True, True, True]
    assert made["at_end_percent"].tolist() == [72.0, 64.0, 99.0, 97.0, 94.0, 100.0]
    said = steadiness.caution(made)
    assert "online 5000 (2 of 3)" in said
    assert "classic" not in said


def test_nothing_is_said_where_all_are_steady():
    runs = [{"arm": "classic", "size": "0", "seed": 0, "folds": "01"}]
    assert steadiness.caution(steadiness.table(runs, [{"last_epoch": 0.8, "at_end": 0.76}])) == ""
