"""The reporting checklists of a real run: every value is that of its source, and follows it when it changes."""

import html
import json
import re
import sys

import pandas as pd
import pytest
import yaml

from tests.helpers import common_rules, forked
from tests.workflow.conftest import EVERY


def plain(page):
    """Return the text of a page, its white space made one space each."""
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture(scope="module")
def results(finished):
    return finished.folder / "results/tiny"


@pytest.fixture(scope="module")
def page(results):
    return plain((results / "evaluation/checklists.html").read_text(encoding="utf-8"))


def test_counts_of_patients_are_those_of_the_case_table(results, page):
    table = pd.read_csv(results / "phantom/case_table.csv")
    main, extra = table[table["set"] == "main"], table[table["set"] == "extra"]
    counts = main["class"].value_counts()
    expected = f"{main['patient'].nunique()} patients with {len(main)} lesions: {counts['cyst']} cyst, "
    assert expected + f"{counts['metastasis']} metastasis and {counts['hemangioma']} hemangioma." in page
    assert f"{extra['patient'].nunique()} patients with {len(extra)} lesions for training only" in page
    folds = pd.read_csv(results / "seed-0/folds.csv")
    for number, rows in folds.groupby("fold"):
        assert re.search(rf"(?i)fold {number}: {rows['patient'].nunique()} patients with {len(rows)} lesions", page)


def test_numbers_are_those_of_the_headline(results, page):
    headline = pd.read_csv(results / "evaluation/tables/headline.csv", keep_default_na=False, dtype=str)
    without, *rows, best = headline.to_dict("records")
    assert f"Without augmentation {without['Accuracy (%)']} ({without['Accuracy 95 % interval']})" in page
    assert best["Arm"] == "best"  # of which no model was trained
    assert len(rows) == 9
    for row in rows:
        assert f"{row['Arm']} {row['Accuracy (%)']} ({row['Accuracy 95 % interval']})" in page
        if row["Verdict"]:
            delta, interval = row["Accuracy minus classic (points)"], row["Difference 95 % interval"]
            assert f"{row['Arm']} {delta} ({interval}), adjusted p {row['p (adjusted)']}: {row['Verdict']}" in page


def test_errors_are_those_of_the_paper_s_tables(results, page):
    table = pd.read_csv(results / "evaluation/tables/table2.csv").iloc[:3].set_index("True \\ predicted")
    worst = table["Sensitivity (%)"].idxmin()
    assert f"classic misses {worst} most often: sensitivity {table.loc[worst, 'Sensitivity (%)']} %" in page


def test_versions_and_digest_are_those_of_the_records(results, page):
    record = json.loads((results / "check_cases.record.json").read_text(encoding="utf-8"))
    assert f"SHA-256 {record['outputs']['cases.csv']}" in page
    model = json.loads((results / "seed-0/classify/classic/60/train-1/model.json").read_text(encoding="utf-8"))
    for package in ("torch", "numpy", "python"):
        assert f"{package} {model['versions'][package]}" in page
    assert f"Models were trained on {model['device']}, networks in {model['params']['precision']}" in page


def test_pages_that_are_named_are_in_the_report(results):
    page = (results / "evaluation/checklists.html").read_text(encoding="utf-8")
    named = {
        name for line in re.findall(r"In the report: (.*?)\.</p>", page) for name in html.unescape(line).split("; ")
    }
    report = html.unescape((results / "report.html").read_text(encoding="utf-8"))
    assert len(named) > 20
    for name in named:
        assert f"<h3>{name}" in report, name


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c["classifier"].update(epochs=7), "learning rate 0.01, 7 epochs in batches of 64"),
        (lambda c: c["classifier"].update(widths=[5, 6, 7]), "with 5, 6 and 7 feature maps"),
        (lambda c: c["generators"]["dcgan"].update(epochs=8), "dcgan: 8 epochs in batches of 16"),
        (lambda c: c["generators"]["acgan"].update(learning_rate=0.3), "Adam with learning rate 0.3"),
        (lambda c: c["rois"].update(margin=0.4), "with 0.4 of the lesion's largest diameter"),
        (lambda c: c["rois"]["intensity"].update(low=-90), "the window from -90 to 200"),
        (lambda c: c["baselines"]["texture"].update(levels=16), "levels 16"),
        (lambda c: c["evaluation"].update(primary="dcgan"), "The primary comparison is dcgan with classic."),
        (lambda c: c["evaluation"].update(bootstrap=999), "from 999 bootstrap resamples"),
        (lambda c: c["cases"].update(duplicate_correlation=0.7), "a correlation of 0.7 or more"),
        (lambda c: c.update(master_seed=7), "master seed 7"),
        (lambda c: c["experiment"].update(mixup=[60, 90]), "pairs of images mixed; sizes: 60, 90"),
    ],
)  # fmt: skip
def test_what_is_said_of_the_config_changes_with_it(finished, results, page, tmp_path, change, expected):
    config = yaml.safe_load((finished.folder / EVERY).read_text(encoding="utf-8"))
    change(config)
    names = common_rules.check(config)
    settings = names["canonical_json"](**names["what_is_described"]())
    assert expected not in page
    assert expected in plain(written(finished.folder, results, settings, tmp_path / "page.html"))


def written(folder, results, settings, out):
    """Run the script as the rule does, with other settings, and return the page."""
    tables = ["metrics", "comparisons", "operating-points", "seeds", "study-size", "subgroups"]
    command = [sys.executable, "scripts/write_checklists_classification.py", "--params", settings, "--html", out]
    for name in tables:
        command += [f"--{name}", results / f"evaluation/{name.replace('-', '_')}.csv"]
    command += ["--acknowledged", results / "check/acknowledged.csv", "--cases", results / "cases.csv"]
    command += ["--folds", f"0={results / 'seed-0/folds.csv'}", "--lineage", results / "evaluation/lineage.json"]
    command += ["--lists", "workflow/report/shared/checklists.yaml"]
    command += ["--template", "workflow/report/shared/checklists.html.j2"]
    done = forked.run(command, cwd=folder)
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8")
