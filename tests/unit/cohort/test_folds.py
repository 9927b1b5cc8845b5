import numpy as np
import pandas as pd
import pytest

from synthaug.cohort import folds
from synthaug.errors import InputError

CLASSES = ["cyst", "metastasis", "hemangioma"]


def cohort(seed=0, counts=(53, 64, 65)):
    """Lesions of the paper's class counts, one to three a patient, classes mixed within patients."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(["cyst", "metastasis", "hemangioma"], counts)
    rng.shuffle(classes)
    patients = np.repeat(np.arange(len(classes)), rng.integers(1, 4, len(classes)))[: len(classes)]
    table = pd.DataFrame({"patient": [f"P{p:03d}" for p in patients], "class": classes, "set": "main"})
    return table.assign(lesion=[f"L{i:03d}" for i in range(len(table))])


@pytest.mark.parametrize("seed", range(5))
def test_patient_level_and_class_balanced(seed):
    table = folds.split(cohort(seed), classes=CLASSES, folds=3, seed=0, master_seed=1)
    assert table.groupby("patient")["fold"].nunique().max() == 1
    counts = pd.crosstab(table["class"], table["fold"])
    assert ((counts.max(axis=1) - counts.min(axis=1)) <= 4).all()
    assert table["lesion"].is_monotonic_increasing
    assert len(table) == 182


def test_repeatable_and_different_between_seeds():
    cases = cohort()
    first = folds.split(cases, classes=CLASSES, folds=3, seed=0, master_seed=1)
    assert first.equals(
        folds.split(cases.sample(frac=1, random_state=3), classes=CLASSES, folds=3, seed=0, master_seed=1)
    )
    assert not first.equals(folds.split(cases, classes=CLASSES, folds=3, seed=1, master_seed=1))


def test_extra_lesions_are_in_no_fold():
    cases = cohort()
    cases.loc[cases["patient"] == "P003", "set"] = "extra"
    table = folds.split(cases, classes=CLASSES, folds=3, seed=0, master_seed=1)
    assert "P003" not in set(table["patient"])


def test_too_few_patients_says_which_class_and_what_to_do():
    cases = cohort().query("`class` != 'cyst' or patient in ['P000', 'P001', 'P002', 'P003', 'P004']")
    few = cases[cases["class"] == "cyst"]["patient"].unique()[:2]
    cases = cases[(cases["class"] != "cyst") | cases["patient"].isin(few)]
    with pytest.raises(InputError, match=r"class cyst: expected at least 3 patients.*found"):
        folds.split(cases, classes=CLASSES, folds=3, seed=0, master_seed=1)


def test_all_classes_that_are_too_small_are_named_at_once():
    first = cohort().query("`class` == 'cyst'").head(1)
    with pytest.raises(InputError) as caught:
        folds.split(first, classes=CLASSES, folds=3, seed=0, master_seed=1)
    assert [line.strip() for line in str(caught.value).splitlines()] == [
        "class cyst: expected at least 3 patients in the main set for 3 folds, found 1; add patients, lower folds or "
        "leave the class out",
        "class metastasis: expected lesions, found none; add some or remove the class from the config",
        "class hemangioma: expected lesions, found none; add some or remove the class from the config",
    ]
