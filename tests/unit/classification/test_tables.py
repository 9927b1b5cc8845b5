"""The tables hold the paper's numbers in the paper's layout, at the operating point that the config names."""

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from tests.helpers import forked
from tests.helpers.paper_confusions import CLASSES, CLASSIC, GAN, predictions

from synthaug.classification import measures, tables
from synthaug.errors import InputError
from synthaug.evaluation import comparisons, operating_points
from synthaug.evaluation.pools import pooled
from synthaug.readers import tables as reader_tables
from synthaug.report import headline, numbers
from synthaug.report.evaluated import Evaluated

MEASURES = measures.Classification(CLASSES)


@pytest.fixture(scope="module")
def paper():
    runs = [
        (CLASSIC, "classic", "5000"),
        (GAN, "dcgan", "5000+1000x3"),
        (CLASSIC, "dcgan", "5000+100x3"),
        (GAN, "glcm", "0"),
        (CLASSIC, "acgan", "5000+100x3"),
        (CLASSIC, "acgan-discriminator", "0"),
    ]
    return pd.concat([predictions(*run) for run in runs], ignore_index=True)


def params(rule="fixed"):
    arms = ["classic", "extra", "dcgan", "acgan", "acgan-discriminator", "bovw-multi", "glcm"]
    return tables.Params(CLASSES, 3, 0.95, rule, arms, ["dcgan", "acgan"], None)


def shown(rule="fixed"):
    """Return the parameters of the headline."""
    return headline.Params("lesion", "accuracy", 0.95, rule, params(rule).arms, [], "classic", "Size per fold")


def evaluate(table):
    """Return the pools, and what the evaluation would write; intervals of metrics.csv are made up, 5 points a side."""
    pools = pooled(table, MEASURES, 3)
    choice = operating_points.choose(table, MEASURES, operating_points.Params(3, 3, 5000, 1000, 0.01))
    rows = []
    at_rules = [operating_points.at(pools, choice, rule) for rule in operating_points.RULES]
    for (arm, size, seed), pool in [item for found in [pools, *at_rules] for item in found.items()]:
        values = MEASURES.values(pool, np.ones((1, len(pool.truth))))
        for (metric, name), (value,) in values.items():
            ends = value - 0.05, min(value + 0.05, 1)
            rows += [(arm, size, who, metric, name, value, *ends, len(pool.truth)) for who in ("all", seed)]
    measured = pd.DataFrame(rows, columns=["arm", "size", "seed", "metric", "class", "value", "low", "high", "n"])
    compared = comparisons.table(pools, choice, MEASURES, comparisons.Params(1, 3, 1000, 0.95, 0.03, "dcgan", "fixed"))
    return pools, Evaluated(measured, compared, choice, "accuracy")


def chosen(arm, sizes):
    """Return the rows of operating_points.csv of an arm whose size differs between the test folds."""
    rows = [("nested", arm, 0, fold, size, 0.7) for fold, size in enumerate(sizes)]
    return pd.DataFrame(rows, columns=[*operating_points.COLUMNS, "accuracy"])


@pytest.fixture(scope="module")
def evaluated(paper):
    return evaluate(paper)


def test_tables_2_and_3_are_the_papers(evaluated):
    pools, results = evaluated
    table = tables.confusion_table(tables.pooled_confusion(pools, results.choice, params(), "classic"), params())
    assert table.to_numpy().tolist() == [
        ["cyst", "52", "1", "0", "98.1"],
        ["met", "2", "44", "18", "68.8"],  # 68.75, printed as 68.7
        ["hem", "0", "18", "47", "72.3"],
        ["Specificity (%)", "98.4", "83.9", "84.6", ""],
    ]
    table = tables.confusion_table(tables.pooled_confusion(pools, results.choice, params(), "dcgan"), params())
    assert table["Sensitivity (%)"].tolist() == ["100.0", "81.2", "78.5", ""]
    assert table.iloc[3].tolist() == ["Specificity (%)", "97.7", "89.0", "91.5", ""]  # 91.45, printed as 91.4


def test_counts_are_summed_over_seeds_and_taken_from_the_size_of_each_fold(paper):
    both = pd.concat([paper, paper.assign(seed=1)])
    pools = pooled(both, MEASURES, 3)
    choice = operating_points.choose(both, MEASURES, operating_points.Params(3, 3, 5000, 1000, 0.01))
    assert (tables.pooled_confusion(pools, choice, params(), "classic") == 2 * CLASSIC).all()
    mixed = chosen("dcgan", ["5000+1000x3", "5000+100x3", "5000+100x3"])
    rows = paper[(paper["arm"] == "dcgan") & ((paper["size"] == "5000+1000x3") == (paper["fold"] == 0))]
    expected = pd.crosstab(rows["truth"], rows["predicted"]).loc[CLASSES, CLASSES]
    assert (tables.pooled_confusion(pools, mixed, params("nested"), "dcgan") == expected.to_numpy()).all()


def test_tables_5_to_7_hold_the_papers_values_with_intervals(evaluated):
    _, results = evaluated
    table = tables.class_table(results, params()).set_index(["Class", "Arm"])
    firsts = table[["Sensitivity (%)", "Specificity (%)"]].map(lambda cell: cell.split(" ")[0])
    assert firsts.loc["Weighted average", "dcgan"].tolist() == ["85.7", "92.4"]
    assert firsts.loc["Weighted average", "classic"].tolist() == ["78.6", "88.4"]
    assert table.loc[("cyst", "dcgan"), "Sensitivity (%)"] == "100.0 (95.0 to 100.0)"
    assert table.loc[("cyst", "acgan"), "Sensitivity (%)"] == "not run"  # its fixed size is missing

    assert tables.generative_arms(params()) == ["dcgan", "acgan", "acgan-discriminator"]
    assert tables.method_arms(params()) == ["dcgan", "classic", "bovw-multi", "glcm"]
    table = tables.methods_table(results, ["dcgan", "classic", "bovw-multi"], params())
    assert table["Specificity (%)"].str.split(" ").str[0].tolist() == ["92.4", "88.4", "not"]


def test_table_4_holds_no_number_before_readers_answered():
    assert reader_tables.waiting()["Result"].tolist() == ["waits for readers' answers"]


def test_headline_difference_is_paired(paper, evaluated):
    """The interval is that of the discordant lesions (all one way here, so there is an exact one), not of two."""
    table = headline.headline_table(evaluated[1], shown()).set_index("Arm")
    assert table.loc[["classic", "dcgan"], "Accuracy (%)"].tolist() == ["78.6", "85.7"]
    assert table["Accuracy minus classic (points)"].tolist() == ["", "", "+7.1", "", "+0.0", "", "+7.1"]
    pair = [paper[paper["size"] == size] for size in ("5000", "5000+1000x3")]
    right = [(rows["truth"] == rows["predicted"]).to_numpy().astype(float) for rows in pair]
    difference = right[1] - right[0]
    assert set(difference) == {0.0, 1.0}
    exact = binomtest(int(difference.sum()), len(difference)).proportion_ci()
    low, high = (float(end) for end in table.loc["dcgan", "Difference 95 % interval"].split(" to "))
    # Of two samples, it were -0.7 to 14.9.
    assert (low, high) == pytest.approx((100 * exact.low, 100 * exact.high), abs=1.1)
    assert table.loc["dcgan", "Verdict"] == "gain (primary, for these trainings)"
    assert table.loc["extra", "Size per fold"] == "not run"
    assert table.loc["extra"].drop(["Size per fold", "Operating point"]).eq("").all()
    assert (table["Operating point"] == "fixed").all()


def test_headline_shows_no_augmentation_and_the_best_classic_size(paper):
    """Without augmentations 150 lesions of 182 are right, with 5000 (the operating point) 143, with the GAN's 156."""
    best = CLASSIC + np.array([[0, 0, 0], [0, 4, -4], [0, -3, 3]])
    _, results = evaluate(pd.concat([paper, predictions(best, "classic", "0")]))
    table = headline.headline_table(results, shown())
    first, second = table.iloc[0], table.iloc[1]
    assert (first["Arm"], first["Size per fold"], first["Accuracy (%)"]) == ("no augmentation", "0", "82.4")
    assert (first["Seeds"], second["Arm"], second["Accuracy (%)"]) == ("1", "classic", "78.6")
    text = table.set_index("Arm").loc["dcgan", "Accuracy minus best classic (points)"]
    assert text.startswith("+3.3 (")
    assert text.endswith("), size 0")


def test_of_two_classes_the_positive_one_stands_in_the_headline_and_in_table_5(evaluated):
    _, results = evaluated
    further = [("sensitivity", "met"), ("auc", "met")]
    table = headline.headline_table(results, replace(shown(), further=further)).set_index("Arm")
    assert table.loc["classic", "Sensitivity of met (%)"].startswith("68.8 (")  # 44 of 64
    assert table["AUC of met (%)"]["dcgan"].startswith("8")
    methods = tables.methods_table(results, ["dcgan"], replace(params(), positive="met"))
    assert methods["Sensitivity of met (%)"].tolist()[0].startswith("81.2 (")


def test_sizes_that_differ_between_folds_are_counted():
    choice = chosen("classic", ["850", "400", "400"])
    assert (
        Evaluated(pd.DataFrame(), pd.DataFrame(), choice, "accuracy").sizes("classic", "nested") == "400 (2x), 850 (1x)"
    )


def test_what_was_read_off_the_test_folds_is_called_optimistic(evaluated):
    pools, results = evaluated
    rules = headline.operating_table(results, shown())
    assert rules["Rule"].unique().tolist() == ["fixed", "published (optimistic)", "nested"]
    sizes = rules.set_index(["Rule", "Arm"])["Size per fold"]
    assert sizes["published (optimistic)", "acgan"] == "5000+100x3"
    assert sizes["fixed", "acgan"] == sizes["nested", "dcgan"] == "not run"
    assert sizes["nested", "glcm"] == "0"
    counts = tables.pooled_confusion(pools, results.choice, params("published"), "dcgan")
    assert tables.confusion_table(counts, params("published")).columns[0].endswith("published (optimistic)")
    assert set(headline.headline_table(results, shown("published"))["Operating point"]) == {"published (optimistic)"}


def test_classic_and_the_first_generator_must_have_the_rule(evaluated):
    tables.check(evaluated[1], params())
    with pytest.raises(InputError, match=r"arm dcgan: has no size by the rule nested.* found \['fixed', 'published'\]"):
        tables.check(evaluated[1], params("nested"))


def test_numbers_are_written_for_readers():
    assert numbers.percent(-0.0001, signed=True) == "+0.0"
    assert numbers.percent(float("nan")) == numbers.probability(float("nan")) == "n/a"


def test_scripts_make_tables(paper, evaluated, tmp_path):
    _, results = evaluated
    inputs = {"predictions": paper, "metrics": results.metrics, "comparisons": results.comparisons}
    inputs["operating-points"] = results.choice
    command = [sys.executable, "scripts/make_tables.py"]
    for name, table in inputs.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        command += [f"--{name}", tmp_path / f"{name}.csv"]
    write = [part for part in command if not str(part).endswith("predictions.csv") and part != "--predictions"]
    write[1] = "scripts/write_headline.py"
    for name in (f"table{number}" for number in range(2, 8)):
        command += [f"--{name}", tmp_path / name]
    for name in ("headline", "operating-table"):
        write += [f"--{name}", tmp_path / name]
    forked.run([*write, "--best", "--params", json.dumps(vars(shown()))], check=True)
    command.append("--params")
    forked.run([*command, json.dumps(vars(params()))], check=True)
    assert pd.read_csv(tmp_path / "table3")["met"].tolist() == [0, 52, 13, 89.0]
    assert pd.read_csv(tmp_path / "table4").shape == (1, 2)

    done = forked.run([*command, json.dumps(vars(params()) | {"best": 1})])
    assert done.returncode == 1
    assert "got an unexpected keyword argument 'best'" in done.stderr.splitlines()[-1]
