"""Suspected duplicates stop a run until each is acknowledged by name, as the message says."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from synthaug.cohort import acknowledged_duplicates, near_duplicates
from synthaug.errors import InputError

ROWS = [("a", "p", "b", "q", 0.991), ("c", "r", "d", "s", 0.95), ("01", "t", "02", "u", 0.93)]
PAIRS = pd.DataFrame(ROWS, columns=near_duplicates.COLUMNS)
SHEET = Path("check/contours.pdf")


def test_each_pair_is_named_as_the_config_takes_it():
    with pytest.raises(InputError) as caught:
        acknowledged_duplicates.check(PAIRS, [["b", "a"]], SHEET)
    first, *entries = str(caught.value).splitlines()
    assert "found 2 pairs that look like one scan (last pages of check/contours.pdf)" in first
    assert "cases: acknowledged_duplicates" in first
    assert [line.strip() for line in entries] == [
        '- ["c", "d"] # patients r and s, correlation 0.950',
        '- ["01", "02"] # patients t and u, correlation 0.930',
    ]
    acknowledged_duplicates.check(PAIRS, [["b", "a"], *yaml.safe_load("\n".join(entries))], SHEET)


def test_nothing_is_asked_where_nothing_is_suspected():
    acknowledged_duplicates.check(PAIRS[:0], [], SHEET)


def test_a_pair_that_is_not_suspected_is_refused():
    with pytest.raises(InputError, match=r'only, found \["a", "d"\], which is none; remove it'):
        acknowledged_duplicates.check(PAIRS[:1], [["a", "b"], ["a", "d"]], SHEET)
