"""After a change, exactly what the change affects runs again: the central promise of the workflow."""

import csv
import shutil

import pandas as pd
import pytest
import SimpleITK as sitk

from synthaug.files import artifacts
from tests.helpers import regression_task

DCGAN = {"train_dcgan": 6, "sample_dcgan": 2}
ACGAN = {"train_acgan": 2, "sample_acgan": 2, "classify_discriminator": 1}
BASELINES = {"train_bovw": 1, "train_texture": 1}
SEARCHED, ONE_SEARCHED = {"check_copies": 2}, {"check_copies": 1}
NETWORKS = {**DCGAN, **ACGAN, **SEARCHED, "train_classifier": 8}
TRAINING = {**NETWORKS, **BASELINES}
STATISTICS = {"compute_metrics": 1, "compare_arms": 1, "make_tables": 1, "compute_subgroups": 1}
STATISTICS |= {"write_headline": 1, "plot_size_curves": 1, "plot_calibration": 1, "write_conformance": 1}
STATISTICS |= {"estimate_study_size": 1, "plot_decision_curves": 1, "make_cost_table": 1}
STATISTICS |= {"write_checklists": 1, "choose_strategy": 1}
# Whatever becomes stale is another value, or other code, than was planned; the plan makes nothing else stale.
PLAN = {"list_deviations": 1, "write_summary": 1}
OF_BASELINES = {"collect_predictions": 1, **PLAN, **STATISTICS, "audit_lineage": 1, "all": 1}
EVALUATION = {**OF_BASELINES, "check_trainings": 1}
GENERATOR_FIGURES = {"plot_synthetic": 2, "plot_training": 2, "assess_generator": 2}
ONE_GENERATOR = {"plot_synthetic": 1, "plot_training": 1, "assess_generator": 1}
SAMPLED = {"plot_synthetic": 1, "assess_generator": 1}
FIG9 = {"plot_tsne": 1}
SHEET = {"build_pool": 1, "plot_augmentations": 1}
FROM_POOL = {**SHEET, "plan_experiment": 1, **NETWORKS, **GENERATOR_FIGURES, **FIG9, **EVALUATION}
SHEETS = {"plot_contours": 1, "check_duplicates": 1}  # of the ROIs too, so whatever follows duplicates follows these
FROM_ROIS = {"extract_rois": 1, **SHEETS, "make_folds": 1, **BASELINES, **FROM_POOL}
PREVIEW = {**SHEETS, "suggest_cases": 1, "write_notes": 1}
DATA_CHECKED = {"check_cases": 1, **PREVIEW, "extract_rois": 1, **SHEET, "check_data": 1}
FROM_CASES = {"check_cases": 1, **FROM_ROIS}
FROM_FOLDS = {"make_folds": 1, "plan_experiment": 1, **TRAINING, **GENERATOR_FIGURES, **FIG9, **EVALUATION}
FROM_THREE_FOLDS = {**FROM_FOLDS, "train_dcgan": 9, "sample_dcgan": 3, "train_acgan": 3, "sample_acgan": 3}
ADDED_SIZE = {"plan_experiment": 1, "train_classifier": 1, **EVALUATION}
# The config's copy in the conformance page: the page is written again after any change of the config.
PAGE = {"write_conformance": 1, "write_summary": 1, "all": 1}
VERDICTS = {"compare_arms": 1, "write_headline": 1, "make_tables": 1, "make_cost_table": 1, **PLAN, **PAGE}
VERDICTS |= {"write_checklists": 1, "choose_strategy": 1}
CHECKLISTS = {"write_checklists": 1, **PLAN, "all": 1}
SMALLEST_GAIN = {**VERDICTS, "estimate_study_size": 1}


def test_nothing_to_be_done_after_a_run(rerun):
    assert rerun.planned() == {}


def check_report_is_written(project):
    """The jobs are done, so the same command writes the report alone; then there is nothing to be done."""
    assert project.planned() == {"all": 1}
    done = project.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    verified = project.verify()
    assert verified.returncode == 0, verified.stderr
    assert len(verified.stdout.splitlines()) == 2  # nothing left over, and a report; then the root digest
    assert project.planned() == {}
    assert "Nothing to be done" in project.snakemake().stderr


@pytest.mark.slow
def test_report_that_failed_is_written_by_the_same_command(rerun):
    results = rerun.folder / "results/tiny"
    for name in ["report.html", "report.record.json"]:
        (results / name).unlink()
    (results / "report.html").mkdir()
    done = rerun.snakemake()
    assert done.returncode == 1
    assert "error: report: " in done.stdout + done.stderr
    (results / "report.html").rmdir()
    check_report_is_written(rerun)


@pytest.mark.slow
def test_report_of_former_results_is_written_again(rerun):
    """What is left when Snakemake is killed after the last job: both files of the former report, or one of them."""
    paths = [rerun.folder / "results/tiny" / name for name in ["report.html", "report.record.json"]]
    former = [path.read_bytes() for path in paths]
    rerun.configure(lambda c: c["evaluation"].update(smallest_gain=0.05))
    assert rerun.planned() == SMALLEST_GAIN
    done = rerun.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    assert rerun.planned() == {}
    for path, content in zip(paths, former, strict=True):
        path.write_bytes(content)
    check_report_is_written(rerun)
    paths[1].write_bytes(former[1])
    check_report_is_written(rerun)


def test_edited_template_of_the_report_makes_it_due(rerun):
    rerun.edit("workflow/report/shared/report.html.j2", lambda text: text + "<!-- edited -->\n")
    assert rerun.planned() == {"all": 1}


def test_edit_that_is_accepted_leaves_no_report_due(rerun):
    rerun.edit("scripts/synthaug/classification/bovw.py", lambda text: text + "# a comment\n")
    done = rerun.snakemake("--touch")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rerun.planned() == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c["phantom"].update(slices=3), {"make_phantom": 1, **FROM_CASES}),
        # Nothing trains before suspected duplicates are acknowledged.
        (lambda c: c["cases"].update(duplicate_correlation=0.8), {**SHEETS, **FROM_FOLDS}),
        (lambda c: c["cases"]["acknowledged_duplicates"].append(["a", "b"]), {"check_duplicates": 1, **FROM_FOLDS}),
        (lambda c: c["rois"].update(margin=0.3), FROM_ROIS),
        (lambda c: c["rois"]["intensity"].update(low=-50), FROM_ROIS),
        (lambda c: c["rois"].update(padding="reflect"), FROM_ROIS),
        # Baselines see no augmented image. Only larger ones need other crops.
        (lambda c: c["augmentation"].update(flips=["left-right"]), FROM_POOL),
        (lambda c: c["augmentation"].update(intensities={"number": 1, "gain": [0.8, 1.2]}), FROM_POOL),
        (lambda c: c["augmentation"].update(shifts={"px": 8}), FROM_ROIS),
        (lambda c: c["augmentation"].update(rotations={"number": 30}), {}),  # as it is
        (
            lambda c: c["generators"]["dcgan"].update(epochs=3),
            {**DCGAN, **ONE_SEARCHED, "train_classifier": 1, **ONE_GENERATOR, **FIG9, **EVALUATION},
        ),
        (
            lambda c: c["generators"]["acgan"].update(epochs=3),
            {**ACGAN, **ONE_SEARCHED, "train_classifier": 1, **ONE_GENERATOR, **EVALUATION},
        ),
        (
            lambda c: c["generators"]["dcgan"]["sampling"].update(sampling_latent="normal"),
            {"sample_dcgan": 2, **ONE_SEARCHED, "train_classifier": 1, **SAMPLED, **FIG9, **EVALUATION},
        ),
        (
            lambda c: c["classifier"].update(epochs=3),
            {"train_classifier": 8, "assess_generator": 2, **FIG9, **EVALUATION},
        ),
        (
            lambda c: c["classifier"].update(early_stopping={"share": 0.2, "patience": 1}),
            {"plan_experiment": 1, "train_classifier": 8, "assess_generator": 2, **FIG9, **EVALUATION},
        ),
        (lambda c: c["classifier"].update(mixup=0.4), {"train_classifier": 1, **EVALUATION}),
        (lambda c: c["baselines"]["bovw"].update(words=30), {"train_bovw": 1, **OF_BASELINES}),
        (lambda c: c["experiment"].update(synthetic=[15, 30]), {**ADDED_SIZE, "train_classifier": 2}),
        (lambda c: c["experiment"].update(classic=[0, 30, 60, 90]), ADDED_SIZE),
        (lambda c: c["experiment"].update(online=[60, 90]), ADDED_SIZE),
        (lambda c: c["experiment"].update(placebo=True), ADDED_SIZE),
        (lambda c: c["experiment"]["baselines"].append("gabor"), {"train_texture": 1, **OF_BASELINES}),
        (lambda c: c["quality"].update(neighbours=4), {"assess_generator": 2, **PLAN, **PAGE}),
        (lambda c: c["evaluation"].update(smallest_gain=0.05), SMALLEST_GAIN),
        (
            lambda c: c["evaluation"].update(primary="acgan"),
            {"compute_subgroups": 1, "plot_decision_curves": 1, **SMALLEST_GAIN},
        ),
        (
            lambda c: c["evaluation"].update(confidence=0.9),
            {**PLAN, **STATISTICS, "assess_generator": 2, **FIG9, "all": 1},
        ),
        (
            lambda c: c["evaluation"].update(costs=None),
            {**PLAN, **{rule: 1 for rule in STATISTICS if rule != "make_cost_table"}, "all": 1},
        ),
        (lambda c: c["reader_study"].update(readers=3), PAGE),
        # The models of folds 12, 02 and 01 are new.
        (lambda c: c.update(folds=3), FROM_THREE_FOLDS),
    ],
    ids=[
        "phantom", "cases", "acknowledged", "rois", "intensity", "padding", "flips", "gray", "shifts", "preset",
        "dcgan", "acgan", "sampling", "classifier", "early-stopping", "mixup",
        "bovw", "synthetic", "classic", "online", "placebo", "baselines", "quality", "smallest-gain", "primary",
        "confidence", "costs", "reader-study", "folds",
    ],
)  # fmt: skip
def test_config_key(rerun, change, expected):
    rerun.configure(change)
    assert rerun.planned() == expected


def test_other_weights_train_again_and_the_name_of_their_file_does_not_count(rerun):
    folder = rerun.folder / "results/tiny/seed-0/classify/classic/60"
    record, weights = str(folder.relative_to(rerun.folder) / "record.json"), "train-0/weights.safetensors"
    shutil.copy(folder / weights, rerun.folder / "mine.safetensors")
    shutil.copy(folder / "train-1/weights.safetensors", rerun.folder / "others.safetensors")
    rerun.configure(lambda c: c["classifier"].update(weights="mine.safetensors"))
    expected = {"train_classifier": 8, "assess_generator": 2, **FIG9, **EVALUATION}
    assert rerun.planned() == expected

    before = (folder / weights).read_bytes()
    done = rerun.snakemake(record)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / weights).read_bytes() != before
    text = (rerun.folder / record).read_text() + (folder / "train-0/model.json").read_text()
    assert artifacts.sha256(rerun.folder / "mine.safetensors") in text
    assert "mine.safetensors" not in text

    (rerun.folder / "mine.safetensors").rename(rerun.folder / "renamed.safetensors")
    rerun.configure(lambda c: c["classifier"].update(weights="renamed.safetensors"))
    assert rerun.planned(record) == {}
    (rerun.folder / "others.safetensors").replace(rerun.folder / "renamed.safetensors")
    assert rerun.planned(record) == {"train_classifier": 1}


def test_added_preset_runs_only_that_preset(rerun):
    def add(config):
        config["generators"]["other"] = {**config["generators"]["dcgan"], "learning_rate": 0.0001}
        config["experiment"]["generators"].append("other")

    rerun.configure(add)
    new = {"plan_experiment": 1, **DCGAN, **ONE_SEARCHED, "train_classifier": 1}
    assert rerun.planned() == {**new, **ONE_GENERATOR, **EVALUATION}


@pytest.mark.parametrize("use", ["pretrain", "genmix", "weight", "select"])
def test_added_use_runs_only_that_use(rerun, use):
    rerun.configure(lambda c: c["experiment"].update(uses={use: ["dcgan"]}))
    selected = {"select_synthetic": 1} if use == "select" else {}
    assert rerun.planned() == {**ADDED_SIZE, **selected}


def test_preset_that_is_not_in_the_experiment_runs_nothing(rerun):
    rerun.configure(lambda c: c["generators"].update(other=dict(c["generators"]["dcgan"])))
    assert rerun.planned() == PAGE


def test_added_seed_keeps_the_first_one(rerun):
    rerun.configure(lambda c: c.update(seeds=[0, 1]))
    new = {"make_folds": 1, "plan_experiment": 1, **TRAINING, "plot_training": 2, "assess_generator": 2}
    assert rerun.planned() == {**new, **EVALUATION}


def test_nested_selection_adds_the_inner_models_only(rerun):
    rerun.configure(lambda c: c.update(folds=3))
    without = rerun.planned()
    rerun.configure(lambda c: c["experiment"].update(nested=["classic", "acgan"]))
    more = {rule: count - without.get(rule, 0) for rule, count in rerun.planned().items() if count != without.get(rule)}
    assert more == {"train_inner_classifier": 4, "train_acgan": 3, "sample_acgan": 3, "check_inner_copies": 1}


def test_added_case(rerun):
    table = rerun.folder / "results/tiny/phantom/case_table.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open("a", newline="") as file:
        csv.DictWriter(file, rows[0], lineterminator="\n").writerow({**rows[0], "lesion": "added"})
    assert rerun.planned() == FROM_CASES


def check_own_data(project):
    """Check the cohort in the folder data; nothing is to be done afterwards."""

    def use(config):
        config["cohort"] = "mine"
        config["cases"]["table"] = "data/case_table.csv"

    project.configure(use)
    done = project.snakemake("check_data")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.planned("check_data") == {}


def test_slice_replaced_in_the_users_series(rerun):
    shutil.copytree(rerun.folder / "results/tiny/phantom", rerun.folder / "data")

    check_own_data(rerun)
    path = sorted((rerun.folder / "data").rglob("*.dcm"))[0]
    path.write_bytes(path.read_bytes() + b"\0\0")
    assert rerun.planned("check_data") == DATA_CHECKED


@pytest.mark.parametrize("suffix", ["mhd", "nhdr"])
def test_voxels_replaced_beside_the_header_that_names_them(rerun, suffix):
    """The header, which the case table names, stays as it is."""
    shutil.copytree(rerun.folder / "results/tiny/phantom", rerun.folder / "data")
    table = pd.read_csv(rerun.folder / "data/case_table.csv", dtype=str)
    for mask in table["mask"].unique():
        name = f"data/{mask.removesuffix('.nii.gz')}.{suffix}"
        sitk.WriteImage(sitk.ReadImage(rerun.folder / "data" / mask), rerun.folder / name)
    table["mask"] = table["mask"].str.replace("nii.gz", suffix)
    table.to_csv(rerun.folder / "data/case_table.csv", index=False)

    check_own_data(rerun)
    (voxels, *_) = (path for path in (rerun.folder / "data").rglob("*raw*"))
    content = voxels.read_bytes()
    voxels.unlink()
    voxels.write_bytes(content)
    assert rerun.planned("check_data") == DATA_CHECKED


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("classification/measures", {**PLAN, **STATISTICS, "all": 1}),
        ("evaluation/roc", {**PLAN, **STATISTICS, "assess_generator": 2, "all": 1}),
        (
            "generators/dcgan",
            {**DCGAN, **ACGAN, **SEARCHED, "train_classifier": 2, **GENERATOR_FIGURES, **FIG9, **EVALUATION},
        ),
        # The ACGAN is built on the networks of the DCGAN, not the other way round.
        ("generators/acgan", {**ACGAN, **ONE_SEARCHED, "train_classifier": 1, **ONE_GENERATOR, **EVALUATION}),
        ("classification/augmentation_draws", FROM_POOL),
        ("classification/augment", FROM_ROIS),
        ("classification/cnn", {"train_classifier": 8, "assess_generator": 2, **FIG9, **EVALUATION}),
        ("classification/bovw", {"train_bovw": 1, **OF_BASELINES}),
        ("classification/texture", {"train_texture": 1, **OF_BASELINES}),
        ("evaluation/comparisons", VERDICTS),
        ("evaluation/best_strategy", {"choose_strategy": 1, "write_headline": 1, **PLAN, "all": 1}),
        ("evaluation/learning_curve", {**PLAN, "estimate_study_size": 1, "write_checklists": 1, "all": 1}),
        ("evaluation/differences", {"compute_subgroups": 1, "estimate_study_size": 1, **VERDICTS}),
        ("classification/calibration", {"plot_calibration": 1, "plot_decision_curves": 1, **PLAN, "all": 1}),
        ("classification/cost_table", {"make_cost_table": 1, **PLAN, "all": 1}),
        ("quality/copy_search", {**PLAN, "assess_generator": 2, "all": 1}),
        ("quality/copied_test_images", {**SEARCHED, "train_classifier": 2, **FIG9, **EVALUATION}),
        ("cohort/acknowledged_duplicates", {"check_duplicates": 1, **FROM_FOLDS}),
        ("cohort/folds", FROM_FOLDS),
        ("cohort/near_duplicates", {**SHEETS, **FROM_FOLDS}),
        ("cohort/shared_images", {**SHEETS, **FROM_FOLDS}),
        ("cohort/preview_notes", PLAN | {"all": 1}),
        ("evaluation/study_size", {**PLAN, "estimate_study_size": 1, "write_checklists": 1, "all": 1}),
        ("report/cohort_facts", CHECKLISTS),
        ("classification/described_models", CHECKLISTS),
        ("audit/analysis_plan", {**PLAN, "all": 1}),
    ],
)
def test_library_module_and_its_revert(rerun, module, expected):
    name = f"scripts/synthaug/{module}.py"
    before = (rerun.folder / name).read_text(encoding="utf-8")
    rerun.edit(name, lambda text: text + "\n# edited\n")
    assert rerun.planned() == {rule: count for rule, count in expected.items() if count}
    (rerun.folder / name).write_text(before)
    assert rerun.planned() == {}


@pytest.mark.parametrize("name", ["checklists.yaml", "checklists.html.j2"])
def test_items_and_look_of_the_checklists(rerun, name):
    rerun.edit(f"workflow/report/shared/{name}", lambda text: text.replace("Funding", "Money").replace("#222", "#111"))
    assert rerun.planned() == {"write_checklists": 1, "all": 1}


def test_library_of_another_task_is_added(rerun):
    folder = rerun.folder / "scripts/synthaug/another_task"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Masks of lesions."""\n')
    (folder / "unet.py").write_text(
        '"""A network."""\n\nfrom synthaug.training import device\n\nWHERE = device.choose\n'
    )
    assert rerun.planned() == {}


def test_another_task_is_added(rerun):
    regression_task.add(rerun.folder)
    assert rerun.planned() == {}
