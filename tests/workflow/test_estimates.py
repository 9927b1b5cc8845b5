"""How long a run of slices takes: known before it begins, from timed steps and from what its trainings go through."""

import json
import re

import pytest
import yaml

MINE = "mine.yaml"
SPEED = 2  # images/s, of every network
SEGMENTATION = {
    "task": "segmentation",
    "slices": {"side": 32},
    "segmenter": {"preset": "unet-medium", "widths": [2, 4], "epochs": 10, "batch": 2},
    "generators": {"lcgan": {"generator_maps": 2, "discriminator_maps": 2, "epochs": 40, "candidates": [40]}},
    "experiment": {"shares": [1000], "arms": ["fresh"]},
    "evaluation": {"share": 1000},
}
DETECTION = {
    "task": "detection",
    "folds": 2,
    "slices": {"side": 32},
    "detector": {"preset": "yolov3-medium", "maps": 2, "steps": 600, "batch": 4},
    "generators": {"cpggan": {"maps": 2, "latent": 2, "images_per_stage": [80], "batches": [8]}},
    "experiment": {"arms": ["fresh"]},
}
DETECTION["experiment"]["validation"] = 0.25


def write(project, config, image):
    """Write a table of 48 rows, every second one of a slice without lesion, and a config for it."""
    config = {"cohort": "mine", "cases": {"table": "cases.csv", "classes": ["disc"]}, **config}
    rows = ["lesion,patient,class,image,box"]
    for number in range(48):
        shown = number % 2
        rows.append(f"L{number},P{number},{'disc' * shown},{image.format(number)},{'1 1 9 9' * shown}")
    (project.folder / "cases.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (project.folder / MINE).write_text(yaml.safe_dump(config), encoding="utf-8")


def dry_run(project) -> str:
    done = project.snakemake("--dry-run", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seconds(said: str, rule: str) -> float:
    number, unit = re.search(rf"^ +\d+ {rule} +([\d.]+) (s|min) of one core", said, re.MULTILINE).groups()
    return float(number) * {"s": 1, "min": 60}[unit]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # Images by hand: 48 slices, half of them with a lesion, in two folds.
        (
            SEGMENTATION,
            {
                # fresh: two folds, 3 times 24 slices in 10 epochs each
                "train_segmenter": 2 * 3 * 24 * 10 / SPEED,
                # original and lcgan likewise
                "train_segmenter_by_epochs": 2 * 2 * 3 * 24 * 10 / SPEED,
                # two folds, 12 slices with a lesion in 40 epochs
                "train_lcgan": 2 * 12 * 40 / SPEED,
            },
        ),
        (
            DETECTION,
            {
                # one tested fold; real, fresh, cpggan and cpggan-filtered
                "train_detector": 4 * 600 * 4 / SPEED,
                # 4 px once, 8, 16 and 32 px twice
                "train_cpggan": 7 * 80 / SPEED,
            },
        ),
    ],
    ids=["segmentation", "detection"],
)
def test_a_dry_run_says_how_long_each_kind_of_training_takes(project, config, expected):
    write(project, config, "{}.png")
    said = dry_run(project)
    assert re.search(r"^It would take about .* \(cores: 2\)", said, re.MULTILINE)
    noted = project.folder / "results/mine/benchmarks/speeds.json"
    values = json.loads(noted.read_text())
    noted.write_text(json.dumps(values | {"speeds": dict.fromkeys(values["speeds"], SPEED)}))
    said = dry_run(project)
    for rule, least in expected.items():
        assert least - 30 <= seconds(said, rule) < 1.1 * least + 30, rule  # whole minutes; starts, and what is tested


def test_slices_of_volumes_are_counted_when_they_are_cut(project):
    write(project, SEGMENTATION, "{}.nii.gz")
    said = dry_run(project)
    assert "How long it would take is known once the slices of the volumes are cut: run check_data first." in said
    assert "It would take about" not in said


def test_check_data_asks_for_no_network(project):
    """It trains nothing, so a stranger who has written nothing but the table sees his slices."""
    write(project, {"task": "segmentation"}, "{}.png")
    done = project.snakemake("check_data", "--dry-run", configfile=MINE)
    assert done.returncode == 0, done.stdout + done.stderr
    refused = project.snakemake("--dry-run", configfile=MINE)
    assert refused.returncode == 1
    for line in [
        "segmenter: unet-small is the demo's, too small for real images; write segmenter: {preset: unet-medium}",
        "generators: lcgan: these are the demo's values, too small for real images; for a first run write"
        " generators: {lcgan: {generator_maps: 16,",
    ]:
        assert f"error: config: {line}" in refused.stderr
