"""The analysis plan keeps what was decided first, and every value that differed from it later."""

import copy
import hashlib
import json

import pytest

from synthaug.audit import analysis_plan
from synthaug.errors import InputError

DATES = [f"2026-03-0{day}T09:00:00Z" for day in range(1, 6)]


def content(smallest_gain=0.03, lesions=60, **code):
    evaluation = {"smallest_gain": smallest_gain, "operating_point": "fixed"}
    return {
        "config": {"evaluation": evaluation, "seeds": [0]},
        "data": {"lesions": lesions},
        "code": code or {"a.py": "1"},
    }


def plan_of(*contents):
    entries = []
    for date, now in zip(DATES, contents, strict=False):
        entries = analysis_plan.registered(entries, now, date, len(entries))
    return entries


def rows(entries):
    return analysis_plan.deviations(entries).to_dict("records")


def test_the_same_again_leaves_the_plan_as_it_was():
    entries = plan_of(content(), content(), content())
    assert len(entries) == 1
    assert entries[0]["date"] == DATES[0]
    assert rows(entries) == []


def test_a_deviation_has_both_values_and_its_date():
    entries = plan_of(content(0.03), content(0.05), content(0.05))
    expected = {"key": "evaluation: smallest_gain", "planned": "0.03", "value": "0.05", "since": DATES[1], "until": ""}
    assert rows(entries) == [expected]


def test_what_was_tried_and_taken_back_stays_listed():
    entries = plan_of(content(0.03), content(0.05), content(0.02), content(0.03))
    found = [(row["value"], row["since"], row["until"]) for row in rows(entries)]
    assert found == [("0.05", DATES[1], DATES[2]), ("0.02", DATES[2], DATES[3])]


def test_a_deviation_goes_on_while_another_comes_and_goes():
    entries = plan_of(content(0.03), content(0.05), content(0.05, lesions=59), content(0.05))
    found = {row["key"]: (row["since"], row["until"]) for row in rows(entries)}
    assert found == {"evaluation: smallest_gain": (DATES[1], ""), "data: lesions": (DATES[2], DATES[3])}


def test_new_and_removed_keys_are_deviations():
    added, removed = content(), content()
    added["config"]["evaluation"]["primary"] = None
    del removed["config"]["seeds"]
    (first,), (second,) = rows(plan_of(content(), added)), rows(plan_of(content(), removed))
    assert (first["key"], first["planned"], first["value"]) == ("evaluation: primary", "absent", "null")
    assert (second["key"], second["planned"], second["value"]) == ("seeds", "[0]", "absent")


def test_changed_code_is_one_row_that_names_the_files():
    before, after = {"a.py": "1", "b.py": "1", "c.py": "1"}, {"a.py": "2", "b.py": "1", "d.py": "1"}
    (row,) = rows(plan_of(content(**before), content(**after)))
    assert row["key"] == "code"
    assert row["value"].endswith(": changed a.py; added d.py; removed c.py")


def test_the_hash_is_that_of_the_canonical_json():
    (entry,) = plan_of(content())
    text = json.dumps({key: entry[key] for key in ("content", "date", "predictions", "previous")}, sort_keys=True)
    assert entry["sha256"] == hashlib.sha256(text.encode()).hexdigest()


def edit_value(entries):
    entries[0]["content"]["config"]["evaluation"]["smallest_gain"] = 0.05


def edit_date(entries):
    entries[1]["date"] = DATES[0]


def rehash_first(entries):
    """Forge the plan and its hash; the entry after it still names the former one."""
    edit_value(entries)
    entries[0] = analysis_plan.sealed(entries[0]["content"], entries[0]["date"], 0)


def test_a_plan_that_came_after_predictions_deviates():
    (entry,) = plan_of(content(0.03))
    assert analysis_plan.deviations([entry]).empty
    late = analysis_plan.sealed(entry["content"], entry["date"], 7)
    assert analysis_plan.deviations([late])[["key", "planned", "value", "until"]].to_numpy().tolist() == [
        ["predictions before the plan", "0", "7", ""]
    ]


def remove_second(entries):
    del entries[1]


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (edit_value, "entry 1: expected content with the SHA-256"),
        (edit_date, "entry 2: expected content"),
        (rehash_first, "entry 2: expected it to follow"),
        (remove_second, "entry 2: expected it to follow"),
        (lambda entries: entries[0].pop("previous"), "entry 1: expected the keys content, date, "),
        (list.clear, "expected a plan, a list of entries"),
    ],
)
def test_a_forged_plan_is_refused_in_one_line(forge, words):
    entries = plan_of(content(0.03), content(0.05), content(0.02))
    assert analysis_plan.check(copy.deepcopy(entries), "plan.json") == entries
    forge(entries)
    with pytest.raises(InputError, match=words) as error:
        analysis_plan.check(entries, "plan.json")
    assert str(error.value).startswith("plan.json: ")
    assert "\n" not in str(error.value)
