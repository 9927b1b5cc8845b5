"""The task segmentation, run small to its report, interrupted, leaked into, and planned as the paper has it."""

import json
import re
import shutil
import sys
import time

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image, ImageDraw

from tests.helpers import forked, slice_readers
from tests.workflow.conftest import Project, copy_workflow

CONFIG = "config/segmentation.yaml"
RESULTS = "results/phantom-slices"


def smallest(config: dict) -> None:
    """Make every stage as small as it can be, one arm of a kind."""
    config["phantom"] |= {"lesions": {"cyst": 6, "metastasis": 6, "hemangioma": 6}, "slices": 2}
    config["slices"]["side"] = 32
    config["generators"]["lcgan"] |= {"generator_maps": 2, "discriminator_maps": 2, "epochs": 2, "candidates": [1, 2]}
    judge = config["generators"]["lcgan"]["sampling"]["real_or_fake"]
    judge |= {"widths": [2, 4], "steps": 5}
    config["segmenter"] |= {"widths": [2, 4], "epochs": 2}
    config["experiment"] |= {"shares": [1000], "arms": ["traditional", "both"]}
    config["evaluation"] |= {"share": 1000, "bootstrap": 100}
    config["reader_study"] |= {"real": 6, "synthetic": 6, "repeats": 2, "training": 1}


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Project:
    """A finished run; tests must leave it as they found it."""
    project = copy_workflow(tmp_path_factory.mktemp("segmentation") / "project")
    project.configure(smallest, CONFIG)
    done = project.snakemake(configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.mark.slow
def test_it_runs_to_its_report(small):
    """The primary measure, counted by hand from the scores of the slices."""
    results = small.folder / RESULTS
    numbers = {"size": str, "seed": str}
    table = pd.read_csv(results / "evaluation/predictions.csv", dtype=numbers).query("arm == 'original'")
    classes = ["cyst", "metastasis", "hemangioma"]
    truth, predicted, overlap = (
        table[[f"{cls}_{name}_px" for cls in classes]].to_numpy() for name in ("truth", "predicted", "overlap")
    )
    dice = np.where(truth > 0, 2 * overlap / np.maximum(truth + predicted, 1), np.nan)
    expected = np.nanmean(np.nanmean(dice[(truth > 0).any(axis=1)], axis=1))
    metrics = pd.read_csv(results / "evaluation/metrics.csv", dtype=numbers)
    row = metrics.query(
        "arm == 'original' and size == '1000' and seed == 'all' and metric == 'DSC' and `class` == 'all'"
    )
    assert row["value"].iloc[0] == pytest.approx(expected)

    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    arms = ["original", "lcgan", "traditional", "both", "original-epochs", "lcgan-epochs", "traditional-epochs"]
    assert headline["Arm"].tolist() == arms
    compared = pd.read_csv(results / "evaluation/comparisons.csv")
    assert set(compared["against"]) == {"fixed", "equal steps", "equal epochs", "over traditional"}
    report = (results / "report.html").read_text()
    for text in ("Table 1: DSC", "Table 2", "Table 3", "Published numbers beside ours", "Lineage audit"):
        assert text in report, text
    assert "Do synthetic images with their masks improve the segmenter?" in (results / "summary.html").read_text()
    assert small.planned(configfile=CONFIG) == {}


@pytest.mark.slow
def test_readers_judge_slices(small, tmp_path):
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    slice_readers.check(Project(tmp_path / "project"), CONFIG, RESULTS)


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
    assert count > 100


@pytest.mark.slow
def test_every_arm_trained_for_as_many_steps(small):
    folder = small.folder / RESULTS / "seed-0/segment"
    steps = {path.parts[-4]: json.loads(path.read_text())["steps"] for path in folder.glob("*/1000/train-0/model.json")}
    assert steps["original"] == steps["lcgan"] == steps["traditional"] == steps["both"]
    assert 2 * steps["original-epochs"] == pytest.approx(steps["lcgan-epochs"], abs=2)
    assert steps["lcgan-epochs"] == pytest.approx(steps["traditional-epochs"], abs=1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("segment/original/1000/train-0/train_set.csv", "slice"),
        ("segment/lcgan-epochs/1000/train-0/train_set.csv", "slice"),
        ("generators/lcgan/on-1000/train-0/all/train_set.csv", "slice"),
        ("candidates/lcgan/on-1000/train-0/train_set.csv", "slice"),
    ],
)
def test_the_audit_names_a_test_slice_that_any_network_has_seen(small, tmp_path, file, source):
    """Also the networks that choose among the generator's candidates."""
    shutil.copytree(small.folder, tmp_path / "project")
    project = Project(tmp_path / "project")
    path = project.folder / RESULTS / "seed-0" / file
    folds = pd.read_csv(project.folder / RESULTS / "seed-0/folds.csv")
    leak = folds.loc[folds["fold"] == 1, "slice"].iloc[0]
    table = pd.read_csv(path, keep_default_na=False)
    row = table.iloc[0].to_dict() | {"slice": leak, "source": source}
    pd.concat([table, pd.DataFrame([row])]).to_csv(path, index=False)
    done = project.snakemake(
        "--forcerun", "audit_lineage", "--", f"{RESULTS}/evaluation/lineage.json", configfile=CONFIG
    )
    assert done.returncode != 0
    folder = file.rsplit("/", 1)[0]
    found = done.stdout + done.stderr
    assert re.search(rf"{folder}: slice {leak} of test patient \w+ is in the training set", found), found[-3000:]


TRAINED = {"train_segmenter", "train_segmenter_by_epochs", "train_lcgan"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "again", "never"),
    [
        (
            lambda c: c["segmenter"].update(epochs=3),
            {"train_segmenter", "train_segmenter_by_epochs", "choose_candidate", "score_segmenter"},
            {"train_lcgan", "sample_lcgan", "cut_slices", "make_folds"},
        ),
        (
            lambda c: c["generators"]["lcgan"].update(l1=10),
            {"train_lcgan", "sample_lcgan", "choose_candidate", "train_segmenter", "assess_pairs"},
            {"cut_slices", "make_folds"},
        ),
        (
            lambda c: c["generators"]["lcgan"]["sampling"].update(choose_by=["sharpness"]),
            {"choose_candidate", "train_segmenter"},
            {"train_lcgan", "sample_lcgan", "cut_slices"},
        ),
        (lambda c: c["evaluation"].update(tolerance_mm=3), {"score_segmenter", "compute_metrics"}, TRAINED),
        (lambda c: c["evaluation"].update(absent="count"), {"compute_metrics"}, {*TRAINED, "score_segmenter"}),
        (
            lambda c: c["augmentation"]["traditional"]["rotation_deg"].update(range=[-5, 5]),
            {"train_segmenter"},
            {"train_lcgan", "sample_lcgan", "cut_slices"},
        ),
    ],
    ids=["segmenter", "generator", "choice", "scores", "measures", "augmentation"],
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
    command = [sys.executable, "scripts/recompute_results_segmentation.py", "--results", RESULTS]
    done = forked.run(command, cwd=small.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^([\w ]+): (\d+)", done.stdout, re.MULTILINE))
    assert {"cases", "slices", "folds", "scores", "all predictions", "metrics", "comparisons", "headline"} <= set(
        counts
    )
    assert "0" not in {counts[name] for name in ("slices", "scores", "metrics")}


def test_the_papers_protocol_is_planned_within_seconds(project):
    """3 shares of the paper and all patients, 4 arms of the paper and 2 more, 5 folds."""

    def with_table(config):
        config["cases"]["table"] = "cases.csv"

    (project.folder / "cases.csv").write_text(
        "lesion,patient,class,image,mask\nL1,P1,IPH,a.png,b.png\n", encoding="utf-8"
    )
    project.configure(with_table, "config/lcgan.yaml")
    began = time.perf_counter()
    planned = project.planned(configfile="config/lcgan.yaml")
    assert time.perf_counter() - began < 60  # alone it takes seconds; tests run beside others
    assert planned["train_lcgan"] == planned["choose_candidate"] == 4 * 5
    assert planned["train_segmenter_by_epochs"] == 3 * 4
    assert planned["train_segmenter"] == 3 * 4
    assert planned["score_segmenter"] == (6 + 3) * 4


def drawn(folder, patients: int, side: int = 48) -> list[str]:
    """Write two slices a patient, one with a bright disc and its mask, one without; return the rows of the table."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    rows = ["lesion,patient,class,image,mask,slice"]
    for number in range(patients):
        random = np.random.default_rng(number)
        for place in range(2):
            image = Image.fromarray(random.integers(60, 120, (side, side)).astype(np.uint8))
            mask = Image.new("L", (side, side))
            if place == 0:
                x, y = random.integers(10, side - 10, 2)
                for canvas, value in ((image, 220), (mask, 255)):
                    ImageDraw.Draw(canvas).ellipse((x - 5, y - 5, x + 5, y + 5), fill=value)
            name = f"p{number}-{place}"
            image.save(folder / f"images/{name}.png")
            mask.save(folder / f"masks/{name}.png")
            cls, drawn_in = ("disc", f"masks/{name}.png") if place == 0 else ("", "")
            rows.append(f"{name},p{number},{cls},images/{name}.png,{drawn_in},")
    return rows


@pytest.mark.slow
def test_a_folder_of_pictures_with_empty_slices_runs(tmp_path):
    """Discs that any segmenter finds: a table that nobody wrote, one class, an arm without a generator."""
    project = copy_workflow(tmp_path / "project")
    drawn(project.folder / "data/set", 8)
    command = [sys.executable, "scripts/make_case_table.py", "--from", "data/set", "--to", "data/discs"]
    options = ["--task", "segmentation", "--class", "disc", "--patients", "p[0-9]"]
    forked.run([*command, *options], cwd=project.folder, check=True)
    draft = yaml.safe_load((project.folder / "data/discs/config.yaml").read_text(encoding="utf-8"))
    smaller = {
        "slices": draft["slices"] | {"side": 32},
        "segmenter": {"widths": [4, 8], "epochs": 40},
        "generators": {},
        "experiment": {"shares": [1000], "generators": [], "arms": ["fresh", "paste"]},
        "evaluation": {"primary": "fresh", "share": 1000, "bootstrap": 100},
    }
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(draft | smaller), encoding="utf-8")
    done = project.snakemake(configfile="mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / "results/discs"
    assert (results / "report.html").stat().st_size
    metrics = pd.read_csv(results / "evaluation/metrics.csv", dtype={"size": str, "seed": str})
    values = metrics.query("metric == 'DSC' and size == '1000' and seed == 'all' and `class` == 'all'")
    assert (values.set_index("arm")["value"] > 0.7).all(), values


def import_noise(project: Project) -> None:
    """Give the project pairs of another program: noise, brighter where the masks of its real slices are."""
    results = project.folder / RESULTS
    labels = np.load(results / "slices/labels.npy")
    labels = labels[labels.any(axis=(1, 2))]
    for trained in ("0", "1"):
        folder = project.folder / f"other/{trained}"
        for part in ("images", "masks"):
            (folder / part).mkdir(parents=True)
        for number, mask in enumerate(labels):
            noise = np.random.default_rng([int(trained), number]).integers(0, 120, mask.shape)
            Image.fromarray((noise + 100 * (mask > 0)).astype(np.uint8)).save(folder / f"images/{number:03}.png")
            Image.fromarray(mask).save(folder / f"masks/{number:03}.png")
        (folder / "patients.csv").write_text("patient\n", encoding="utf-8")

    def change(config):
        config["imported"] = {"other": {"folder": "other/{folds}"}}
        config["experiment"]["generators"] = ["lcgan", "other"]
        config["evaluation"]["primary"] = "other"

    project.configure(change, CONFIG)


@pytest.mark.slow
def test_pairs_of_another_generator_are_judged_as_our_own(small, tmp_path):
    shutil.copytree(small.folder, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    import_noise(project)
    planned = project.planned(configfile=CONFIG)
    assert planned["import_pairs"] == planned["train_segmenter_by_epochs"] == planned["assess_pairs"] == 1
    assert not {"train_lcgan", "choose_candidate", "cut_slices"} & set(planned)
    done = project.snakemake(configfile=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / RESULTS

    slices, folds = (pd.read_csv(results / name) for name in ("slices/slices.csv", "seed-0/folds.csv"))
    with_lesion = slices.loc[slices.filter(like="_px").any(axis=1), "slice"]
    counted = folds.query("fold == 0")["slice"].isin(with_lesion).sum()
    listed = pd.read_csv(results / "seed-0/segment/other/1000/train-0/train_set.csv", keep_default_na=False)
    made = listed.query("source == 'synthetic'")
    assert len(made) == counted
    assert set(made["generator"]) == {"other"}
    taken = np.load(results / "seed-0/synthetic/other/on-1000/train-0/all/images.npy")
    first = np.array(Image.open(project.folder / "other/0/images/000.png"))
    np.testing.assert_array_equal(taken[0], first)

    assert "other" in pd.read_csv(results / "evaluation/tables/headline.csv")["Arm"].tolist()
    lineage = json.loads((results / "evaluation/lineage.json").read_text())
    assert lineage["imported"] == [f"seed-0/generators/other/on-1000/train-{folds}/all" for folds in "01"]
    (light,) = pd.read_csv(results / "evaluation/quality/other/seed-0/diagnosis.csv")["light"]
    assert light in {"red", "amber"}  # noise is like no slice
    assert "The images of other were made elsewhere" in (results / "summary.html").read_text()

    tested = folds.query("fold == 1")["patient"].iloc[0]
    (project.folder / "other/0/patients.csv").write_text(f"patient\n{tested}\n", encoding="utf-8")
    done = project.snakemake(configfile=CONFIG)
    assert done.returncode != 0
    assert f"row 2: patient {tested}: expected no patient that is tested on, found one of fold 1" in done.stderr


SPLITS = ["train", "test", "train", "validation", "train", "test", "train", "train"]  # of p0 to p7
BY_COLUMN = {
    "cohort": "divided", "task": "segmentation", "seeds": [0, 1], "folds": 2, "tested_folds": 1, "split": "column",
    "cases": {"table": "data/cases.csv", "classes": ["disc"]},
    "slices": {"side": 32, "intensity": {"mode": "window", "low": 0, "high": 255}},
    "segmenter": {"widths": [2, 4], "epochs": 2},
    "generators": {"lcgan": {"generator_maps": 2, "discriminator_maps": 2, "epochs": 1, "candidates": [1]}},
    "experiment": {"shares": [400, 1000], "generators": ["lcgan"], "arms": []},
    "evaluation": {"primary": "lcgan", "share": 1000, "bootstrap": 100},
}  # fmt: skip


@pytest.mark.slow
def test_patients_divided_by_the_case_table(tmp_path):
    """Every network learns from the patients of train alone, is tested on those of test, and no result is of others."""
    project = copy_workflow(tmp_path / "project")
    header, *rows = drawn(project.folder / "data", len(SPLITS))
    rows = [f"{row},{SPLITS[int(row[1])]}" for row in rows]
    (project.folder / "data/cases.csv").write_text("\n".join([f"{header},split", *rows]) + "\n", encoding="utf-8")
    (project.folder / "mine.yaml").write_text(yaml.safe_dump(BY_COLUMN), encoding="utf-8")
    done = project.snakemake(configfile="mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.folder / "results/divided"
    first, other = (results / f"seed-{seed}/folds.csv" for seed in (0, 1))
    assert first.read_bytes() == other.read_bytes()
    patients = {}
    for path in results.glob("seed-*/*/*/*/train-*/**/train_set.csv"):
        assert "/train-1" in str(path)
        slices = pd.read_csv(path, keep_default_na=False)["slice"]
        patients[path] = {name.split("-")[0] for name in slices if name}
    assert {path.relative_to(results).parts[1] for path in patients} == {"segment", "generators", "candidates"}
    for path, found in patients.items():
        assert found == {"p0", "p2", "p4", "p6", "p7"} if "1000/" in str(path) else len(found) == 2, path
        assert found <= {"p0", "p2", "p4", "p6", "p7"}, path
    predictions = pd.read_csv(results / "evaluation/predictions.csv")
    assert set(predictions["patient"]) == {"p1", "p5"}
    page = (results / "summary.html").read_text()
    assert "One division of the patients was tested, that of the case table." in page
    assert project.planned(configfile="mine.yaml") == {}

    path = results / "seed-0/generators/lcgan/on-1000/train-1/all/train_set.csv"
    kept = pd.read_csv(first).query("validation == 1")["slice"].iloc[0]
    table = pd.read_csv(path, keep_default_na=False)
    pd.concat([table, table.tail(1).assign(slice=kept)]).to_csv(path, index=False)
    target = "results/divided/evaluation/lineage.json"
    done = project.snakemake("--forcerun", "audit_lineage", "--", target, configfile="mine.yaml")
    assert done.returncode != 0
    assert f"slice {kept} of validation patient p3 is in the training set" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c: c.update(split="column", folds=5),
            "one part to train on and one to test: give folds: 2 and tested_folds: 1 (found 5 and null)",
        ),
        (lambda c: c.update(split="column"), "split: the phantom has no column split; give split: folds, or a table"),
        (lambda c: c["experiment"].update(shares=[1000, 250]), "experiment: shares: expected ascending ones"),
        (
            lambda c: c["evaluation"].update(share=100),
            "evaluation: share: 100 is not in experiment: shares; add it there",
        ),
        (lambda c: c["experiment"].update(generators=[]), "experiment: arms: both needs a generator"),
        (
            lambda c: c.update(imported={"other": {"folder": "{cls}/x"}}),
            "other: folder: expected no braces but {seed}, {folds}, {share}, found {cls}; correct it",
        ),
        (
            lambda c: c.update(imported={"other": {"folder": "x", "labels": {"cyst": 1}}}),
            "imported: other: labels: expected one of each of cyst, metastasis, hemangioma, found cyst; correct them",
        ),
        (
            lambda c: c["slices"].update(precedence=["cyst"]),
            "slices: precedence: expected each of cyst, metastasis, hemang",
        ),
        (lambda c: c["slices"]["intensity"].update(low=300), "slices: intensity: low 300 is not below high 200"),
        (lambda c: c.update(rois={}), "'rois' is a key of task classification; remove it"),
    ],
)
def test_contradictions_are_one_line(project, change, message):
    project.configure(change, CONFIG)
    done = project.snakemake("--dry-run", configfile=CONFIG)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("error: config:")]
    assert done.returncode == 1
    assert any(message in line for line in lines), lines
