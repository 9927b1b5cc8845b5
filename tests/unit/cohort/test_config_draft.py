"""The draft of a config names what it decides, in the words of the workflow that reads it."""

import re

import pandas as pd
import pytest
import yaml
from tests.helpers import case_tables, common_rules

from synthaug.cohort import config_draft

CASES = pd.DataFrame({"class": ["a", "b"] * 3, "patient": list("ppqqrr")})


def draft(task):
    return config_draft.text(config_draft.Study("mine", task, "cases.csv"), CASES)


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_the_choices_of_the_primary_arm_are_the_arms_of_the_study(task):
    """But those that follow one of these, after as many epochs, for the paper's protocol."""
    found = re.search(r"primary: (\S+) # DECIDE: .*?: (.*) or (\S+) \(", draft(task))
    listed = [*found[2].split(", "), found[3]]
    assert listed[0] == found[1]
    names = case_tables.check_config(yaml.safe_load(draft(task)))
    arms = set(names["all_arms"]()) - {names["TASK_REFERENCE"]}
    assert set(listed) == {arm for arm in arms if not arm.endswith("-epochs")}


def test_a_draft_and_a_dry_run_say_that_one_fold_alone_is_tested():
    text = draft("detection")
    assert yaml.safe_load(text)["tested_folds"] == 1
    assert "of these 3 parts of the patients only one is tested; null: each in turn, which takes about 3 times" in text
    study = {"folds": 3, "tested_folds": 1, "split": "folds"}
    for changes, said in (({}, ", testing 1 of 3 folds"), ({"tested_folds": None}, ""), ({"split": "column"}, "")):
        assert common_rules.helpers(study | changes)["tested_in_words"]() == said  # in the summary of a dry-run
    for task in ("classification", "segmentation"):
        assert "tested_folds" not in draft(task)
