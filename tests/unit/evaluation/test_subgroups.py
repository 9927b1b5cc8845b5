"""Subgroup accuracies and differences are those counted by hand; columns that divide nothing are left out."""

import json
import logging
import sys

import numpy as np
import pandas as pd
import pytest
from tests.helpers import forked

from synthaug.classification import measures
from synthaug.cohort import cases as case_table
from synthaug.errors import InputError
from synthaug.evaluation import subgroups
from synthaug.report import forest_plot

MEASURES = measures.Classification(["cyst", "met"])
PARAMS = subgroups.Params(1, 3, 100, 0.95, "fixed", ["classic", "dcgan", "extra"], ["dcgan"], ["dcgan"])
LESIONS = np.array([f"{i:03d}" for i in range(12)])
PATIENTS = np.array([f"P{i // 2}" for i in range(12)])
TRUTH = np.arange(12) % 2


def case_rows(**columns):
    table = pd.DataFrame(dict.fromkeys(case_table.COLUMNS, ""), index=range(12))
    table = table.assign(lesion=LESIONS, patient=PATIENTS, diameter_px=np.arange(12) + 10.0, diameter_mm=np.nan)
    return table.assign(**columns).sample(frac=1, random_state=0)  # in another order than the predictions


def pool_of(wrong):
    predicted = TRUTH.copy()
    predicted[list(wrong)] = 1 - predicted[list(wrong)]
    return measures.ClassPool(LESIONS, PATIENTS, np.arange(12) % 3, TRUTH, predicted, np.full((12, 2), 0.5))


POOLS = {
    ("classic", "fixed", 0): pool_of([0, 1, 4, 8]),
    ("classic", "fixed", 1): pool_of([0]),
    ("dcgan", "fixed", 0): pool_of([0]),
    ("dcgan", "fixed", 1): pool_of([]),
}


def test_accuracies_and_differences_by_hand():
    site = np.where(np.arange(12) < 6, "east", "west")
    table = subgroups.table(POOLS, case_rows(site=pd.Series(site)), MEASURES, PARAMS)
    assert list(table) == [name if name != "units" else "lesions" for name in subgroups.COLUMNS]
    rows = table.set_index(["level", "arm"])
    # wrong, of 12 and of 6 in each site, over two seeds: classic 4 + 1, in the east 3 + 1; dcgan 1 + 0, in the east
    expected = {
        ("all lesions", "classic"): 1 - 5 / 24, ("all lesions", "dcgan"): 1 - 1 / 24,
        ("east", "classic"): 1 - 4 / 12, ("east", "dcgan"): 1 - 1 / 12,
        ("west", "classic"): 1 - 1 / 12, ("west", "dcgan"): 1.0,
    }  # fmt: skip
    for key, value in expected.items():
        assert rows.loc[key, "value"] == pytest.approx(value)
        assert rows.loc[key, "low"] <= value + 1e-9
        assert value <= rows.loc[key, "high"] + 1e-9
    assert rows.loc[("east", "dcgan"), ["delta", "lesions", "patients"]].tolist() == pytest.approx([3 / 12, 6, 3])
    assert rows.loc[("east", "classic"), ["delta", "delta_low", "delta_high"]].isna().all()
    # In the west classic's seeds are right in 6 and 5 of 6, dcgan's in all: 0 and 1/6, of which the first is certain.
    low, high = rows.loc[("west", "dcgan"), ["delta_low", "delta_high"]]
    assert (low + high) / 2 == pytest.approx(1 / 12)
    assert high - low > 2 * 12.7 / 12  # the t quantile of one degree of freedom
    assert rows.loc[("west", "dcgan"), ["low", "high"]].tolist() == pytest.approx([0.025 ** (1 / 3), 1])  # 3 patients


def test_an_arm_like_classic_differs_by_nothing_and_has_no_interval():
    pools = {("classic", "fixed", 0): pool_of([0, 5]), ("dcgan", "fixed", 0): pool_of([0, 5])}
    rows = subgroups.table(pools, case_rows(), MEASURES, PARAMS).query("arm == 'dcgan'")
    assert (rows["delta"] == 0).all()
    assert rows[["delta_low", "delta_high"]].isna().all(axis=None)  # which says nothing of other patients


def test_the_interval_is_of_patients_not_of_lesions():
    """Twelve lesions of two patients, one always right and one never: resamples give 0, 1/2 or 1, no other value."""
    patients = np.repeat(["P", "Q"], 6)
    pool = measures.ClassPool(
        LESIONS, patients, TRUTH, TRUTH, np.where(patients == "P", TRUTH, 1 - TRUTH), np.ones((12, 2))
    )
    row = subgroups.table({("classic", "fixed", 0): pool}, case_rows(), MEASURES, PARAMS).iloc[0]
    assert row[["value", "low", "high"]].tolist() == [0.5, 0, 1]


def test_tertiles_are_of_mm_where_all_lesions_have_them_and_of_px_otherwise(caplog):
    caplog.set_level(logging.INFO)
    levels = subgroups.levels(case_rows(), LESIONS, "lesion")
    assert [level for _, level in levels] == [
        "all lesions", "up to 13.7 px", "13.7 to 17.3 px", "above 17.3 px",
    ]  # fmt: skip
    assert [members.nonzero()[0].tolist() for members in levels.values()][1:] == [
        [0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11],
    ]  # fmt: skip
    assert "diameter_mm is missing for 12 of 12 lesions" in caplog.text
    mm = subgroups.levels(case_rows(diameter_mm=pd.Series(np.arange(12.0)[::-1])), LESIONS, "lesion")
    assert mm["diameter_mm", "up to 3.67 mm"].nonzero()[0].tolist() == [8, 9, 10, 11]
    # all alike: one level, not two empty ones besides
    assert len(subgroups.levels(case_rows(diameter_px=20.0), LESIONS, "lesion")) == 2


def test_free_columns_with_two_to_eight_values_divide_the_lesions(caplog):
    caplog.set_level(logging.INFO)
    rows = case_rows(
        year=["2009", "2010", ""] * 4, age=[str(i) for i in range(12)], hospital="A", contrast=["True", "False"] * 6
    )
    found = [key for key in subgroups.levels(rows, LESIONS, "lesion") if not key[0].startswith("diameter")][1:]
    assert found == [
        ("year", "2009"), ("year", "2010"), ("year", "not given"), ("contrast", "False"), ("contrast", "True"),
    ]  # fmt: skip
    assert "column age has 12 values and is left out" in caplog.text
    assert "column hospital has 1 values and is left out" in caplog.text


def test_a_predicted_lesion_without_a_case_is_named():
    with pytest.raises(InputError, match="1 are missing, the first 003"):
        subgroups.levels(case_rows().query("lesion != '003'"), LESIONS, "lesion")


def test_figure_draws_the_shown_arms_at_their_levels():
    table = subgroups.table(POOLS | {("extra", "fixed", 0): pool_of([2])}, case_rows(), MEASURES, PARAMS)
    left, right = forest_plot.forest(table, MEASURES, PARAMS).axes
    assert [container.get_label() for container in left.containers] == ["classic", "dcgan"]
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels[:3] == ["all lesions (12, 6)", "diameter_px", "up to 13.7 px (4, 2)"]
    drawn = right.containers[0].lines[0].get_xydata()
    rows = table.query("arm == 'dcgan'")
    assert drawn[:, 0] == pytest.approx(100 * rows["delta"].to_numpy())
    assert drawn[:, 1] == pytest.approx([0, 2, 3, 4], abs=0.25)


def test_script_writes_table_and_figure(tmp_path):
    case_rows(software=["5.1", "5.10"] * 6, site=["01", ""] * 6).to_csv(tmp_path / "cases.csv", index=False)
    rows, choice, classes = [], [], np.array(MEASURES.classes)
    for arm, size, wrong in (("classic", "400", [0, 1]), ("dcgan", "400+150x2", [0])):
        pool = pool_of(wrong)
        table = pd.DataFrame({"lesion": LESIONS, "patient": PATIENTS, "fold": pool.fold, "truth": classes[TRUTH]})
        table = table.assign(arm=arm, size=size, seed=0, predicted=classes[pool.predicted], p_cyst=0.5, p_met=0.5)
        rows.append(table.assign(folds=table["fold"].map({0: "12", 1: "02", 2: "01"})))
        choice += [("fixed", arm, 0, fold, size, np.nan) for fold in range(3)]
    pd.concat(rows).to_csv(tmp_path / "predictions.csv", index=False)
    columns = ["rule", "arm", "seed", "fold", "size", "accuracy"]
    pd.DataFrame(choice, columns=columns).to_csv(tmp_path / "points.csv", index=False)
    command = [sys.executable, "scripts/compute_subgroups_classification.py", "--cases", tmp_path / "cases.csv"]
    command += ["--predictions", tmp_path / "predictions.csv", "--operating-points", tmp_path / "points.csv"]
    command += ["--params", json.dumps(vars(PARAMS) | {"measures": vars(MEASURES)}), "--log", tmp_path / "log"]
    outputs = ["--png", tmp_path / "a.png", "--svg", tmp_path / "a.svg", "--out", tmp_path / "a.csv"]
    forked.run([*command, *outputs], check=True)
    assert (tmp_path / "a.svg").stat().st_size
    levels = pd.read_csv(tmp_path / "a.csv", dtype=str).groupby("subgroup")["level"].unique()
    assert set(levels["software"]) == {"5.1", "5.10"}  # not one number
    assert "site" not in levels  # one value alone
    assert pd.read_csv(tmp_path / "a.csv")["value"][:2].tolist() == pytest.approx([10 / 12, 11 / 12])
