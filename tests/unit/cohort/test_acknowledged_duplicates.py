"""Suspected duplicates stop a run until each is acknowledged by name, as the message says."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from synthaug.cohort import acknowledged_duplicates, duplicates
from synthaug.errors import InputError

ROWS = [
    ("c", "r", "benign", 4, "d", "s", "malignant", 5, "same pixels", "contradict", 1.0),
    ("a", "p", "benign", 2, "b", "q", "benign", 3, "same series", "agree", 0.311),
    ("01", "t", "benign", 6, "02", "u", "benign", 7, "look alike", "agree", 0.93),
]
PAIRS = pd.DataFrame(ROWS, columns=duplicates.COLUMNS)
SHEET = Path("check/contours.pdf")


def test_each_pair_is_named_as_the_config_takes_it():
    with pytest.raises(InputError) as caught:
        acknowledged_duplicates.check(PAIRS, [["b", "a"]], SHEET)
    first, *entries = str(caught.value).splitlines()
    assert (
        "found 2 pairs that are, or look like, one scan, 1 of them with contradicting classes (last pages of" in first
    )
    assert "suggested_cases.csv" in first
    assert "cases: acknowledged_duplicates" in first
    assert [line.strip() for line in entries] == [
        '- ["c", "d"] # patients r (row 4) and s (row 5): contradicting classes benign and malignant; same pixels, '
        "correlation 1.000",
        '- ["01", "02"] # patients t (row 6) and u (row 7): look alike, correlation 0.930',
    ]
    acknowledged_duplicates.check(PAIRS, [["b", "a"], *yaml.safe_load("\n".join(entries))], SHEET)


def test_nothing_is_asked_where_nothing_is_suspected():
    acknowledged_duplicates.check(PAIRS[:0], [], SHEET)


def test_a_pair_that_is_not_suspected_is_refused():
    with pytest.raises(InputError, match=r'only, found \["a", "d"\], which is none; remove it'):
        acknowledged_duplicates.check(PAIRS[1:2], [["a", "b"], ["a", "d"]], SHEET)
