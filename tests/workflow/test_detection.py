"""The task detection, run small to its report, leaked into, changed, and planned as the paper has it."""

import json
import re
import shutil
import sys
import time

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.helpers import forked, slice_readers
from tests.workflow.conftest import Project, copy_workflow

CONFIG = "config/detection.yaml"
RESULTS = "results/phantom-heads"
TRAINED = "train-123"  # of the one fold that is tested


def smallest(config: dict) -> None:
    """Make every stage as small as it can be."""
    config["phantom"] |= {"lesions": {"metastasis": 60}, "slices": 4}
    config["slices"]["side"] = 32
    config["generators"]["cpggan"] |= {"maps": 4, "latent": 4, "images_per_stage": [32]}
    config["detector"] |= {"maps": 2, "steps": 8, "burn_in": 2, "batch": 4, "evaluate_every": 4}
    config["experiment"] |= {"synthetic": [100], "arms": ["paste"]}
    config["quality"]["images"] = 20
    config["evaluation"] |= {"bootstrap": 100}
    config["reader_study"] |= {"real": 6, "synthetic": 6, "repeats": 2, "training": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Project:
    """A finished run; tests must leave it as they found it."""
    project = copy_workflow(tmp_path_factory.mktemp("detection") / "project")
    project.configure(smallest, CONFIG)
    done = project.snakemake(configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.mark.slow
def test_it_runs_to_its_report(small):
    """Sensitivity and false positives at the paper's score, counted by hand from the detections and the boxes."""
    results = small.folder / RESULTS
    folder = results / f"seed-0/detect/real/0/{TRAINED}"
    found = pd.read_csv(folder / "detections.csv").query("set == 'test' and score >= 0.001")
    tested, boxes = pd.read_csv(folder / "predictions.csv")["slice"], pd.read_csv(results / "slices/boxes.csv")
    boxes = boxes[boxes["slice"].isin(tested) & (boxes["ignore"] == 0)]
    hits = sum(hit_boxes(rows, boxes[boxes["slice"] == name]) for name, rows in found.groupby("slice"))
    metrics = pd.read_csv(results / "evaluation/metrics.csv", dtype={"size": str, "seed": str})
    of_real = metrics.query("arm == 'real' and size == '0' and seed == 'all' and `class` == 'all'")
    value = of_real.set_index("metric")["value"]
    assert value["sensitivity from score 0.001, IoU 0.25"] == pytest.approx(hits / len(boxes))
    expected = -(len(found) - hits) / len(tested)
    assert value["-false positives a slice from score 0.001, IoU 0.25"] == pytest.approx(expected)

    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    assert headline["Arm"].tolist() == ["real", "paste", "cpggan", "cpggan-filtered"]
    filtered = pd.read_csv(results / "evaluation/tables/filtered.csv")
    kept = pd.read_csv(results / f"seed-0/filters/cpggan/on-all/{TRAINED}/filter.csv")["kept"].sum()
    assert filtered["kept"].tolist() == [min(kept, filtered["asked"].iloc[0])]
    report = (results / "report.html").read_text()
    for text in ("Table 1, as the paper has it", "FROC curves", "Fig 1", "Fig 2", "Lineage audit", "t-SNE"):
        assert text in report, text
    assert "at the same number of false alarms?" in (results / "summary.html").read_text()
    assert small.planned(configfile=CONFIG) == {}


def hit_boxes(found: pd.DataFrame, boxes: pd.DataFrame) -> int:
    """Return how many boxes of a slice are hit at IoU 0.25: each detection takes the free one that it overlaps most."""
    free, corners = set(boxes.index), ["x0", "y0", "x1", "y1"]
    for _, row in found.sort_values("score", ascending=False, kind="stable").iterrows():
        overlaps = {
            name: overlap(row[corners].to_numpy(float), boxes.loc[name, corners].to_numpy(float)) for name in free
        }
        best = max(overlaps, key=overlaps.get, default=None)
        if best is not None and overlaps[best] >= 0.25:
            free.discard(best)
    return len(boxes) - len(free)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the intersection over union of two boxes."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    both = max(width, 0) * max(height, 0)
    return both / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both)


@pytest.mark.slow
def test_same_bytes_whatever_the_cores(small, tmp_path):
    """And whatever the order of sets, which is another one in jobs of another server."""
    other = copy_workflow(tmp_path / "project")
    other.configure(smallest, CONFIG)
    done = other.snakemake("--cores", "1", configfile=CONFIG, jobs=1)
    assert done.returncode == 0, done.stdout + done.stderr
    folder, count = small.folder / RESULTS, 0
    for kind in ("csv", "npy", "safetensors", "png"):
        for path in sorted(folder.rglob(f"*.{kind}")):
            if path.relative_to(folder).parts[0] != "analysis-plan":
                assert path.read_bytes() == (other.folder / RESULTS / path.relative_to(folder)).read_bytes(), path
                count += 1
    assert count > 60


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "source"),
    [
        (f"detect/real/0/{TRAINED}/train_set.csv", "slice"),
        (f"detect/paste/0/{TRAINED}/train_set.csv", "pool"),
        (f"detect/cpggan/100/{TRAINED}/train_set.csv", "synthetic"),
        (f"generators/cpggan/on-all/{TRAINED}/all/train_set.csv", "slice"),
    ],
)
def test_the_audit_names_a_test_slice_that_any_network_has_seen(small, tmp_path, file, source):
    shutil.copytree(small.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    path = project.folder / RESULTS / "seed-0" / file
    folds = pd.read_csv(project.folder / RESULTS / "seed-0/folds.csv")
    leak = folds.loc[folds["fold"] == 0, "slice"].iloc[0]
    table = pd.read_csv(path, keep_default_na=False)
    row = table[table["source"] == source].iloc[0].to_dict() | {"slice": leak}
    pd.concat([table, pd.DataFrame([row])]).to_csv(path, index=False)
    done = project.snakemake(
        "--forcerun", "audit_lineage", "--", f"{RESULTS}/evaluation/lineage.json", configfile=CONFIG
    )
    assert done.returncode != 0
    folder = file.rsplit("/", 1)[0]
    found = done.stdout + done.stderr
    assert re.search(rf"{folder}: slice {leak} of test patient \w+ is in the training set", found), found[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "again", "never"),
    [
        (
            lambda c: c["detector"].update(steps=9),
            {"train_detector", "filter_synthetic", "score_detector"},
            {"train_cpggan", "sample_cpggan", "cut_slices_detection", "make_folds"},
        ),
        (
            lambda c: c["generators"]["cpggan"].update(drift=0.01),
            {"train_cpggan", "sample_cpggan", "filter_synthetic", "train_detector", "assess_slices"},
            {"cut_slices_detection", "make_folds"},
        ),
        (
            lambda c: c["generators"]["cpggan"]["sampling"]["filter"].update(reached_by=0.5),
            {"filter_synthetic", "train_detector"},
            {"train_cpggan", "sample_cpggan", "assess_slices"},
        ),
        (
            lambda c: c["evaluation"].update(false_positives=2),
            {"score_detector", "compute_metrics"},
            {"train_detector", "train_cpggan"},
        ),
        (
            lambda c: c["augmentation"]["paste"].update(border=0.9),
            {"train_detector"},
            {"train_cpggan", "sample_cpggan", "cut_slices_detection"},
        ),
    ],
    ids=["detector", "generator", "filter", "measures", "paste"],
)
def test_only_what_a_change_affects_runs_again(small, tmp_path, change, again, never):
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    project.configure(change, CONFIG)
    planned = set(project.planned(configfile=CONFIG))
    assert again <= planned
    assert not never & planned


@pytest.mark.slow
def test_results_are_as_recorded_and_are_computed_again(small):
    done = forked.run([sys.executable, "scripts/verify_results.py", "--results", RESULTS], cwd=small.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    command = [sys.executable, "scripts/recompute_results_detection.py", "--results", RESULTS]
    done = forked.run(command, cwd=small.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^([\w ]+): (\d+)", done.stdout, re.MULTILINE))
    assert {"cases", "slices", "folds", "metrics", "comparisons", "headline"} <= set(counts)
    assert "0" not in {counts[name] for name in ("slices", "metrics")}


@pytest.mark.slow
def test_seeds_repeat_the_trainings_where_one_fold_is_tested(small, tmp_path):
    """A second seed has the folds of the first, so both are of the same patients, and its networks are others."""
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")

    def more(config):
        config["seeds"] = [0, 1]
        config["experiment"] |= {"generators": [], "arms": ["paste"], "filtered": False}
        config["evaluation"]["primary"] = "paste"

    project.configure(more, CONFIG)
    done = project.snakemake("--", f"{RESULTS}/evaluation/comparisons.csv", configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / RESULTS
    first, second = (results / f"seed-{seed}" for seed in (0, 1))
    assert (first / "folds.csv").read_bytes() == (second / "folds.csv").read_bytes()
    weights = f"detect/real/0/{TRAINED}/weights.safetensors"
    assert (first / weights).read_bytes() != (second / weights).read_bytes()
    compared = pd.read_csv(results / "evaluation/comparisons.csv")
    assert set(compared["seeds"]) == {2}


@pytest.mark.slow
def test_a_readers_list_of_slices_makes_another_arm(small, tmp_path):
    """Half of the slices are kept, every second one: the arm trains on these, and on nothing else of the generator."""
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    results = project.folder / RESULTS
    done = project.snakemake("--", "list_slices", configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    table = pd.read_csv(results / "by-hand/cpggan/list.csv")
    assert len(list((results / "by-hand/cpggan/pictures").glob(f"seed-0-{TRAINED}-*.png"))) == len(table)
    table.assign(kept=table["sample"] % 2).to_csv(project.folder / "mine.csv", index=False)
    project.configure(lambda c: c.update(kept_slices={"cpggan": "mine.csv"}), CONFIG)
    planned = project.planned(configfile=CONFIG)
    assert (planned["take_kept_slices"], planned["train_detector"]) == (1, 1)
    assert not {"train_cpggan", "sample_cpggan", "filter_synthetic", "cut_slices_detection"} & set(planned)
    wanted = [f"{RESULTS}/evaluation/{name}" for name in ("comparisons.csv", "lineage.json", "tables/filtered.csv")]
    done = project.snakemake("--", *wanted, configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    learned = pd.read_csv(results / f"seed-0/detect/cpggan-kept/100/{TRAINED}/train_set.csv")
    synthetic = learned[learned["source"] == "synthetic"]
    assert len(synthetic) == (learned["source"] == "slice").sum()
    assert synthetic["rank"].tolist() == list(range(1, 2 * len(synthetic), 2))
    compared = pd.read_csv(results / "evaluation/comparisons.csv").query("arm_a == 'cpggan-kept'")
    assert {("over cpggan", "cpggan"), ("over real", "real")} <= set(
        compared[["against", "arm_b"]].itertuples(index=False, name=None)
    )
    counted = pd.read_csv(results / "evaluation/tables/filtered.csv").set_index("arm")
    assert counted.loc["cpggan-kept", "kept"] == counted.loc["cpggan-kept", "asked"] == len(synthetic)
    assert "mine.csv" not in "".join(path.read_text() for path in results.rglob("*.json"))

    # The list is followed by its content, and one of slices that are made anew is not taken for theirs.
    table.assign(kept=(table["sample"] + 1) % 2).to_csv(project.folder / "mine.csv", index=False)
    planned = project.planned(configfile=CONFIG)
    assert (planned["take_kept_slices"], planned["train_detector"]) == (1, 1)
    table.assign(image="0123456789abcdef").to_csv(project.folder / "mine.csv", index=False)
    done = project.snakemake("--", f"{RESULTS}/kept/cpggan/record.json", configfile=CONFIG)
    assert done.returncode != 0
    assert "mine.csv, row 2: image: expected" in done.stdout + done.stderr


@pytest.mark.slow
def test_readers_judge_slices(small, tmp_path):
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    slice_readers.check(Project(tmp_path / "project"), CONFIG, RESULTS)


def test_a_reader_study_without_a_generator_is_one_line(project):
    def alone(config):
        config["experiment"] |= {"generators": [], "filtered": False}
        config["evaluation"]["primary"] = "paste"

    project.configure(alone, CONFIG)
    done = project.snakemake("build_reader_study", "--dry-run", "--quiet", "rules", configfile=CONFIG)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error:")]
    assert lines == [
        "error: reader_study: expected a generator to judge, found none; name one in experiment: generators"
    ]


@pytest.mark.slow
def test_detections_of_another_tool_are_judged(small, tmp_path):
    """Boxes as they are, with the score 1, find everything that can be found, and nothing is trained for them."""
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    results = project.folder / RESULTS
    folds, boxes = (pd.read_csv(results / name) for name in ("seed-0/folds.csv", "slices/boxes.csv"))
    boxes = boxes[boxes["slice"].isin(folds.loc[folds["fold"] == 0, "slice"])]
    boxes[["slice", "x0", "y0", "x1", "y1"]].assign(score=1).to_csv(project.folder / "oracle.csv", index=False)

    def with_oracle(config):
        config["imported_detections"] = {"oracle": {"file": "oracle.csv", "pixels": "slice"}}

    project.configure(with_oracle, CONFIG)
    assert not {"train_detector", "train_cpggan"} & set(project.planned(configfile=CONFIG))
    done = project.snakemake(
        "--", f"{RESULTS}/evaluation/metrics.csv", f"{RESULTS}/evaluation/lineage.json", configfile=CONFIG
    )
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = pd.read_csv(results / "evaluation/metrics.csv", dtype={"size": str, "seed": str})
    found = metrics.query("arm == 'oracle' and seed == 'all' and size == '0' and `class` == 'all'").set_index("metric")
    assert found["value"]["sensitivity at equal false positives"] == 1
    assert found["value"]["AP, IoU 0.5"] == 1
    assert json.loads((results / "evaluation/lineage.json").read_text())["training unknown"]


def test_the_papers_protocol_is_planned_within_seconds(project):
    def with_table(config):
        config["cases"]["table"] = "cases.csv"

    (project.folder / "cases.csv").write_text(
        "lesion,patient,class,image,box,split\nL1,P1,metastasis,a.png,1 1 9 9,train\n", encoding="utf-8"
    )
    project.configure(with_table, "config/han.yaml")
    began = time.perf_counter()
    planned = project.planned(configfile="config/han.yaml")
    assert time.perf_counter() - began < 60  # alone it takes seconds; tests run beside others
    assert planned["train_cpggan"] == planned["filter_synthetic"] == 3
    assert planned["train_detector"] == 3 * (3 + 2 * 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["experiment"].update(synthetic=[200, 100]), "experiment: synthetic: expected ascending ones"),
        (lambda c: c["evaluation"].update(synthetic=50), "evaluation: synthetic: 50 is not in experiment: synthetic"),
        (
            lambda c: c["detector"].update(input_px=100),
            "detector: input_px: expected a multiple of 32, found 100",
        ),
        (lambda c: c["slices"]["intensity"].update(high=120), "slices: intensity: percentiles lie between 0 and 100"),
        (
            lambda c: c["generators"]["cpggan"]["sampling"].update(samples=50),
            "generators: cpggan: sampling: samples: 50 per 100 training slices, but experiment: synthetic needs 100",
        ),
        (lambda c: c["detector"].update(floor=0.01), "detector: floor: 0.01 leaves out what evaluation: score counts"),
        (lambda c: c["detector"].update(burn_in=500), "detector: burn_in: 500 of 250 steps; lower it or raise steps"),
        (
            lambda c: c["cases"].update(table="cases.csv"),
            "detector: yolov3-small is the demo's, too small for real images; write detector: {preset: yolov3-medium}",
        ),
        (
            lambda c: c["phantom"]["lesions"].update(cyst=3),
            "phantom: lesions: 'cyst' is a key of task classif",
        ),
        (
            lambda c: c.update(kept_slices={"other": "kept.csv"}),
            "kept_slices: 'other' is not in experiment: generators; add it or remove its list",
        ),
        (lambda c: c.update(segmenter={}), "'segmenter' is a key of task segmentation; remove it"),
    ],
)
def test_contradictions_are_one_line(project, change, message):
    project.configure(change, CONFIG)
    done = project.snakemake("--dry-run", configfile=CONFIG)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: config:")]
    assert done.returncode == 1
    assert any(message in line for line in lines), lines


def test_real_images_are_not_given_to_the_demos_networks(project):
    """A user's own file, below which the demo's config lies."""
    mine = {"cohort": "mine", "task": "detection", "cases": {"table": "cases.csv", "classes": ["glioma"]}}
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(mine), encoding="utf-8")
    done = project.snakemake("--dry-run", configfile="mine.yaml")
    found = done.stdout + done.stderr
    assert done.returncode == 1
    assert "generators: cpggan: these are the demo's values, too small for real images; for a first run write" in found
    assert (
        "detector: yolov3-small is the demo's, too small for real images; write detector: {preset: yolov3-medium}"
        in found
    )
