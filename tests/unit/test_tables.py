"""The tables hold the paper's numbers in the paper's layout, and the headline's difference is paired."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synthaug import metrics, stats, tables
from synthaug.errors import InputError

CLASSES = ["cyst", "met", "hem"]
CLASSIC = np.array([[52, 1, 0], [2, 44, 18], [0, 18, 47]])  # the paper's Table 2
GAN = np.array([[53, 0, 0], [2, 52, 10], [1, 13, 51]])  # and Table 3


def predictions(counts, arm, size, seed=0):
    """Return predictions of one lesion a patient with the given confusion counts."""
    truth, predicted = (np.repeat(index.ravel(), counts.ravel()) for index in np.indices(counts.shape))
    n = len(truth)
    fold = np.arange(n) % 3
    table = pd.DataFrame({"arm": arm, "size": size, "seed": seed, "folds": [("12", "02", "01")[k] for k in fold]})
    table["lesion"] = [f"L{i:03d}" for i in range(n)]
    table["patient"] = [f"P{i:03d}" for i in range(n)]
    table["fold"] = fold
    table["truth"] = [CLASSES[i] for i in truth]
    table["predicted"] = [CLASSES[i] for i in predicted]
    for i, name in enumerate(CLASSES):
        table[f"p_{name}"] = (predicted == i).astype(float)
    return table


@pytest.fixture
def paper():
    return pd.concat([predictions(CLASSIC, "classic", "5000"), predictions(GAN, "dcgan", "5000+1000x3")])


@pytest.fixture
def params():
    return tables.Params(1, CLASSES, 3, 500, 0.95, group=5000, synthetic=1000, arms=["dcgan"])


def test_tables_2_and_3_are_the_papers(paper, params):
    pools = metrics.pools(paper, CLASSES, 3)
    table = tables.confusion_table(tables.pooled_confusion(pools, params, "classic"), CLASSES)
    assert table.to_numpy().tolist() == [
        ["cyst", "52", "1", "0", "98.1"],
        ["met", "2", "44", "18", "68.8"],  # 68.75, printed as 68.7
        ["hem", "0", "18", "47", "72.3"],
        ["Specificity (%)", "98.4", "83.9", "84.6", ""],
    ]
    table = tables.confusion_table(tables.pooled_confusion(pools, params, "dcgan"), CLASSES)
    assert table["Sensitivity (%)"].tolist() == ["100.0", "81.2", "78.5", ""]
    assert table.iloc[3].tolist() == ["Specificity (%)", "97.7", "89.0", "91.5", ""]  # 91.45, printed as 91.4


def test_counts_are_summed_over_seeds(paper, params):
    pools = metrics.pools(pd.concat([paper, paper.assign(seed=1)]), CLASSES, 3)
    assert (tables.pooled_confusion(pools, params, "classic") == 2 * CLASSIC).all()


def test_table_7_holds_values_with_intervals(paper, params):
    values = stats.metrics_table(metrics.pools(paper, CLASSES, 3), params.statistics())
    table = tables.class_table(values, params).set_index("Class")
    assert table.columns.tolist() == [
        "dcgan sensitivity (%)",
        "dcgan specificity (%)",
        "classic sensitivity (%)",
        "classic specificity (%)",
    ]
    firsts = table.map(lambda cell: cell.split(" ")[0])
    assert firsts.loc["Weighted average"].tolist() == ["85.7", "92.4", "78.6", "88.4"]
    assert table.loc["cyst", "dcgan sensitivity (%)"] == "100.0 (100.0 to 100.0)"


def test_headline_difference_is_paired(paper, params):
    """The interval of the difference is that of the discordant lesions (normal approximation), not of two samples."""
    table = tables.headline_table(metrics.pools(paper, CLASSES, 3), params)
    assert table["Accuracy (%)"].tolist() == ["78.6", "85.7"]
    assert table["Accuracy minus classic (points)"].tolist() == ["", "+7.1"]
    assert table["Specificity (%)"].tolist() == ["88.4", "92.4"]
    right = [(rows["truth"] == rows["predicted"]).to_numpy().astype(float) for _, rows in paper.groupby("arm")]
    difference = right[1] - right[0]
    half = 1.96 * difference.std() / np.sqrt(len(difference))
    low, high = (float(end) for end in table["Difference 95 % interval"][1].split(" to "))
    expected = 100 * (difference.mean() - half), 100 * (difference.mean() + half)
    assert (low, high) == pytest.approx(expected, abs=0.8)


def test_an_operating_point_that_was_not_run_is_named(paper, params):
    pools = metrics.pools(paper[paper["arm"] == "classic"], CLASSES, 3)
    with pytest.raises(InputError, match=r"arm dcgan at size 5000\+1000x3, the operating point"):
        tables.headline_table(pools, params)


def test_arms_with_different_seeds_are_not_compared(paper, params):
    more = pd.concat([paper, paper[paper["arm"] == "dcgan"].assign(seed=1)])
    with pytest.raises(InputError, match=r"run with seeds \[0, 1\], arm classic with \[0\]"):
        tables.headline_table(metrics.pools(more, CLASSES, 3), params)


def test_percent_has_no_negative_zero_and_says_when_undefined():
    assert tables.percent(-0.0001, signed=True) == "+0.0"
    assert tables.percent(float("nan")) == "n/a"


def test_scripts_make_tables_and_print_headline(paper, params, tmp_path):
    statistics = params.statistics()
    paper.to_csv(tmp_path / "predictions.csv", index=False)
    stats.metrics_table(metrics.pools(paper, CLASSES, 3), statistics).to_csv(tmp_path / "metrics.csv", index=False)
    outputs = [word for name in ("table2", "table3", "table7", "headline") for word in (f"--{name}", tmp_path / name)]
    command = [sys.executable, "scripts/make_tables.py", *outputs]
    command += ["--predictions", tmp_path / "predictions.csv", "--metrics", tmp_path / "metrics.csv", "--params"]
    subprocess.run([*command, json.dumps(vars(params))], check=True, capture_output=True)
    assert pd.read_csv(tmp_path / "table3")["met"].tolist() == [0, 52, 13, 89.0]

    done = subprocess.run([*command, json.dumps(vars(params) | {"best": 1})], capture_output=True, text=True)
    assert done.returncode == 1
    assert "got an unexpected keyword argument 'best'" in done.stderr.splitlines()[-1]

    (tmp_path / "lineage.json").write_text('{"models": [{}, {}]}')
    show = [sys.executable, "scripts/print_headline.py", "--headline", tmp_path / "headline", "--report", "report.html"]
    show += ["--lineage", tmp_path / "lineage.json"]
    text = subprocess.run([*show, "--phantom"], check=True, capture_output=True, text=True).stdout
    assert "+7.1" in text
    assert "no evidence" in text
    assert "2 models audited" in text
    assert "no evidence" not in subprocess.run(show, check=True, capture_output=True, text=True).stdout
