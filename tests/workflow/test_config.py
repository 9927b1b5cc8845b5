"""The shipped configs, the schemas and config/README.md belong together; a wrong value is one clear line."""

import copy
import re
import sys

import pytest
import yaml

from synthaug.audit import crate
from tests.helpers import augmentations, common_rules, forked

ROOT = common_rules.ROOT
CONFIGS = sorted((ROOT / "config").glob("*.yaml"))
COMMON = common_rules.helpers({})
TASKS = COMMON["tasks"]()


def read(path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def default_of(task: str) -> dict:
    """Return the config that one of this task is merged over; Snakemake merges likewise."""
    return read(ROOT / common_rules.helpers({"task": task})["default_config"]())


def completed(config: dict) -> dict:
    """Return a config that was checked, with complete presets."""
    config = copy.deepcopy(config)
    common_rules.check(config)
    return config


def keys(value: object, where: tuple = ()) -> set[tuple]:
    """Return the paths of all keys; presets differ by nature and count as one level, imported ones not at all."""
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        name = "*" if where == ("generators",) else key
        found |= {(*where, name)} | (set() if name == "imported" else keys(inner, (*where, name)))
    return found


def described(schema: dict, definitions: dict, where: tuple = ()):
    """Yield (path, schema) of every key."""
    inner = {**schema.get("properties", {})}
    if isinstance(schema.get("additionalProperties"), dict):
        inner["*"] = schema["additionalProperties"]
    for key, value in inner.items():
        if "$ref" in value:
            value = {**definitions[value["$ref"].rsplit("/", 1)[1]], **value}
        yield (*where, key), value
        yield from described(value, definitions, (*where, key))


ONE_NETWORKS = {("segmenter", "dropout")}  # keys that only one kind of network has


def test_the_tasks_are_found():
    assert "classification" in TASKS


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_config_is_valid_and_complete(path):
    config = read(path)
    assert keys(completed(config)) - ONE_NETWORKS == keys(completed(default_of(config["task"]))) - ONE_NETWORKS


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_config_says_the_same_alone_and_over_the_default(path):
    """A preset that starts from another must give each value that the default's preset of its name gives."""
    config = read(path)
    over = COMMON["replaced"](default_of(config["task"]), config)
    alone, merged = completed(config), completed(over)
    merged["generators"] = {name: merged["generators"][name] for name in alone["generators"]}
    assert merged == alone


@pytest.mark.parametrize("task", TASKS)
def test_every_key_has_a_description_and_a_type(task):
    schema = COMMON["schema"](task)
    for where, value in described(schema, schema["$defs"]):
        if where[-1] != "*":
            assert value.get("description"), where
        assert {"type", "enum", "const"} & set(value), where


@pytest.mark.parametrize("task", TASKS)
def test_the_schema_of_a_task_only_adds(task):
    """What it repeats of the shared part are mappings, to which it adds keys, and lists, which it lengthens."""
    shared, own = (read(ROOT / f"workflow/schemas/{name}.schema.yaml") for name in ("config", task))
    assert set(own) <= {"required", "$defs", "properties"}

    def check(base, more):
        for key in set(base) & set(more):
            assert isinstance(base[key], dict | list), key
            assert type(base[key]) is type(more[key]), key
            if isinstance(base[key], dict):
                check(base[key], more[key])

    check(shared, own)


def test_every_key_of_the_default_is_commented_or_obvious():
    text = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
    for word in ["cohort", "seeds", "margin", "group", "synthetic", "bootstrap", "samples"]:
        assert re.search(rf"^\s*{word}:.*#", text, re.MULTILINE), word


def test_reference_lists_every_key_as_the_schema_has_it():
    done = forked.run([sys.executable, "-m", "tests.workflow.config_reference", "--check"], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda c: c.update(clasifier=c["classifier"]), "unknown key 'clasifier'; did you mean 'classifier'?"),
        (lambda c: c["rois"].update(margn=0.3), "rois: unknown key 'margn'; did you mean 'margin'?"),
        (lambda c: c["classifier"].update(epochs=0), "classifier: epochs: 0 is less than the minimum of 1"),
        (lambda c: c.update(folds=11), "folds: 11 is greater than the maximum of 10"),
        (lambda c: c["experiment"].update(group=77), "experiment: group: 77 is not in experiment: classic"),
        (lambda c: c["experiment"].update(generators=["dcgam"]), "'dcgam' is not a preset"),
        (
            lambda c: c["experiment"].update(synthetic=[30, 1500]),
            "sampling: samples: 20 per class, but experiment: synthetic needs 500",
        ),
        (lambda c: c["evaluation"].update(synthetic=33), "evaluation: synthetic: 33 is not in experiment"),
        (
            lambda c: c["experiment"].update(synthetic=[30, 100]),
            "experiment: synthetic: 100 images per training fold are not as many of each of 3 classes; give 99 or 102",
        ),
        (
            lambda c: c["evaluation"].update(primary="stylegan"),
            "evaluation: primary: stylegan is not run; choose one of",
        ),
        (lambda c: c["evaluation"].update(primary="classic"), "evaluation: primary: classic is not run; choose one of"),
        (lambda c: c["cases"].update(classes=["cyst", "all"], positive="cyst"), "'all' is reserved"),
        (
            lambda c: c["cases"].update(classes=["benign", "malignant"], table="x.csv"),
            "cases: positive: expected the positive one of two classes, benign or malignant, found None; name it",
        ),
        (lambda c: c["cases"].update(positive="cyst"), "cases: positive: 'cyst' of 3 classes; give null"),
        (lambda c: c["rois"]["intensity"].update(low=300), "rois: intensity: low 300 is not below high 200"),
        (lambda c: c["rois"]["intensity"].update(mode="percentile"), "percentiles lie between 0 and 100"),
        (lambda c: c["augmentation"].update(preset="ct"), "augmentation: preset: 'ct' is not one of"),
        (lambda c: c["augmentation"].update(flips=["updown"]), "augmentation: flips: 0: 'updown' is not one of"),
        (
            lambda c: c["augmentation"].update(rotations={"degrees": [10, -10]}),
            "augmentation: rotations: degrees: 10 is above -10; exchange them",
        ),
        (
            lambda c: c["augmentation"].update(rotations={"degrees": [0, 0]}),
            "augmentation: rotations: degrees has one value, 0, but number is 30; give a range or number: 1",
        ),
        (
            lambda c: c["augmentation"].update(scales={"diameters": [0.2]}),
            "augmentation: scales: diameters: [0.2] is too short",
        ),
        (
            lambda c: c["augmentation"].update(shifts={"px": 0}),
            "augmentation: shifts: 7 shifts by at most 0 px; raise the limit or give number: 0",
        ),
        (
            lambda c: c["augmentation"].update(intensities={"number": 2}),
            "augmentation: intensities: 2 changes that change nothing; give a range or number: 0",
        ),
        (
            lambda c: c["augmentation"].update(intensities={"gain": [2, 1]}),
            "augmentation: intensities: gain: 2 is above 1; exchange them",
        ),
        (
            lambda c: c["augmentation"].update(intensities={"gamma": [0, 1]}),
            "augmentation: intensities: gamma: 0: 0 is less than or equal to the minimum of 0",
        ),
        (lambda c: c["classifier"].update(preset="vgg"), "classifier: preset: 'vgg' is not one of"),
        (
            lambda c: c["classifier"].update(preset="resnet"),
            "classifier: 'dense' is no key of the preset resnet; remove it, or choose another preset",
        ),
        (
            lambda c: c["classifier"].update(architecture="resnet"),
            "classifier: architecture: resnet is not that of the preset frid-adar; remove it, or choose another preset",
        ),
        (
            lambda c: c["classifier"].update(blocks=2),
            "classifier: 'blocks' is no key of the preset frid-adar; remove it, or choose another preset",
        ),
        (
            lambda c: c.update(classifier={"preset": "resnet", "widths": [16, 8]}),
            "classifier: widths: expected rising multiples of 8, found 16, 8; correct them",
        ),
        (
            lambda c: c.update(classifier={"preset": "resnet", "widths": [8, 12]}),
            "classifier: widths: expected rising multiples of 8, found 8, 12; correct them",
        ),
        (lambda c: c["classifier"].update(widths=[4, 8]), "classifier: widths: expected those of three convolutions"),
        (
            lambda c: c["classifier"].update(early_stopping={"patience": 3}),
            "classifier: early_stopping: key 'share' is missing; see config/README.md",
        ),
        (
            lambda c: c["classifier"].update(early_stopping={"share": 0.6, "patience": 3}),
            "classifier: early_stopping: share: 0.6 is greater than the maximum of 0.5",
        ),
        (
            lambda c: c["classifier"].update(weights="data/none.safetensors"),
            "classifier: weights: no file data/none.safetensors that can be read; correct the path, or give null",
        ),
        (lambda c: c.update(device="gpu"), "device: 'gpu' is not one of"),
        (lambda c: c["experiment"].update(nested=["classic"]), "nested: needs folds: 3 or more"),
        (lambda c: c.update(tested_folds=3), "tested_folds: expected at most the 2 of folds, found 3"),
        (lambda c: c["experiment"].update(nested=["gabor"]), "nested: 'gabor' is not one of"),
        (
            lambda c: c.update(folds=3, evaluation={**c["evaluation"], "operating_point": "nested"}),
            "operating_point: nested needs 'classic' in experiment: nested",
        ),
        (
            lambda c: c["experiment"].update(uses={"pretrain": ["acgan", "other"]}),
            "experiment: uses: pretrain: 'other' is not in experiment: generators; add it there or remove it here",
        ),
        (
            lambda c: c["experiment"].update(uses={"genmix": ["acgan"]}, synthetic=[0, 30]),
            "experiment: synthetic: 0 leaves genmix without synthetic images; remove 0",
        ),
        (
            lambda c: (c["experiment"].update(uses={"pretrain": ["acgan"]}), c["classifier"].update(epochs=1)),
            "classifier: epochs: pretrain needs two or more, one of synthetic and one of real images; raise it",
        ),
        (
            lambda c: (c["experiment"].update(uses={"select": ["acgan"]}, nested=["acgan-select"]), c.update(folds=3)),
            "experiment: nested: 'acgan-select' selects images by the arm classic of the same folds; add 'classic' too",
        ),
        (lambda c: c["uses"]["weight"].update(weight=1), "uses: weight: weight: 1 is greater than or equal to the"),
        (
            lambda c: c["generators"].update({"my-select": c["generators"]["dcgan"]}),
            "generators: 'my-select' should not be valid",
        ),
        (lambda c: c["experiment"].update(baselines=["svm"]), "experiment: baselines: 0: 'svm' is not one of"),
        (lambda c: c["baselines"]["bovw"].update(single=41), "baselines: bovw: single: 41 of 40 words"),
        (lambda c: c.update(imported={"dcgan": {"folder": "x/{cls}"}}), "imported: 'dcgan' is also a preset"),
        (lambda c: c.update(imported={"mine": {"folder": "x"}}), "imported: mine: folder: 'x' does not match"),
        (lambda c: c.update(imported={"mine": {"folder": "{cls"}}), "imported: mine: folder: '{cls' does not match"),
        (
            lambda c: c.update(imported={"mine": {"folder": "{cls}/{x}"}}),
            "mine: folder: expected no braces but {seed}",
        ),
        (
            lambda c: c.update(imported={"mine": {"folder": "{cls}/{"}}),
            "mine: folder: expected no braces but {seed}",
        ),
        (lambda c: c["cases"].update(classes=["cyst", "-met"]), "classes: 1: '-met' does not match"),
        (
            lambda c: c["generators"].update({"online": c["generators"]["dcgan"]}),
            "generators: 'online' should not be valid",
        ),
        (lambda c: c["generators"]["dcgan"].update(diffaugment=["color"]), "'color' is not one of"),
        (
            lambda c: c["generators"]["dcgan"].update(ada={"target": 0.6, "images": 500}),
            "generators: dcgan: ada chooses how often the augmentations of diffaugment are applied",
        ),
        (lambda c: c.update(task="regression"), "task: 'regression' is no task; choose one of: classification"),
        (
            lambda c: c["generators"]["acgan"].update({"from": "dcgam"}),
            "acgan: from: 'dcgam' is no preset of generators",
        ),
        (
            lambda c: c["generators"]["dcgan"].update({"from": "acgan"}),
            "generators: acgan: from: acgan from dcgan from acgan is a circle; let one of them start from none",
        ),
        (lambda c: c["generators"]["dcgan"].update({"from": "dcgan"}), "from: dcgan from dcgan is a circle"),
        (
            lambda c: c["evaluation"].update(costs={"metastasis": {"hemangiom": 5}}),
            "evaluation: costs: metastasis: 'hemangiom' is no class; choose one of cyst, metastasis, hemangioma",
        ),
        (
            lambda c: c["evaluation"].update(costs={"cyst": {"cyst": 2}}),
            "evaluation: costs: cyst: cyst: expected 0, as it is right, found 2; remove it",
        ),
        (
            lambda c: c["evaluation"].update(costs={"cyst": {"metastasis": -1}}),
            "evaluation: costs: cyst: metastasis: -1 is less than the minimum of 0",
        ),
    ],
)
def test_wrong_value_is_one_line_and_nothing_is_written(project, change, expected):
    project.configure(change)
    done = project.snakemake()
    text = done.stdout + done.stderr
    assert done.returncode == 1
    lines = [line for line in text.splitlines() if line.startswith("error: config:")]
    assert any(expected in line for line in lines), text
    assert "Traceback" not in text
    assert not (project.folder / "results").exists()


def test_augmentation_is_that_of_its_preset_but_for_what_is_given():
    config = read(ROOT / "config/tiny.yaml")
    config["augmentation"] = {"preset": "ultrasound", "flips": [], "rotations": {"degrees": [-5, 5]}}
    expected = copy.deepcopy(augmentations.PRESETS["ultrasound"])
    expected["rotations"]["degrees"], expected["flips"] = [-5, 5], []
    complete = completed(config)["augmentation"]
    assert complete == {"preset": "ultrasound", **expected}
    assert completed({**config, "augmentation": complete})["augmentation"] == complete


def test_whole_images_have_no_margin_and_scales_go_as_far_up_as_down():
    config = read(ROOT / "config/tiny.yaml")
    config["cases"]["annotation"] = "none"
    names = common_rules.check(config)
    assert names["chosen_rois"]() == {**config["rois"], "margin": 0}
    assert names["chosen_augmentation"]()["scales"]["diameters"] == [-0.15, 0.15]  # 0.1 to 0.4, less the margin of 0.25
    assert names["task_rows"]() == {"whole_images": True}
    assert names["task_display"]()["margin"] == 0
    config["rois"]["scale"] = "add"
    assert names["chosen_augmentation"]()["scales"]["diameters"] == [0.1, 0.4]
    config["cases"]["annotation"] = "drawn"
    assert names["chosen_rois"]()["margin"] == 0.25
    assert names["task_rows"]() == {}


@pytest.mark.parametrize(
    ("part", "config"), [("augmentation", "tiny"), ("classifier", "tiny"), ("segmenter", "segmentation")]
)
def test_the_schema_has_the_presets_that_there_are(part, config):
    config = read(ROOT / f"config/{config}.yaml")
    presets = read(ROOT / f"workflow/presets/{part}.yaml")
    assert COMMON["schema"](config["task"])["properties"][part]["properties"]["preset"]["enum"] == list(presets)
    for name, values in presets.items():
        complete = completed({**config, part: {"preset": name, **values}})
        assert complete[part] == {"preset": name, **values}


@pytest.mark.parametrize("name", [path.stem for path in CONFIGS if read(path)["task"] == "classification"])
def test_the_network_is_that_of_its_preset_but_for_what_is_given(name):
    """Before there were presets, each config gave every value; these are the values of then."""
    before = {
        "config": ([8, 16, 32], 3, 64, 4, 32, 0.01), "figshare-brain": ([16, 32, 64], 5, 64, 20, 64, 0.01),
        "paper": ([32, 64, 128], 5, 128, 150, 64, 0.001), "tiny": ([4, 4, 8], 5, 16, 2, 64, 0.01),
    }[name]  # fmt: skip
    network = completed(read(ROOT / f"config/{name}.yaml"))["classifier"]
    keys = ["widths", "kernel", "dense", "epochs", "batch", "learning_rate"]
    assert tuple(network[key] for key in keys) == before
    same = {"dropout": 0.5, "momentum": 0.9, "mean": "value", "mixup": 0.2, "early_stopping": None, "weights": None}
    assert network.items() >= {"architecture": "cnn", **same}.items()


def test_a_config_takes_another_network_by_one_key(project):
    """Over the default, whose network is another one: nothing of that is left."""
    (project.folder / "mine.yaml").write_text("cohort: mine\nclassifier: {preset: resnet}\n")
    done = project.snakemake("--dry-run", "--quiet", "all", configfile="mine.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_rule_and_no_page_has_the_path_of_the_weights(tmp_path):
    path = tmp_path / "secret.safetensors"
    path.write_bytes(b"abc")
    config = {**read(ROOT / "config/tiny.yaml"), "classifier": {"preset": "resnet", "weights": str(path)}}
    names = common_rules.check(config)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of "abc", FIPS 180-2
    for shown in (names["public_config"](), names["planned_config"](), names["task_settings"]()):
        assert "secret" not in str(shown)
        assert digest in str(shown)
    published = completed(crate.runnable(names["public_config"]()))  # a config that others can plan with
    assert published["classifier"] == {**config["classifier"], "weights": None}


def test_key_that_stands_twice_is_refused(project):
    (project.folder / "mine.yaml").write_text("cohort: mine\nexperiment:\n  online: []\nexperiment:\n  mixup: []\n")
    done = project.snakemake("--dry-run", configfile="mine.yaml")
    assert done.returncode == 1
    line = "error: config: mine.yaml, line 4: 'experiment' stands in line 2 already; put the two together"
    assert line in (done.stdout + done.stderr).splitlines()


def test_real_data_are_not_given_to_the_demos_networks(project):
    """What a config has that changes README's lines alone."""
    path = project.folder / "mine.yaml"
    path.write_text("cohort: mine\ncases:\n  table: data/cases.csv\nexperiment:\n  extra: []\n")
    done = project.snakemake("--dry-run", configfile="mine.yaml")
    assert done.returncode == 1
    assert "error: config: budget: null leaves real data to the demo's small networks" in done.stdout + done.stderr
    path.write_text(path.read_text() + "classifier:\n  epochs: 30\n")
    done = project.snakemake("--dry-run", configfile="mine.yaml")
    assert "the demo's small networks" not in done.stdout + done.stderr


def test_misspelt_key_on_top_of_the_default_is_refused(project):
    # --configfile merges over the default, so a misspelt key would otherwise silently keep the old value.
    (project.folder / "mine.yaml").write_text("experiment: {clasic: [0, 100]}\n")
    done = project.snakemake("--dry-run", configfile="mine.yaml")
    assert done.returncode == 1
    assert "error: config: experiment: unknown key 'clasic'; did you mean 'classic'?" in done.stdout + done.stderr


@pytest.mark.parametrize("cell", ["p0\0.png", "p0\0.mhd", "x" * 300 + ".png", "x" * 300 + ".nhdr"])
def test_cell_that_no_file_can_be_called_is_left_to_the_check_of_the_data(project, cell):
    (project.folder / "cases.csv").write_text(f'lesion,patient,class,image,box\nL1,p1,cyst,{cell},"1,1,9,9"\n')
    project.configure(lambda c: c["cases"].update(table="cases.csv"))
    assert project.planned("check_data")["check_cases"] == 1


def test_environments_pin_what_requirements_pin():
    pins = dict(
        re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    )
    pins = {name.lower(): version for name, version in pins.items()}
    for path in (ROOT / "envs").glob("*.yaml"):
        for dependency in yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]:
            name, version = dependency.split("=")
            if name != "python":
                assert pins[{"pytorch": "torch"}.get(name, name)] == version, (path.name, name)
