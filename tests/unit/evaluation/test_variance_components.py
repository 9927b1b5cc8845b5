"""Variances against the mixed models of lme4 on its balanced data sets, and on studies of known variances."""

import numpy as np
import pandas as pd
import pytest
from tests.helpers import simulated_studies

from synthaug.classification.measures import Classification, ClassPool
from synthaug.evaluation import variance_components

# Davies and Goldsmith, Statistical Methods in Research and Production (1972): diameters (mm) that 6 samples of
# penicillin (columns) cleared on 24 plates (rows).
PENICILLIN = """
27 23 26 23 23 21  27 23 26 23 23 21  25 21 25 24 24 20  26 23 25 23 23 20  25 22 26 22 23 20  24 22 25 23 22 19
24 20 23 21 22 19  26 22 26 24 24 21  24 21 24 22 22 20  24 21 24 23 22 19  26 23 26 24 24 21  25 22 26 24 24 20
26 24 26 24 25 22  26 23 26 23 23 20  26 23 25 24 24 22  25 22 25 23 23 20  25 21 24 23 23 20  25 22 24 23 23 19
24 21 23 21 21 19  26 23 26 24 24 21  25 21 24 22 22 18  25 22 25 22 22 20  24 21 24 22 24 19  24 21 24 22 21 18
"""
# The same source: strength of 10 batches of paste (a line each), 3 casks of each, 2 assays of a cask.
PASTES = """
62.8 62.6 60.1 62.3 62.7 63.1
60.0 61.4 57.5 56.9 61.1 58.9
58.7 57.5 63.9 63.1 65.4 63.7
57.1 56.4 56.9 58.6 64.7 64.5
55.1 55.1 54.7 54.2 58.8 57.5
63.4 64.9 59.3 58.1 60.5 60.0
62.5 62.6 61.0 58.7 56.9 57.7
59.2 59.4 65.2 66.0 64.8 64.1
54.8 54.8 64.0 64.0 57.7 56.8
58.3 59.3 59.2 59.2 58.9 56.6
"""


def numbers(text):
    return np.array(text.split(), dtype=float)


def test_crossed_effects_as_of_lme4():
    """Plates are read as patients of one unit each, samples as models: ``diameter ~ (1 | plate) + (1 | sample)``."""
    plate, sample = np.repeat(np.arange(24), 6), np.tile(np.arange(6), 24)
    found = variance_components.estimate(numbers(PENICILLIN), plate, plate, sample)
    assert np.sqrt([found.patients, found.trainings, found.rest]) == pytest.approx([0.8467, 1.9316, 0.5499], abs=1e-4)
    assert np.isnan(found.units)


def test_nested_effects_as_of_lme4():
    """Batches are read as patients and casks as their units: ``strength ~ (1 | batch / cask)``."""
    batch, cask = np.repeat(np.arange(10), 6), np.repeat(np.arange(30), 2)
    found = variance_components.estimate(numbers(PASTES), batch, cask, np.arange(60))
    assert np.sqrt([found.patients, found.units]) == pytest.approx([1.2874, 2.9041], abs=1e-4)


@pytest.mark.parametrize("number", [1, 5])
def test_known_variances_without_balance(number):
    """The mean over many cohorts of unequal patients, each trained with 3 folds and some seeds, is the truth."""
    random = np.random.default_rng(7)
    patient = np.repeat(np.arange(40), random.integers(1, 5, 40))
    unit, true = np.arange(len(patient)), {"patients": 0.5, "units": 0.3, "trainings": 0.2, "rest": 0.4}
    found = []
    for _ in range(400):
        of_patient, of_unit = random.normal(0, np.sqrt(0.5), 40), random.normal(0, np.sqrt(0.3), len(unit))
        fold = np.stack([random.permutation(40) % 3 for _ in range(number)])[:, patient]
        model = fold + 3 * np.arange(number)[:, np.newaxis]
        values = of_patient[patient] + of_unit + random.normal(0, np.sqrt(0.2), 3 * number)[model]
        values += random.normal(0, np.sqrt(0.4), values.shape)
        everyone = (np.tile(names, number) for names in (patient, unit))
        found.append(vars(variance_components.estimate(values.ravel(), *everyone, model.ravel())))
    means = pd.DataFrame(found).mean()
    if number == 1:  # the units are in the rest; a negative estimate of three models' variance counts as 0
        assert np.isnan(means["units"])
        assert means[["patients", "rest"]].to_dict() == pytest.approx({"patients": 0.5, "rest": 0.7}, rel=0.06)
    else:
        assert means.to_dict() == pytest.approx(true, rel=0.06)


CLASSES = Classification(["a", "b"])


def pools(shifts, seeds=5):
    """Return arms of 182 lesions; the models of each are right more or less often by its standard deviation."""
    random, patient = np.random.default_rng(11), simulated_studies.patients_of(182)
    truth = np.arange(182) % 2
    result = {}
    for arm, shift in shifts.items():
        for seed in range(seeds):
            fold = (random.permutation(patient.max() + 1) % 3)[patient]
            right = random.random(182) < 0.75 + random.normal(0, shift, 3)[fold]
            predicted = np.where(right, truth, 1 - truth)
            lesions = np.char.add("L", np.arange(182).astype(str))
            pool = ClassPool(lesions, patient.astype(str), fold, truth, predicted, np.eye(2)[predicted])
            result[arm, "fixed", seed] = pool
    return result


def test_table_shows_what_generators_add():
    choice = pd.DataFrame({"arm": ["classic", "gan", "extra"], "rule": "fixed", "size": ["0", "0+10x2", "0+10x2"]})
    made = pools({"classic": 0.05, "gan": 0.13, "extra": 0.13}, seeds=40)
    table = variance_components.table(made, choice, CLASSES).set_index("arm")
    assert list(table.columns) == [
        *("size", "seeds", "models", "sd_patients", "sd_lesions", "sd_trainings", "sd_generators", "sd_rest")
    ]
    assert table["models"].tolist() == [120] * 3
    assert table["sd_trainings"].tolist() == pytest.approx([0.05, 0.13, 0.13], abs=0.02)
    assert table.loc["gan", "sd_generators"] == pytest.approx(0.12, abs=0.02)
    assert table["sd_generators"].isna().tolist() == [True, False, True]


def test_total_is_the_variance_of_right_and_wrong():
    """The parts add up to p (1 - p) of lesions that are right or wrong."""
    made = pools({"classic": 0.05}, seeds=20)
    table = variance_components.table(made, pd.DataFrame({"arm": ["classic"], "rule": "fixed", "size": "0"}), CLASSES)
    parts = table[["sd_patients", "sd_lesions", "sd_trainings", "sd_rest"]].to_numpy()
    share = np.mean([pool.right.mean() for pool in made.values()])
    assert (parts**2).sum() == pytest.approx(share * (1 - share), rel=0.02)
