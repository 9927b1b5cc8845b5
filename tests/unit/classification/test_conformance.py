"""Beside the paper: its numbers agree with each other, the implied ones with references, ours with the CSVs."""

import copy
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from scipy import stats as reference
from tests.helpers import common_rules, forked

from synthaug.classification import cnn, conformance, frid_adar, measures, network_sizes
from synthaug.report import beside_paper
from synthaug.report.evaluated import Evaluated

CLASSES = list(frid_adar.CLASSES)
CONFIG = {
    "cohort": "a<b",
    "folds": 3,
    "seeds": [0, 1],
    "cases": {"table": None, "classes": CLASSES},
    "phantom": {"extra": {"cyst": 4, "metastasis": 4, "hemangioma": 4}},
    "rois": {"margin": 0.3, "intensity": {"mode": "window", "low": -60, "high": 200}},
    "augmentation": {
        "preset": "chest-xray",
        "rotations": {"number": 30, "degrees": [0, 180]},
        "flips": ["left-right"],
        "shifts": {"number": 7, "diameters": 0.1, "px": 4},
        "scales": {"number": 5, "diameters": [0.1, 0.4]},
        "intensities": {"number": 1, "gain": [1, 2], "gamma": [1, 1], "noise": [0, 0]},
    },
    "generators": {
        "small": {"architecture": "dcgan", "epochs": 70, "discriminator_maps": 8},
        "acgan": {"architecture": "acgan", "epochs": 3, "discriminator_maps": 9},
        "unused": {"architecture": "dcgan", "epochs": 5, "discriminator_maps": 77},
    },
    "imported": {"<other>": {"folder": "{cls}"}},
    "classifier": {"architecture": "cnn", "widths": [32, 64, 128], "kernel": 5, "dense": 128, "epochs": 10},
    "experiment": {"generators": ["<other>", "small", "acgan"]},
    "evaluation": {"operating_point": "nested", "confidence": 0.95},
}


@pytest.fixture
def evaluated():
    rows = [
        ("classic", "0", "accuracy", "all", 0.5, 0.4, 0.6),
        ("classic", "published", "accuracy", "all", 0.8, 0.7, 0.9),
        ("classic", "nested", "accuracy", "all", 0.75, 0.65, 0.85),
        ("small", "published", "sensitivity", "cyst", 0.9, 0.8, 1.0),
        ("acgan-discriminator", "nested", "specificity", "all", 0.66, 0.55, 0.77),
    ]
    measured = pd.DataFrame(rows, columns=["arm", "size", "metric", "class", "value", "low", "high"])
    measured = measured.assign(seed="all", n=60)
    compared = pd.DataFrame(
        [("published", "small", "accuracy", "all", -0.0123, -0.05, 0.03, 25)],
        columns=["against", "arm_a", "metric", "class", "delta", "low", "high", "patients"],
    )
    choice = pd.DataFrame(
        [(rule, arm, 0, 0, "0" if "disc" in arm else "400", 0.8) for rule in ("published", "nested")
         for arm in ("classic", "small", "acgan-discriminator")],
        columns=["rule", "arm", "seed", "fold", "size", "accuracy"],
    )  # fmt: skip
    return Evaluated(measured, compared, choice, "accuracy")


def published(method, metric, name):
    (value,) = {row.percent for row in frid_adar.PUBLISHED
                if (row.arm, row.metric, row.lesions, row.size) == (method, metric, name, "")}  # fmt: skip
    return value


@pytest.mark.parametrize(("counts", "arm"), [(frid_adar.TABLE2, "classic"), (frid_adar.TABLE3, "dcgan")])
def test_the_papers_tables_agree_with_each_other(counts, arm):
    """Tables 2 and 3 give Table 7; the paper cut some last digits instead of rounding them."""
    counts = np.array(counts)
    assert counts.sum(axis=1).tolist() == list(frid_adar.LESIONS.values())
    for metric, function in (("sensitivity", measures.sensitivity), ("specificity", measures.specificity)):
        values = function(counts)
        expected = dict(zip(CLASSES, values, strict=True)) | {"all": measures.weighted(values, counts)}
        for name, value in expected.items():
            assert published(arm, metric, name) == pytest.approx(100 * value, abs=0.06)
    assert published(arm, "accuracy", "all") == published(arm, "sensitivity", "all")


def test_the_papers_reader_percentages_follow_from_its_counts():
    for reader, right in frid_adar.READERS.items():
        assert frid_adar.TABLE4[reader][3] == pytest.approx(100 * right / 302, abs=0.1)


def test_what_the_papers_numbers_imply():
    """The intervals of Wilson 1927 and the z test, written out; McNemar's limit by the binomial sum."""
    values = {row["what"]: row["value"] for row in conformance.implied()}
    for right, shown in ((143, "72.1 to 83.9 %"), (156, "79.9 to 90.1 %")):
        share, z = right / 182, 1.959964
        middle = (share + z**2 / 364) / (1 + z**2 / 182)
        half = z / (1 + z**2 / 182) * np.sqrt(share * (1 - share) / 182 + z**2 / (4 * 182**2))
        assert f"{100 * (middle - half):.1f} to {100 * (middle + half):.1f} %" == shown
        assert shown in values.values()
    assert values["Both accuracies as two independent samples, z test"] == "p = 0.075"
    assert values["McNemar's exact test of the same lesions"] == "p < 0.05 if at most 37 lesions changed"
    readers = {what.split(":")[0]: (what, value) for what, value in values.items() if what.startswith("Expert")}
    assert readers["Expert 1"][1] == "Fisher's exact p at most 0.017, d' 0.47 to 2.34"
    assert readers["Expert 2"][1] == "Fisher's exact p at most 1.000, d' -0.76 to 2.16"
    meaning = {row["what"]: row["meaning"] for row in conformance.implied()}
    assert "could tell real from synthetic" in meaning[readers["Expert 1"][0]]
    assert "does not say" in meaning[readers["Expert 2"][0]]
    assert values["Sum of the folds"] == "188"


@pytest.mark.parametrize("right", [*frid_adar.READERS.values(), 0, 182, 302])
def test_every_split_of_a_readers_total_is_there_once(right):
    splits = conformance.reader_splits(right)
    possible = [(a, right - a) for a in range(183) if 0 <= right - a <= 120]
    assert splits[["real", "synthetic"]].to_numpy().tolist() == [list(pair) for pair in possible]
    # Calling everything real says nothing, whatever the share of right answers.
    nothing = splits[(splits["real"] == 182) & (splits["synthetic"] == 0)]
    assert (nothing["p"] == 1).all()


def test_the_first_reader_told_them_apart_in_every_split():
    """Against the chi-square test and d' in closed form; the splits of the second reader go either way."""
    first, second = (conformance.reader_splits(right) for right in frid_adar.READERS.values())
    assert first["p"].max() < 0.05
    assert first["d'"].min() > 0.4
    assert second["p"].min() < 0.001
    assert second["p"].max() > 0.9
    for real, synthetic, _, told in first.itertuples(index=False):
        table = [[real, 182 - real], [120 - synthetic, synthetic]]
        assert reference.chi2_contingency(table, correction=False).pvalue < 0.05
        rates = (real + 0.5) / 183, (120 - synthetic + 0.5) / 121
        assert told == pytest.approx(np.subtract(*reference.norm.ppf(rates)))


def test_each_published_number_stands_beside_ours(evaluated):
    rows = {(row.published.arm, row.published.metric, row.published.lesions, row.published.size): row
            for row in conformance.rows(evaluated, CONFIG)}  # fmt: skip
    assert len(rows) == len(frid_adar.PUBLISHED)
    row = rows["classic", "accuracy", "all", ""]
    assert (row.optimistic.value, row.configured.value) == ("80.0", "75.0")
    assert (row.configured.low, row.configured.high, row.configured.size) == ("65.0", "85.0", "400")
    assert rows["classic", "accuracy", "all", "0"].optimistic.value == "50.0"
    row = rows["dcgan", "difference", "all", ""]
    assert (row.arm, row.optimistic.value, row.optimistic.high) == ("small", "-1.2", "+3.0")
    assert row.configured == conformance.Estimate(size="not run")
    assert rows["acgan-discriminator", "specificity", "all", ""].configured.value == "66.0"
    assert rows["gabor", "specificity", "all", ""].configured.size == "not run"
    other = {**CONFIG, "cases": {"table": "x.csv", "classes": ["a", "b"]}}
    kinds = {row.optimistic.size for row in conformance.rows(evaluated, other) if row.published.lesions != "all"}
    assert kinds == {"no such class here"}


def test_choices_are_read_from_the_config(evaluated):
    details = {row["what"]: row["choice"] for row in beside_paper.open_details(frid_adar.OPEN, CONFIG)}
    assert details["Widths of the discriminator"] == (
        "generators: small: discriminator_maps: 8; generators: acgan: discriminator_maps: 9"
    )
    assert details["Which HU become 0 and 1"] == "rois: intensity: mode window, low -60, high 200"
    assert details["BoVW-MI: distance of patches"] == "baselines: bovw: stride: not in this config"
    same = {row["what"]: row["same"] for row in conformance.settings(CONFIG)}
    assert same["DCGAN: epochs"]
    assert same["CNN: parameters, approximately"]
    assert not same["CNN: epochs"]
    assert not same["repetitions with another split and other weights"]


def test_other_augmentations_than_the_papers_are_named_even_if_as_many():
    rows = {row["what"]: row for row in conformance.settings(CONFIG)}
    total = rows["classic augmentations of each lesion"]
    assert (total["paper"], total["ours"]) == (
        "480",
        "450, preset chest-xray, not the paper's",
    )  # 30 (1 + 1 + 7 + 5 + 1)
    assert not total["same"]
    assert not rows["flips with every rotation"]["same"]
    assert rows["shifts with every rotation"]["same"]
    as_many = copy.deepcopy(CONFIG)
    as_many["augmentation"]["intensities"]["number"] = 2
    (total,) = [row for row in conformance.settings(as_many) if row["key"] == "augmentation"]
    assert (total["ours"], total["same"]) == ("480, preset chest-xray, not the paper's", False)


def test_the_paper_config_states_the_papers_settings():
    """The keys of both tables exist in the configuration of the full protocol, there with the paper's values."""
    config = yaml.safe_load(Path("config/paper.yaml").read_text(encoding="utf-8"))
    common_rules.check(config)  # which completes the presets
    for row in conformance.settings(config):
        assert row["same"] or row["key"] == "seeds", row
    assert not [
        row for row in beside_paper.open_details(frid_adar.OPEN, config) if beside_paper.ABSENT in row["choice"]
    ]


@pytest.mark.parametrize("layers", [([32, 64, 128], 5, 128, 3), ([4, 4, 8], 3, 16, 2)])
def test_parameters_are_those_of_the_network(layers):
    widths, kernel, dense, classes = layers
    network = cnn.Cnn(classes, widths, kernel, dense, 0.5, torch.zeros(1, 1))
    assert network_sizes.cnn_parameters(*layers) == sum(part.numel() for part in network.parameters())


def test_another_network_is_said_to_be_none_of_the_papers():
    """Its own number of parameters, counted by hand: 9 * 8 + 2 * 8, a block of 2 * (9 * 8 * 8 + 2 * 8), and 9 * 3."""
    stopping = {"share": 0.25, "patience": 7}
    network = {"architecture": "resnet", "widths": [8], "blocks": 1, "epochs": 10, "early_stopping": stopping}
    config = {**CONFIG, "classifier": {**network, "weights": "0123abc"}}
    rows = {row["what"]: row for row in conformance.settings(config)}
    for what, ours in [
        ("network that classifies lesions", "resnet"),
        ("CNN: parameters, approximately", f"{9 * 8 + 16 + 2 * (9 * 64 + 16) + 27:,}"),
        ("CNN: dropout", beside_paper.ABSENT),
    ]:
        assert (rows[what]["ours"], rows[what]["same"]) == (ours, False)
    choices = {row["what"]: row["choice"] for row in beside_paper.open_details(frid_adar.OPEN, config)}
    assert choices["Which epoch's weights are tested"] == "classifier: early_stopping: share 0.25, patience 7"
    assert choices["Initial weights of the CNN"] == "classifier: weights: 0123abc"


class Page(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self):
        super().__init__()
        self.loads, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href", "srcset")]


@pytest.mark.parametrize("table", [None, "cases.csv"])
def test_script_writes_a_page_that_needs_no_other_file(evaluated, tmp_path, table):
    config = {**CONFIG, "cases": {"table": table, "classes": CLASSES}}
    if table:
        config["classifier"] = {"preset": "resnet", "architecture": "resnet", "widths": [8], "blocks": 1, "epochs": 10}
    command = [sys.executable, "scripts/write_conformance.py", "--config", json.dumps(config)]
    inputs = {"metrics": evaluated.metrics, "comparisons": evaluated.comparisons, "operating-points": evaluated.choice}
    for name, frame in inputs.items():
        frame.to_csv(tmp_path / name, index=False)
        command += [f"--{name}", tmp_path / name]
    command += ["--template", "workflow/report/classification/conformance.html.j2", "--html", tmp_path / "c.html"]
    forked.run([*command, "--csv", tmp_path / "c.csv"], check=True)
    text = (tmp_path / "c.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert not page.loads
    assert not {"script", "link"} & set(page.tags)
    assert page.tags.count("tr") > len(frid_adar.PUBLISHED) + len(frid_adar.OPEN) + len(frid_adar.SETTINGS)
    assert ("no evidence, neither" in text) == (table is None)
    assert ("not the paper's but a residual network" in text) == (table is not None)
    assert "<b>a&lt;b</b>" in text.replace("strong>", "b>")  # what the config says is text, never markup
    written = pd.read_csv(tmp_path / "c.csv")
    assert written["paper"].tolist() == [row.percent for row in frid_adar.PUBLISHED]
    assert written.loc[1, ["published_optimistic", "configured"]].tolist() == [80.0, 75.0]
