"""Shares are nested, at least one patient, whole patients of the training folds, and refused without a class."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synthaug import seeding
from synthaug.errors import InputError
from synthaug.segmentation import shares

PATIENTS = [f"P{number:02d}" for number in range(40)]


def drawn(share, *name, patients=PATIENTS):
    return shares.share_patients(patients, share, seeding.stream(1, "share", *name))


def test_numbers_are_those_of_the_share():
    assert [len(drawn(share)) for share in ("1", "12", "13", "25", "37", "38", "100", "250", "1000")] == [
        1, 1, 1, 1, 1, 2, 4, 10, 40,
    ]  # fmt: skip


def test_smaller_shares_lie_in_larger_ones():
    each = [set(drawn(share, 0, "12")) for share in ("25", "100", "250", "1000")]
    assert all(small < large for small, large in itertools.pairwise(each))
    assert each[-1] == set(PATIENTS)


def test_order_and_repetition_of_patients_do_not_matter():
    assert drawn("250", 0) == drawn("250", 0, patients=[*PATIENTS[::-1], *PATIENTS[:7]])


def test_seeds_and_folds_draw_differently():
    each = {tuple(drawn("100", seed, folds)) for seed in range(3) for folds in ("01", "02", "12")}
    assert len(each) == 9


def test_every_patient_is_drawn_as_often():
    counts = np.zeros(len(PATIENTS))
    for seed in range(2000):
        counts[[PATIENTS.index(patient) for patient in drawn("250", seed)]] += 1
    assert abs(counts / 2000 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 2000)


def cohort():
    """Forty patients with two slices each, cysts in the second one; P00 alone has a metastasis; X00 is extra."""
    rows = [(f"{patient}-1-{index}", patient, index, 9 * index) for patient in [*PATIENTS, "X00"] for index in (0, 1)]
    slices = pd.DataFrame(rows, columns=["slice", "patient", "index", "cyst_px"])
    slices["metastasis_px"] = (slices["patient"] == "P00") * 5
    folds = slices[slices["patient"] != "X00"][["slice", "patient"]]
    return slices, folds.assign(fold=folds["patient"].str[1:].astype(int) % 4)


def test_all_slices_of_the_patients_and_no_test_patient():
    slices, folds = cohort()
    rows = shares.training_slices(slices, folds, "013", "100", classes=["cyst"], seed=0, master_seed=5)
    assert rows["patient"].nunique() == 3  # a tenth of thirty
    assert (rows.groupby("patient").size() == 2).all()
    assert not set(rows["patient"]) & {patient for patient in PATIENTS if int(patient[1:]) % 4 == 2}
    assert rows.equals(slices.loc[rows.index])
    everybody = shares.training_slices(slices, folds, "013", "1000", classes=["cyst"], seed=0, master_seed=5)
    assert sorted(set(everybody["patient"])) == [patient for patient in PATIENTS if int(patient[1:]) % 4 != 2]


def test_share_without_a_class_is_one_line():
    slices, folds = cohort()
    with pytest.raises(InputError, match=r"share 1000, seed 3, training folds 12: .*none of metastasis in 20") as error:
        shares.training_slices(slices, folds, "12", "1000", classes=["cyst", "metastasis"], seed=3, master_seed=5)
    assert "\n" not in str(error.value)
