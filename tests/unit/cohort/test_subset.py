import pandas as pd
import pytest

from synthaug.cohort import subset
from synthaug.errors import InputError


def cohort():
    rows = [(f"{cls}{p}-{i}", f"{cls}{p}", cls) for cls in "abc" for p in range(8) for i in range(10)]
    return pd.DataFrame(rows, columns=["lesion", "patient", "class"])


def chosen(**changes):
    arguments = {"main": 20, "extra": 7, "main_share": 0.75, "master_seed": 1, **changes}
    return subset.select(cohort(), **arguments)


def test_counts_patients_apart_and_spread_evenly():
    table = chosen()
    assert table.groupby(["set", "class"]).size().to_dict() == {
        (name, cls): count for name, count in [("main", 20), ("extra", 7)] for cls in "abc"
    }
    patients = table.groupby("set")["patient"].agg(set)
    assert not patients["main"] & patients["extra"]
    counts = table[table["set"] == "main"].groupby("patient").size()
    assert len(counts) == 18
    assert counts.max() - counts.min() <= 1


def test_repeatable_whatever_the_row_order():
    again = subset.select(cohort().sample(frac=1, random_state=1), main=20, extra=7, main_share=0.75, master_seed=1)
    assert chosen().equals(again)
    assert not chosen().equals(chosen(master_seed=2))


def test_too_few_and_mixed_patients():
    with pytest.raises(InputError, match="class a, set extra: expected 21 lesions, found 20 of 2 patients"):
        chosen(extra=21)
    table = cohort()
    table.loc[0, "class"] = "b"
    with pytest.raises(InputError, match="patient a0: expected lesions of one class"):
        subset.select(table, main=1, extra=1, main_share=0.5, master_seed=1)
