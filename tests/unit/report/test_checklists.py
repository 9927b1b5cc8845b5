"""The reporting checklists: whole, honest about what is left, and what they say counted by hand from a small run."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from steps import checklists as steps
from synthaug.classification import described_models
from synthaug.errors import InputError
from synthaug.report import checklists, cohort_facts, result_facts, training_facts
from synthaug.report.checklists import FILLED, NOT_APPLICABLE, OPEN, PARTLY, Fact
from synthaug.report.described_run import Run, Settings
from synthaug.report.evaluated import Evaluated

LISTS = yaml.safe_load(Path("workflow/report/shared/checklists.yaml").read_text(encoding="utf-8"))
TEMPLATE = Path("workflow/report/shared/checklists.html.j2").read_text(encoding="utf-8")
# The subitems of TRIPOD+AI (BMJ 2024;385:e078378, table 2), by item; all others have none.
SUBITEMS = {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3}


def of(name):
    (found,) = (each for each in LISTS if each["name"] == name)
    return [item for section in found["sections"] for item in section["items"]]


def test_every_item_of_tripod_ai_is_there_once_and_in_order():
    expected = [
        f"{number}{letter}"
        for number in range(1, 28)
        for letter in ("abcdefg"[: SUBITEMS[number]] if number in SUBITEMS else [""])
    ]
    assert [item["number"] for item in of("TRIPOD+AI")] == expected
    assert len(expected) == 52


def test_every_item_of_claim_is_there_once_and_in_order():
    assert [item["number"] for item in of("CLAIM")] == [str(number) for number in range(1, 45)]


@pytest.mark.parametrize(
    ("name", "number", "topic"),
    [
        ("TRIPOD+AI", "3c", "inequalities"), ("TRIPOD+AI", "8c", "Blinding"), ("TRIPOD+AI", "10", "size"),
        ("TRIPOD+AI", "13", "classes"), ("TRIPOD+AI", "14", "Fairness"), ("TRIPOD+AI", "17", "Ethics"),
        ("TRIPOD+AI", "18d", "Registration"), ("TRIPOD+AI", "18f", "Code"), ("TRIPOD+AI", "19", "public"),
        ("TRIPOD+AI", "24", "updating"), ("CLAIM", "11", "De-identification"), ("CLAIM", "13", "Acquisition"),
        ("CLAIM", "18", "Agreement"), ("CLAIM", "20", "disjoint"), ("CLAIM", "27", "Ensembles"),
        ("CLAIM", "33", "external"), ("CLAIM", "34", "Registration"), ("CLAIM", "39", "errors"),
        ("CLAIM", "44", "Funding"),
    ],
)  # fmt: skip
def test_topics_stand_under_the_published_numbers(name, number, topic):
    (item,) = (item for item in of(name) if item["number"] == number)
    assert topic in item["title"]


CASES = pd.DataFrame(
    [
        ("L1", "P1", "cyst", "main", 512, 512, 0.7, 2.5, 10.0, 14.0, "A"),
        ("L2", "P1", "tumour", "main", 512, 512, 0.7, 2.5, 21.0, 30.0, "A"),
        ("L3", "P2", "cyst", "main", 512, 512, 0.8, 5.0, 12.0, 15.0, ""),
        ("L4", "P3", "tumour", "main", 512, 512, 0.8, 5.0, 40.0, 50.0, "B"),
        ("L5", "P4", "tumour", "extra", 256, 512, 0.8, 5.0, 40.0, 50.0, "B"),
    ],
    columns=["lesion", "patient", "class", "set", "rows", "columns", "spacing_x_mm", "spacing_z_mm", "diameter_mm",
             "diameter_px", "site"],
)  # fmt: skip
PRESET = {
    "architecture": "dcgan", "latent": 100, "generator_maps": 12, "discriminator_maps": 34, "epochs": 56, "batch": 7,
    "learning_rate": 0.0002, "beta1": 0.5, "beta2": 0.999, "init_std": 0.02, "leak": 0.2, "generator_updates": 2,
    "loss": "hinge", "r1": 0.5, "spectral_norm": True, "diffaugment": ["cutout"], "ada": {"target": 0.6, "images": 9},
    "ema": 0,
}  # fmt: skip
SETTINGS = Settings(
    cohort="a<b", phantom=False, unit="lesion", primary="accuracy", classes=["cyst", "tumour"], folds=2,
    tested_folds=2, given_split=False, seeds=[3, 5],
    master_seed=2018, duplicate_correlation=0.9, arms=["classic", "gan", "other", "glcm"],
    reference="classic", size="Images added per fold",
    sizes={"classic": ["0", "60"], "gan": ["60+10x2"], "other": ["60+10x2"], "glcm": ["0"]},
    generators=["gan", "other"], presets={"gan": PRESET},
    evaluation={"primary": "gan", "operating_point": "fixed", "synthetic": 10, "plateau": 0.01, "smallest_gain": 0.03,
                "bootstrap": 2000, "confidence": 0.9, "costs": None},
    task={
        "rois": {"margin": 0.3, "antialias": False, "padding": "reflect",
                 "intensity": {"mode": "percentile", "low": 1, "high": 99}},
        "augmentation": {
            "rotations": {"number": 20, "degrees": [-10, 10]}, "flips": ["left-right"],
            "shifts": {"number": 3, "diameters": 0.1, "px": None}, "scales": {"number": 0, "diameters": [0.1, 0.4]},
            "intensities": {"number": 55, "gain": [0.75, 1.25], "gamma": [0.7, 1.5], "noise": [0, 0.05]},
        },
        "classifier": {"architecture": "cnn", "widths": [4, 8], "kernel": 3, "dense": 16, "dropout": 0.5,
                       "weights": None, "epochs": 9, "early_stopping": None, "batch": 32, "learning_rate": 0.01,
                       "momentum": 0.9},
        "baselines": {"texture": {"levels": 32}},
        "uses": {},
    },
)  # fmt: skip


@pytest.fixture
def run():
    rows = [("classic", "accuracy", "all", 0.5), ("gan", "accuracy", "all", 0.75), ("glcm", "accuracy", "all", 0.25)]
    rows += [("classic", "sensitivity", "cyst", 0.9), ("classic", "sensitivity", "tumour", 0.2)]
    rows += [("gan", "sensitivity", "cyst", 0.4), ("gan", "sensitivity", "tumour", 0.6)]
    metrics = pd.DataFrame(rows, columns=["arm", "metric", "class", "value"])
    metrics = pd.concat([metrics.assign(size="fixed"), metrics.iloc[:1].assign(size="0", value=0.33)])
    metrics = metrics.assign(seed="all", low=metrics["value"] - 0.1, high=metrics["value"] + 0.1, n=4)
    comparisons = pd.DataFrame(
        [("glcm", -0.25, -0.5, 0.0, 1.0, False, "undecidable"), ("gan", 0.25, 0.05, 0.45, 0.012, True, "gain")],
        columns=["arm_a", "delta", "low", "high", "p_adjusted", "primary", "verdict"],
    ).assign(**{"against": "fixed", "metric": "accuracy", "class": "all", "detectable": 0.111, "patients": 3,
                "speaks_of": "these trainings"})  # fmt: skip
    choice = [("fixed", arm, seed, fold, SETTINGS.sizes[arm][-1])
              for arm in ("classic", "gan", "glcm") for seed in (3, 5) for fold in (0, 1)]  # fmt: skip
    folds = CASES.loc[CASES["set"] == "main", ["lesion", "patient", "class"]]
    study = [(0.03, 1, 0.8, 1234), (0.03, 2, 0.8, 9999), (0.03, 1, 0.9, 9999), (0.05, 1, 0.8, 9999)]
    numbers = {"training_patients": 2, "training_lesions": 2, "test_patients": 1, "test_lesions": 2, "inner": False}
    models = [{**numbers, "test_lesions": 77}, {**numbers}, {**numbers, "training_patients": 1}]
    return Run(
        settings=SETTINGS,
        cases=CASES,
        cases_digest="0123abc",
        folds={3: folds.assign(fold=[0, 0, 1, 1]), 5: folds.assign(fold=[0, 0, 0, 1])},
        acknowledged=pd.DataFrame(columns=["lesion_a", "patient_a", "lesion_b", "patient_b", "correlation"]),
        evaluated=Evaluated(
            metrics,
            comparisons,
            pd.DataFrame(choice, columns=["rule", "arm", "seed", "fold", "size"]),
            "accuracy",
        ),
        seeds=pd.DataFrame(
            {"arm": ["classic", "gan"], "size": "fixed", "metric": "accuracy", "sd_between": [0.021, 0.043]}
        ),
        study_size=pd.DataFrame(study, columns=["gain", "corrected_for", "power", "patients_needed"]).assign(arm="gan"),
        subgroups=pd.DataFrame(
            [("all lesions", "all lesions", 4), ("site", "A", 2), ("site", "B", 1), ("site", "A", 2)],
            columns=["subgroup", "level", "lesions"],
        ),
        lineage={
            "counts": {"generators": {"models": 1, "inner": 0}, "models": {"models": 2, "inner": 0}},
            "models": models, "versions": {"torch": "9.8.7"}, "devices": ["cpu"], "precision": {"a": "bfloat16"},
        },
    )  # fmt: skip


def facts(run):
    parts = (cohort_facts, training_facts, result_facts, described_models)
    return {name: fact for part in parts for name, fact in part.facts(run).items()}


def test_the_lists_ask_for_every_topic_and_for_no_other(run):
    asked = {topic for each in LISTS for item in of(each["name"]) for topic in item.get("facts", [])}
    assert asked == set(facts(run))


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("source", "the authors' own, as their case table names them. The checked cases (cases.csv) have the "
                   "SHA-256 0123abc"),
        ("participants", "3 patients with 4 lesions: 2 cyst and 2 tumour. "
                         "Besides, 1 patient with 1 lesion for training only: 0 cyst and 1 tumour."),
        ("flow", "All 5 lesions of the case table were used."),
        ("characteristics", "median 16.5 mm, range 10 to 40 mm. Lesions by site: 2 A, 1 not given and 1 B."),
        ("acquisition", "Images of 256 to 512 by 512 px, a pixel spacing of 0.7 to 0.8 mm, "
                        "a slice spacing of 2.5 to 5 mm."),
        ("missing data", "lack a value for 1 lesion (site)"),
        ("screening", "correlation of 0.9 or more are suspected duplicates, which stop the run; there were none."),
        ("partitions", "2-fold cross-validation. Each fold is tested in turn by models trained on the other one"),
        ("partitions", "repeated 2 times, from other random numbers each (seeds 3 and 5)."),
        ("contents of the folds", "With seed 3, fold 0: 1 patient with 2 lesions (1 cyst and 1 tumour); fold 1: 2 p"),
        ("contents of the folds", "With all seeds, folds have 1 to 3 lesions."),
        ("separation", "The training lists of 2 models and 1 generator were audited"),
        ("use of the patients", "patients: 1 to 2 in training and 1 in the test; lesions: 2 in training and 2 in "),
        ("arms", "gan (as classic, plus synthetic images; sizes: 60+10x2)"),
        ("generators", "100 numbers"), ("generators", "with 12 feature maps before the image"),
        ("generators", "the first with 34 maps"), ("generators", "other: images of a generator outside this workflow."),
        ("training of the generators", "gan: 56 epochs in batches of 7, Adam with learning rate 0.0002, beta1 0.5 and "
                                       "beta2 0.999, 2 generator updates per discriminator update, hinge loss, R1 "
                                       "penalty of weight 0.5, spectral normalisation of the discriminator, "
                                       "augmentation as often as keeps 0.6 of the signs, differentiable "
                                       "augmentation: cutout"),
        ("random numbers", "master seed 2018 and the seed of the repetition (3 and 5)"),
        ("software", "torch 9.8.7. Models were trained on cpu, networks in bfloat16."),
        ("models", "The 2 models of this run"),
        ("question", "higher with gan, other and glcm than with classic. The smallest gain of interest is 3 percentage "
                     "points. The primary comparison is gan with classic."),
        ("intervals and tests", "90 % intervals of single arms are from 2,000 bootstrap resamples of patients and r"),
        ("choice of sizes", "rule fixed: set in the config. It took 60 for classic and 60+10x2 for gan."),
        ("internal testing", "predicted 2 times, once in each repetition"),
        ("results", "with 90 % intervals, rule fixed: classic 50.0 (40.0 to 60.0); gan 75.0 (65.0 to 85.0); "
                    "glcm 25.0 (15.0 to 35.0). Without augmentation 33.0 (23.0 to 43.0)."),
        ("comparisons", "with 90 % intervals: gan +25.0 (+5.0 to +45.0), adjusted p 0.012: gain (primary, for "
                        "these trainings); glcm -25.0"),
        ("study size", "With its 3 patients this cohort would have shown a true difference between gan and classic of "
                       "11.1 points with a power of 80 %. To show a gain of 3 percentage points would take "
                       "about 1,234 patients."),
        ("robustness", "between the 2 repetitions, in points: classic 2.1, gan 4.3."),
        ("subgroups", "by site (A: 2 and B: 1); numbers are lesions."),
        ("limits", "2 repetitions, so verdicts speak of these trainings only"),
        ("preprocessing", "Beyond the image's border it is mirrored."),
        ("preprocessing", "with 0.3 of the lesion's largest diameter as margin"),
        ("preprocessing", "the slice's percentiles 1 and 99 became 0 and 1"),
        ("augmentation", "rotations by -10 to 10 degrees, each alone, or with a flip (left-right), or with a shift of "
                         "at most 0.1 diameters, or with other gray values (gain 0.75 to 1.25, gamma 0.7 to 1.5, "
                         "normal noise with a standard deviation of 0 to 0.05 of"),
        ("augmentation", "1,200 per lesion, each sampled once"),  # 20 (1 + 1 + 3 + 55)
        ("model", "2 convolutions of 3x3 px with 4 and 8 feature maps"),
        ("training", "momentum 0.9 and learning rate 0.01, 9 epochs in batches of 32, the last one's weights are"),
        ("initial weights", "none is pretrained. Within a repetition all arms start from the same random numbers."),
        ("baselines", "glcm: co-occurrence of gray levels"), ("baselines", "texture: levels 32."),
        ("errors", "classic misses tumour most often: sensitivity 20.0 %. gan misses cyst most often: sens"),
        ("results by class", "gan: cyst sensitivity 40.0; tumour sensitivity 60.0."),
    ],
)  # fmt: skip
def test_what_is_said_is_what_the_run_holds(run, topic, expected):
    assert expected in facts(run)[topic].text


def test_uses_of_synthetic_images_are_said_with_their_numbers(run):
    arms = [f"gan-{use}" for use in ("pretrain", "genmix", "weight", "select")]
    uses = {"pretrain": {"share": 0.4}, "weight": {"weight": 0.3}, "select": {"probability": 0.6, "density": 0.1}}
    uses["select"] |= {"authentic": True, "real_or_fake": {"threshold": 0.1}}
    sizes = {**SETTINGS.sizes, **{arm: ["60+10x2"] for arm in arms}}
    task = {**SETTINGS.task, "uses": uses}
    settings = replace(SETTINGS, arms=[*SETTINGS.arms, *arms], sizes=sizes, task=task)
    known = facts(replace(run, settings=settings))
    assert "gan-pretrain (synthetic images first, then those of classic alone; sizes: 60+10x2)" in known["arms"].text
    assert "gan-genmix (mixtures of an image of classic and a synthetic one of its class; sizes" in known["arms"].text
    text = known["training"].text
    assert (
        "pretraining on synthetic images took 0.4 of the steps, in whole epochs; a synthetic image weighed 0.3" in text
    )
    assert (
        "a probability of their class of 0.6 or more, and a density among real ones of 0.1 or more; near copies of a "
        in text
    )
    assert "a network had to take a selected image for real with a probability of 0.1 or more." in text
    assert "other ways" not in facts(run)["training"].text


def test_another_network_and_training_are_said_as_they_were(run):
    network = {"architecture": "resnet", "widths": [8, 16], "blocks": 3, "weights": "0123abc"}
    training = {"early_stopping": {"share": 0.25, "patience": 7}, "epochs": 90, "batch": 32}
    changed = {"classifier": {**network, **training, "learning_rate": 0.05, "momentum": 0.9}}
    known = facts(replace(run, settings=replace(SETTINGS, task={**SETTINGS.task, **changed})))
    assert "residual network (He et al. 2016) of 14 layers: a 3x3 convolution, 2 stages of 3 blocks with 8 and 16 " in (
        known["model"].text
    )
    assert "dropout" not in known["model"].text
    text = known["training"].text
    assert "at most 90 epochs in batches of 32. Early stopping: of the training patients of each class 25.0 %" in text
    assert "no new minimum for 7 epochs" in text
    assert "Generators were trained on them too" in text
    assert "no early stopping" not in text
    assert "SHA-256 0123abc" in known["initial weights"].text
    assert "none is pretrained" not in known["initial weights"].text
    assert known["initial weights"].open.startswith("what the pretrained weights were trained on")


def test_what_a_run_does_not_know_is_asked_of_its_authors(run):
    known = facts(run)
    assert not known["calibration and utility"].open
    costs = {**SETTINGS.evaluation, "costs": {"tumour": {"cyst": 5}}}
    assert facts(replace(run, settings=replace(SETTINGS, evaluation=costs)))["calibration and utility"].open
    assert known["generators"].open == "structure, initial weights and training of what made the images of other"
    assert not known["screening"].open
    pair = pd.DataFrame([("L1", "P1", "L3", "P2", 0.95)], columns=run.acknowledged.columns)
    screened = facts(replace(run, acknowledged=pair))["screening"]
    assert "kept after a look at them: 1 pair, L1 with L3." in screened.text
    assert screened.open
    assert not known["subgroups"].open
    assert "sex, age, site or scanner" in facts(replace(run, cases=CASES.drop(columns="site")))["subgroups"].open


def test_a_generator_of_another_family_is_left_to_the_authors(run):
    presets = {"gan": {"architecture": "flow", "epochs": 3, "depth": 17, "sampling": {"samples": 4}}}
    known = facts(replace(run, settings=replace(SETTINGS, presets=presets)))
    assert "gan: architecture flow." in known["generators"].text
    assert "gan: epochs 3; depth 17." in known["training of the generators"].text
    for topic in ("generators", "training of the generators", "initial weights of the generators"):
        assert known[topic].open.endswith("of what made the images of gan and other")


def test_a_small_plain_run_is_described_too(run):
    """Pictures without a spacing, one seed, no generator, no primary comparison, arms that differ nowhere."""
    cases = CASES.assign(spacing_x_mm=np.nan, spacing_z_mm=np.nan, diameter_mm=np.nan)
    evaluation = {**SETTINGS.evaluation, "primary": None, "operating_point": "published"}
    settings = replace(
        SETTINGS, arms=["classic"], generators=[], presets={}, seeds=[3], evaluation=evaluation, phantom=True
    )
    study = run.study_size.assign(patients_needed=pd.NA)
    known = facts(replace(run, settings=settings, cases=cases, folds={3: run.folds[3]}, study_size=study))
    assert known["characteristics"].text.startswith("Largest diameter of a lesion: median 22.5 px, range 14 to 50 px.")
    assert known["acquisition"].text == "Images of 256 to 512 by 512 px."
    assert known["generators"].text == "No generator was used."
    assert "Division and trainings were done once." in known["partitions"].text
    assert known["study size"].text == "No number of patients is known to show a gain of 3 percentage points."
    assert "no patients" in known["source"].text
    for limit in ("simulated", "optimistic", "no primary comparison", "1 repetition"):
        assert limit in known["limits"].text


def test_it_says_that_the_case_table_divides_the_patients(run):
    settings = replace(SETTINGS, folds=2, tested_folds=1, given_split=True)
    folds = run.folds[3].assign(fold=[1, 1, 0, 1], validation=[0, 0, 0, 1])
    known = facts(replace(run, settings=settings, folds={3: folds, 5: folds}))
    assert known["partitions"].text == (
        "The case table divides the patients. The trainings were repeated 2 times, from other random numbers each "
        "(seeds 3 and 5)."
    )
    assert known["contents of the folds"].text == (
        "Training: 1 patient with 2 lesions (1 cyst and 1 tumour); validation: 1 patient with 1 lesion (0 cyst and 1 "
        "tumour); test: 1 patient with 1 lesion (1 cyst and 0 tumour)."
    )


def test_it_says_which_folds_are_tested(run):
    known = facts(replace(run, settings=replace(SETTINGS, folds=5, tested_folds=2)))
    assert known["partitions"].text.startswith(
        "The patients form 5 folds. The first 2 are each tested by models trained on the other 4;"
    )
    assert "every lesion of the test is predicted 2 times" in known["internal testing"].text
    assert "only the first 2 of 5 folds are tested" in known["limits"].text


def test_an_item_is_no_further_filled_than_it_is():
    known = {"a": Fact("A.", ("Page",)), "b": Fact("B.", open="more on b")}
    items = [
        {"number": "1", "title": "t", "facts": ["a"]},
        {"number": "2", "title": "t", "facts": ["a"], "open": "x"},
        {"number": "3", "title": "t", "open": "x"},
        {"number": "4", "title": "t", "does_not_apply": "why"},
        {"number": "5", "title": "t", "facts": ["b"]},
        {"number": "6", "title": "t", "facts": ["a", "of another task"]},
        {"number": "7", "title": "t", "facts": ["of another task"]},
    ]
    (answered,) = checklists.answered([{"items": items}], known)
    assert [item.status for item in answered] == [FILLED, PARTLY, OPEN, NOT_APPLICABLE, PARTLY, PARTLY, OPEN]
    assert (answered[0].texts, answered[0].see) == (["A."], [])
    assert (answered[1].texts, answered[1].see, answered[1].pages) == ([], ["1"], ["Page"])  # said once
    assert answered[4].open == ["more on b"]
    assert "of another task" in answered[5].open[0]
    assert checklists.counts([answered]) == {FILLED: 1, PARTLY: 3, OPEN: 2, NOT_APPLICABLE: 1}


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"does_not_apply": "why", "open": "x"},
        {"does_not_apply": "why", "facts": ["a"]},
        {"open": "x", "fact": ["a"]},
    ],
)
def test_an_item_that_says_nothing_or_two_things_is_refused(item):
    with pytest.raises(InputError, match="item 3a: expected number and title, and either"):
        checklists.answered([{"items": [{"number": "3a", "title": "t", **item}]}], {})


class Page(HTMLParser):
    """Collects the tags of a page, what it loads, and the text of each row of an item by its id."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.rows, self.row = [], [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.loads += [attributes[name] for name in ("src", "srcset") if name in attributes]
        if tag == "tr":
            self.row = attributes.get("id")

    def handle_endtag(self, tag):
        if tag == "tr":
            self.row = None

    def handle_data(self, data):
        if self.row:
            self.rows[self.row] = self.rows.get(self.row, "") + data


def test_the_page_counts_what_it_shows_and_needs_no_other_file(run):
    text = steps.render(LISTS, facts(run), TEMPLATE, run.settings)
    page = Page(text)
    assert not page.loads
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "url(" not in text
    assert "<strong>a&lt;b</strong>" in text  # what the config says is text, never markup
    for each in LISTS:
        rows = {name: row for name, row in page.rows.items() if name.startswith(f"{each['name']}-")}
        assert len(rows) == len(of(each["name"]))
        ends = [next(status for status in checklists.STATUSES if row.strip().endswith(status)) for row in rows.values()]
        counted = [str(ends.count(status)) for status in checklists.STATUSES]
        shown = re.search(rf">{re.escape(each['name'])}</a></td>((?:<td>\d+</td>)+)", text)[1]
        assert re.findall(r"\d+", shown) == [*counted, str(len(rows))]
        for row, status in zip(rows.values(), ends, strict=True):
            assert ("To be written by you" in row) == (status in (PARTLY, OPEN))


def test_nothing_that_only_the_authors_know_counts_as_filled(run):
    found = {}
    for each in LISTS:
        for item in (item for items in checklists.answered(each["sections"], facts(run)) for item in items):
            found[each["name"], item.number] = item.status
    theirs = {"TRIPOD+AI": ["1", "2", "3a", "3b", "3c", "5b", "6a", "6b", "8b", "17", "18a", "18b", "18d", "18e", "19"],
              "CLAIM": ["1", "2", "3", "5", "15", "16", "17", "18", "33", "34", "41", "44"]}  # fmt: skip
    assert {found[name, number] for name, numbers in theirs.items() for number in numbers} == {OPEN}


@pytest.mark.parametrize("phantom", [True, False])
def test_the_page_of_a_phantom_says_that_it_is_no_evidence(run, phantom):
    text = steps.render(LISTS, facts(run), TEMPLATE, replace(run.settings, phantom=phantom))
    assert ("The cohort is a phantom" in text) == phantom
