"""Subgroups are of patients, so that false positives on slices without boxes count in them, too."""

import pandas as pd

from synthaug.detection import patient_groups
from synthaug.detection.measures import Detection

TASK = Detection(["met"], [0.25], 1, 0.001)


def test_slices_have_the_group_of_their_patient():
    boxes = {"P0": "0", "P1": "1", "P2": "12", "P3": "04", "P4": "90", "P5": "009"}
    rows = [(f"{patient}-{place}", patient, count) for patient, counts in boxes.items()
            for place, count in enumerate(counts)]  # fmt: skip
    slices = pd.DataFrame(rows, columns=["slice", "patient", "boxes"])
    slices = slices.assign(set="main", left="0", scale_x="1", met_boxes=slices["boxes"], scanner="A")
    found = patient_groups.groups(slices, TASK)
    assert list(found) == ["slice", "scanner", patient_groups.BOXES]
    by_patient = found.groupby(slices["patient"])[patient_groups.BOXES].unique().map(list).to_dict()
    few, many, most = "few (up to 3)", "many (up to 9)", "most (above 9)"
    assert by_patient == {"P0": ["none"], "P1": [few], "P2": [few], "P3": [many], "P4": [many], "P5": [many]}
    more = pd.concat([slices, pd.DataFrame([("P6-0", "P6", "12")], columns=["slice", "patient", "boxes"])]).fillna("0")
    assert most in set(patient_groups.groups(more, TASK)[patient_groups.BOXES])


def test_a_cohort_without_any_box():
    slices = pd.DataFrame([("P0-0", "P0", "0")], columns=["slice", "patient", "boxes"])
    assert patient_groups.groups(slices, TASK)[patient_groups.BOXES].tolist() == ["none"]
