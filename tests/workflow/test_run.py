"""The workflow run for real, small: its report, its repeatability and what it does with planted faults."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from .conftest import COSTS, EVERY, Project

NETWORKS = ["train_dcgan", "train_acgan", "sample_dcgan", "sample_acgan", "train_classifier", "classify_discriminator"]
NETWORKS += ["assess_generator", "plot_tsne"]


def hashes(folder, pattern):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob(pattern))
    }


def test_contracts_of_the_finished_run(finished):
    results = finished.folder / "results/tiny"
    config = yaml.safe_load((finished.folder / EVERY).read_text(encoding="utf-8"))
    rois = pd.read_csv(results / "rois/rois.csv", dtype=str)
    assert np.load(results / "rois/images.npy").shape == (len(rois), 64, 64)
    assert np.load(results / "pool/images.npy", mmap_mode="r").shape == (len(rois) * 480, 64, 64)
    folds = pd.read_csv(results / "seed-0/folds.csv", dtype=str)
    for path in results.glob("seed-0/classify/*/*/train-*/predictions.csv"):
        predictions = pd.read_csv(path, dtype={"fold": str, "lesion": str})
        trained = path.parent.name.removeprefix("train-")
        assert set(predictions["lesion"]) == set(folds[~folds["fold"].isin(list(trained))]["lesion"])
        np.testing.assert_allclose(predictions.filter(like="p_").sum(axis=1), 1, atol=1e-5)
        if path.with_name("features.npy").exists():
            assert len(np.load(path.with_name("features.npy"))) == len(predictions)
    metrics = pd.read_csv(results / "evaluation/metrics.csv")
    networks = {"classic", "online", "mixup", "extra", "dcgan", "acgan"}
    assert set(metrics["arm"]) == networks | {"acgan-discriminator", "bovw-single", "glcm"}
    assert {"fixed", "published"} < set(metrics["size"])
    comparisons = pd.read_csv(results / "evaluation/comparisons.csv")
    assert set(comparisons["verdict"]) <= {"gain", "worse", "equivalent", "likely worse", "no gain", "undecidable"}
    accuracy = comparisons[comparisons["metric"] == "accuracy"]
    synthetic = accuracy[(accuracy["arm_a"] == "dcgan") & (accuracy["size_a"] == "60+10x3")]
    assert set(synthetic["against"]) == {"classic group", "best classic", "equal number", "online at equal steps"}
    choices = pd.read_csv(results / "evaluation/best/choices.csv")
    assert set(choices["arm"]) <= {"classic", "online", "mixup", "dcgan", "acgan"}
    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    assert headline["Arm"].iloc[-1] == "best"
    power = pd.read_csv(results / "evaluation/simulated_power.csv")
    assert power["gain"].tolist() == [0.03, 0.05, 0.07]
    lineage = json.loads((results / "evaluation/lineage.json").read_text(encoding="utf-8"))
    assert lineage["clean"] is True
    assert config["folds"] == folds["fold"].nunique()


def test_costs_of_errors_are_those_of_the_config(finished):
    results = finished.folder / "results/tiny/evaluation"
    predictions = pd.read_csv(results / "predictions.csv", dtype={"size": str})
    rows = predictions[(predictions["arm"] == "classic") & (predictions["size"] == "60")]
    grave = (rows["truth"] == "metastasis") & (rows["predicted"] == "hemangioma")
    expected = ((rows["truth"] != rows["predicted"]) + (COSTS["metastasis"]["hemangioma"] - 1) * grave).mean()
    table = pd.read_csv(results / "tables/costs.csv").set_index("Arm")
    assert table.loc["classic", "Mean cost per lesion"] == pytest.approx(expected, abs=0.005)
    assert table["Saved per lesion against classic"].drop("classic").notna().all()


def test_tiny_is_small(project):
    # The workload of the cluster and interruption tests, which start every job some seconds late.
    assert sum(project.planned(configfile="config/tiny.yaml").values()) <= 41


def test_report_is_one_file_that_needs_no_network(finished):
    text = (finished.folder / "results/tiny/report.html").read_text(encoding="utf-8")
    for content in [
        *(f"Fig {number}" for number in [3, 6, 8, 9]),
        *(f"Table {number}" for number in range(2, 8)),
        "Lineage audit",
        "Lesion outlines",
        "Quality card",
        "Nearest real images",
        "Published numbers",
        "Reporting checklists",
        "verdicts",
        "Calibration",
        "Decision curves",
        "Costs of errors",
        "Subgroups",
        "Operating points",
    ]:
        assert content in text, content
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://', text)
    assert "no evidence" in text


def test_check_data_stops_before_any_training_and_report(rerun):
    rerun.configure(lambda c: c["rois"]["intensity"].update(low=-50))
    before = (rerun.folder / "results/tiny/report.html").stat().st_mtime
    sheet = rerun.folder / "results/tiny/evaluation/figures/fig3.png"
    content = sheet.read_bytes()
    done = rerun.snakemake("check_data")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sheet.read_bytes() != content
    assert (rerun.folder / "results/tiny/report.html").stat().st_mtime == before
    assert rerun.planned()["train_classifier"] == 8


@pytest.mark.slow
def test_same_bytes_whatever_the_cores(finished, project):
    """And whatever the order of sets, which is another one in jobs of another server."""
    done = project.snakemake("--cores", "1", jobs=1)
    assert done.returncode == 0, done.stdout + done.stderr
    for pattern in [
        "predictions.csv",
        "*.npy",
        "*.npz",
        "*.safetensors",
        "metrics.csv",
        "*.png",
        "*.svg",
        "*.pdf",
        "*record.json",
    ]:
        first, second = (hashes(run.folder / "results/tiny", pattern) for run in (finished, project))
        for of_run in (first, second):
            of_run.pop("report.record.json", None)  # the report holds the date of the plan
            of_run.pop("analysis-plan/record.json", None)  # as does the plan
        assert first
        assert first == second, pattern


def test_planted_test_lesion_stops_the_audit(rerun):
    folds = pd.read_csv(rerun.folder / "results/tiny/seed-0/folds.csv", dtype=str)
    planted = folds[folds["fold"] == "0"].iloc[0]
    name = "results/tiny/seed-0/classify/classic/60/train-1/train_set.csv"
    rerun.edit(name, lambda text: text + f"roi,{planted['lesion']},-1,{planted['class']},\n")
    done = rerun.snakemake()
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [audit_lineage]" in text
    leak = f"lesion {planted['lesion']} of test patient {planted['patient']} is in the training set"
    assert f"seed-0/classify/classic/60/train-1: {leak}" in text
    assert not (rerun.folder / "results/tiny/evaluation/lineage.json").exists()


def test_bad_case_table_stops_before_any_work(rerun):
    table = rerun.folder / "results/tiny/phantom/case_table.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    (rerun.folder / "mine").mkdir()
    broken = [lines[0], lines[1].replace("cyst", "cist").replace("metastasis", "cist").replace("hemangioma", "cist")]
    (rerun.folder / "mine/table.csv").write_text("\n".join([*broken, lines[1]]) + "\n")

    def use(config):
        config["cohort"] = "mine"
        config["cases"]["table"] = "mine/table.csv"

    rerun.configure(use)
    done = rerun.snakemake("check_data")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [check_cases]" in text
    assert "cist" in text
    assert not list((rerun.folder / "results/mine").rglob("cases.csv"))


@pytest.mark.parametrize(
    "image", ["a b.png", "x" * 300 + ".png", "y" * 200_000], ids=["a space", "an over-long name", "a cell too large"]
)
def test_strange_image_names_are_left_to_check_cases_and_never_listed(project: Project, image):
    if len(image) < 200:
        (project.folder / image).write_bytes(b"")
    (project.folder / "cases.csv").write_text(f'lesion,patient,class, image,box\nL1,P1,cyst,{image},"0,0,9,9"\n')
    project.configure(lambda config: config["cases"].update(table="cases.csv"))
    done = project.snakemake("check_data", "--dry-run", "--quiet", "host")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert image not in done.stdout + done.stderr


def test_paper_protocol_is_planned_quickly_and_with_the_papers_numbers(project: Project):
    counts = project.planned("--cores", "16", "--resources", "gpu=1", configfile="config/paper.yaml")
    assert counts["train_dcgan"] == 5 * 18  # seeds; three classes in three folds, and trained on one fold fewer
    assert counts["train_acgan"] == 5 * 6
    assert counts["train_bovw"] + counts["train_texture"] == 5 * 4
    done = project.snakemake("--dry-run", "--quiet", "host", "--printshellcmds", configfile="config/paper.yaml")
    assert done.cpu_seconds < 12  # Python's own start and imports, about 2 s, are not among them; machines differ
    commands = [line for line in done.stdout.splitlines() if "--params '" in line]
    found = {}
    for line in commands:
        rule = re.search(r"scripts/(\w+)\.py", line)[1]
        found[rule] = json.loads(re.search(r"--params '(\{.*?\})' ", line)[1])
    assert found["make_phantom"]["lesions"] == {"cyst": 53, "metastasis": 64, "hemangioma": 65}
    assert sum(found["make_phantom"]["extra"].values()) == 78
    generator = {"latent": 100, "generator_maps": 128, "epochs": 70, "batch": 64, "learning_rate": 0.0002}
    generator |= {"beta1": 0.5, "beta2": 0.999, "init_std": 0.02, "leak": 0.2}
    assert found["train_dcgan"].items() >= generator.items()
    classifier = {"widths": [32, 64, 128], "dense": 128, "dropout": 0.5, "epochs": 150, "batch": 64}
    assert found["train_classifier"].items() >= {**classifier, "learning_rate": 0.001}.items()
    sizes = set(re.findall(r"--arm (\S+) --size (\S+) ", "\n".join(commands)))
    classic = {("classic", str(n)) for n in [0, 500, 1000, 2000, 3000, 5000, 7500, 10000, 15000]}
    further = {(arm, f"5000+{n}x3") for arm in ["dcgan", "acgan", "extra"] for n in [100, 500, 1000, 2000, 3000, 4000]}
    assert classic | further <= sizes
    # What each synthetic point is compared with: as many classic images, and as many steps of fresh ones.
    totals = [5000 + 3 * n for n in [100, 500, 1000, 2000, 3000, 4000]]
    assert {(arm, str(total)) for arm in ["classic", "online"] for total in totals} <= sizes
    words = {"patch": 11, "components": 10, "words": 750, "single": 262, "multi": 23}
    assert found["train_bovw"].items() >= words.items()


@pytest.mark.parametrize(("device", "gpus"), [("cuda", "1"), ("cpu", "0")])
def test_training_asks_for_a_gpu_where_the_config_has_one(project, device, gpus):
    project.configure(lambda c: c.update(device=device))
    done = project.snakemake("--dry-run", "--quiet", "host", "--resources", "gpu=1")
    asked = re.findall(r"rule (\w+):(?:\n    .*)*\n    resources: .*gpu=(\d)", done.stdout)
    assert set(asked) == {(rule, gpus) for rule in NETWORKS}


def test_works_from_another_directory(project, tmp_path):
    # A relative script path would break here.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    counts = project.planned("--directory", str(elsewhere))
    assert counts["train_classifier"] == 8


@pytest.mark.slow
def test_imported_images_are_judged_like_any_other_and_need_their_patients(rerun):
    results = rerun.folder / "results/tiny"
    folds = pd.read_csv(results / "seed-0/folds.csv", dtype=str)
    for trained in ["0", "1"]:
        for cls in ["cyst", "metastasis", "hemangioma"]:
            folder = rerun.folder / f"data/train-{trained}/{cls}"
            folder.mkdir(parents=True)
            made = np.random.default_rng(len(list(rerun.folder.glob("data/*/*")))).integers(
                0, 256, (20, 64, 64), np.uint8
            )
            np.save(folder / "images.npy", made)
            patients = folds[folds["fold"] == trained]["patient"].drop_duplicates()
            patients.to_csv(folder / "patients.csv", index=False)

    def use(config):
        config["imported"] = {"other": {"folder": "data/train-{folds}/{cls}"}}
        config["experiment"]["generators"].append("other")

    rerun.configure(use)
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    choices = pd.read_csv(results / "evaluation/best/choices.csv")
    assert set(choices["arm"]) <= {"classic", "online", "mixup", "dcgan", "acgan"}
    headline = pd.read_csv(results / "evaluation/tables/headline.csv")
    assert headline["Arm"].iloc[-1] == "best"
    power = pd.read_csv(results / "evaluation/simulated_power.csv")
    assert power["gain"].tolist() == [0.03, 0.05, 0.07]
    lineage = json.loads((results / "evaluation/lineage.json").read_text(encoding="utf-8"))
    assert lineage["imported"]
    metrics = pd.read_csv(results / "evaluation/metrics.csv")
    assert "60+10x3" in set(metrics[metrics["arm"] == "other"]["size"])
    record = json.loads((results / "seed-0/synthetic/other/on-60/record.json").read_text(encoding="utf-8"))
    assert {Path(path).name for path in record["inputs"]} == {"rois.csv", "images.npy", "folds.csv"}
    assert len(record["inputs"]) == 3  # none of the user's own files
    assert rerun.verify().returncode == 0
    assert (results / "evaluation/figures/other/seed-0/neighbours.png").exists()
    light = pd.read_csv(results / "evaluation/quality/other/seed-0/diagnosis.csv")
    assert light[["generator", "seed", "state", "light"]].to_numpy().tolist() == [["other", 0, "untrained", "red"]]
    assert "real" in light["why"][0]

    tested = folds[folds["fold"] == "0"]["patient"].iloc[0]
    with (rerun.folder / "data/train-1/cyst/patients.csv").open("a", encoding="utf-8") as file:
        file.write(f"{tested}\n")
    done = rerun.snakemake()
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [import_synthetic]" in text
    assert tested in text


@pytest.mark.slow
def test_a_diffusion_model_is_an_arm_and_its_variations_know_their_parents(rerun):
    rerun.configure(lambda c: c["experiment"]["generators"].append("diffusion"))
    expected = {"train_diffusion": 2, "sample_diffusion": 1 * 2, "check_copies": 1, "train_classifier": 1}
    assert rerun.planned().items() >= {**expected, "assess_generator": 1, "plot_training": 1}.items()
    rerun.configure(lambda c: c["experiment"]["generators"].append("variations"))
    expected |= {"take_generator": 2, "sample_variations": 2, "check_copies": 2, "train_classifier": 2}
    assert rerun.planned().items() >= expected.items()
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    results = rerun.folder / "results/tiny"
    arms = {"diffusion", "variations"}
    weights = [results / f"seed-0/generators/{name}/on-60/train-1/all/generator.safetensors" for name in sorted(arms)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    metrics = pd.read_csv(results / "evaluation/metrics.csv")
    assert arms <= set(metrics[metrics["size"] == "60+10x3"]["arm"])
    images = [
        np.load(results / f"seed-0/synthetic/diffusion/on-60/train-1/{cls}/images.npy")
        for cls in ("cyst", "metastasis")
    ]
    assert images[0].shape == (20, 64, 64)
    assert not np.array_equal(*images)

    lineage = json.loads((results / "evaluation/lineage.json").read_text(encoding="utf-8"))
    audited = {model["model"]: model for model in lineage["models"]}
    assert "variations" not in audited["seed-0/generators/diffusion/on-60/train-1/all"]
    assert audited["seed-0/generators/variations/on-60/train-1/all"]["variations"] == 3 * 20
    copies = pd.read_csv(results / "evaluation/quality/variations/seed-0/copies.csv")
    assert copies.loc[copies["meant"], "parent"].equals(copies.loc[copies["meant"], "lesion"])
    light = pd.read_csv(results / "evaluation/quality/variations/seed-0/diagnosis.csv")
    assert "variations of patients' images" in light["why"][0]

    assert rerun.verify().returncode == 0
    computed = rerun.recompute()
    assert computed.returncode == 0, computed.stdout + computed.stderr
    assert "seed-0/synthetic/diffusion" not in computed.stdout + computed.stderr  # only what differs is named
    assert rerun.planned() == {}

    folds = pd.read_csv(results / "seed-0/folds.csv", dtype=str)
    tested = folds[(folds["fold"] == "0") & (folds["class"] == "cyst")]["lesion"].iloc[0]
    index = results / "seed-0/synthetic/variations/on-60/train-1/cyst/index.csv"
    table = pd.read_csv(index, dtype=str)
    table.loc[0, "parent"] = tested
    table.to_csv(index, index=False)
    done = rerun.snakemake("--forcerun", "audit_lineage", "--rerun-triggers", "mtime")
    assert f"lesion {tested} of test patient" in done.stdout + done.stderr


def test_imported_test_images_stop_the_run_before_any_model_trains_on_them(rerun):
    """Turned images of test lesions, whose patients nobody listed: patients.csv is empty."""
    results = rerun.folder / "results/tiny"
    rois = pd.read_csv(results / "rois/rois.csv", dtype=str).merge(
        pd.read_csv(results / "seed-0/folds.csv", dtype=str)[["lesion", "fold"]], how="left"
    )
    images = np.load(results / "rois/images.npy")
    draws = np.random.default_rng(0)
    for trained in ["0", "1"]:
        for cls in ["cyst", "metastasis", "hemangioma"]:
            folder = rerun.folder / f"data/train-{trained}/{cls}"
            folder.mkdir(parents=True)
            made = draws.integers(0, 256, (20, 64, 64), np.uint8)
            if (trained, cls) == ("1", "cyst"):
                stolen = rois[(rois["fold"] == "0") & (rois["class"] == cls)]
                made[: len(stolen)] = np.rot90(images[stolen.index], axes=(1, 2))
            np.save(folder / "images.npy", made)
            (folder / "patients.csv").write_text("patient\n")

    def use(config):
        config["imported"] = {"other": {"folder": "data/train-{folds}/{cls}"}}
        config["experiment"]["generators"].append("other")

    rerun.configure(use)
    done = rerun.snakemake("results/tiny/seed-0/classify/other/60+10x3/record.json")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"ERROR [check_copies] images of other: expected no copy of a test image, found {len(stolen)}; leave" in text
    for number, lesion in enumerate(stolen.itertuples()):
        place = f"other, seed 0, training folds 1: image {number} of class cyst"
        assert f"{place} shows test lesion {lesion.lesion} of patient {lesion.patient}, fold 0 " in text
    assert not list(results.glob("seed-0/classify/other/*/train-*"))


def test_images_of_two_patients_that_look_alike_stop_the_run_until_acknowledged(rerun):
    shutil.copytree(rerun.folder / "results/tiny/phantom", rerun.folder / "data")
    table = pd.read_csv(rerun.folder / "data/case_table.csv", dtype=str)
    first = table.iloc[0]
    series = rerun.folder / "data" / first["image"]
    copied = series.with_name("copied")
    shutil.copytree(series, copied)
    row = {**first, "lesion": "again", "patient": "another", "image": str(copied.relative_to(rerun.folder / "data"))}
    center = pd.read_csv(rerun.folder / "results/tiny/cases.csv", dtype=str).set_index("lesion").loc[first["lesion"]]
    x, y = (int(float(center[f"center_{axis}_px"])) for axis in "xy")
    row |= {"mask": "", "label": "", "box": f"{x - 5},{y - 5},{x + 5},{y + 5}", "slice": center["slice"]}
    pd.concat([table, pd.DataFrame([row])]).to_csv(rerun.folder / "data/case_table.csv", index=False)

    def use(config):
        config["cohort"] = "mine"
        config["cases"]["table"] = "data/case_table.csv"

    rerun.configure(use)
    done = rerun.snakemake("results/mine/seed-0/folds.csv")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "ERROR [check_duplicates] images: expected different ones of different patients, found 1 pair" in text
    patients = f"patients {first['patient']} (row 2) and another (row {len(table) + 2})"
    assert f'- ["{first["lesion"]}", "again"] # {patients}: same series, correlation 1.000' in text
    assert not list((rerun.folder / "results/mine").rglob("folds.csv"))
    assert (rerun.folder / "results/mine/check/contours.pdf").exists()

    rerun.configure(lambda config: config["cases"].update(acknowledged_duplicates=[["again", first["lesion"]]]))
    done = rerun.snakemake("results/mine/seed-0/folds.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    acknowledged = pd.read_csv(rerun.folder / "results/mine/check/acknowledged.csv", dtype=str)
    assert acknowledged[["patient_a", "patient_b"]].to_numpy().tolist() == [[first["patient"], "another"]]


@pytest.mark.slow
def test_nested_selection_runs(rerun):
    def use(config):
        config["folds"] = 3
        config["experiment"].update(
            nested=["classic"], generators=["dcgan"], online=[], mixup=[], extra=[], baselines=[]
        )

    rerun.configure(use)
    target = "results/tiny/evaluation/operating_points.csv"
    done = rerun.snakemake(target)
    assert done.returncode == 0, done.stdout + done.stderr
    chosen = pd.read_csv(rerun.folder / target, dtype={"size": str})
    nested = chosen[(chosen["rule"] == "nested") & (chosen["arm"] == "classic")]
    assert nested["fold"].tolist() == [0, 1, 2]
    # By hand: for fold 0 the models trained on fold 1, tested on 2, and trained on 2, tested on 1.
    predictions = pd.read_csv(
        rerun.folder / "results/tiny/evaluation/predictions.csv", dtype={"size": str, "folds": str}
    )
    inner = predictions[(predictions["arm"] == "classic") & predictions["folds"].isin(["1", "2"])]
    inner = inner[inner["fold"] != 0]
    curve = inner.assign(right=inner["truth"] == inner["predicted"]).groupby("size")["right"].mean()
    curve = curve.sort_index(key=lambda sizes: sizes.astype(int))
    expected = curve.index[(curve >= curve.max() - 0.01).argmax()]
    assert nested["size"].iloc[0] == expected
