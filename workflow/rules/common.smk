"""Helpers of the rules: the config's check, the code a script runs, and which models the experiment asks for."""

import ast
import csv
import difflib
import json
import subprocess
import tempfile

import jsonschema
import yaml

BASE = Path(workflow.basedir)


def check_config():
    """Stop with one line for each value of the config that the schema or the rest of the config forbids."""
    schema = yaml.safe_load((BASE / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    problems = [line for error in validator.iter_errors(config) for line in explain(error)]
    problems = problems or inconsistencies()
    if problems:
        sys.exit("\n".join(f"error: config: {problem}" for problem in sorted(problems)))


def explain(error):
    """Return lines that say where a schema error is, what was found and what to write."""
    where = ": ".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(set(error.instance) - set(known)):
            close = difflib.get_close_matches(str(key), known, n=1)
            yield f"{where}: unknown key {key!r}" + (f"; did you mean {close[0]!r}?" if close else "; remove it")
    elif error.validator == "required":
        for key in sorted(set(error.validator_value) - set(error.instance)):
            yield f"{where}: key {key!r} is missing; see config/README.md"
    else:
        hint = error.schema.get("description", "see config/README.md")
        yield f"{where}: {error.message} ({hint})"


def inconsistencies():
    """Return what is wrong between keys that are each valid."""
    experiment, evaluation = config["experiment"], config["evaluation"]
    found = []
    for name in experiment["generators"]:
        if name not in config["generators"]:
            found.append(
                f"experiment: generators: {name!r} is not a preset of generators; add it or choose one of them"
            )
            continue
        samples = config["generators"][name]["sampling"]["samples"]
        needed = max(experiment["synthetic"], default=0) * (config["folds"] - 1)
        if samples < needed:
            found.append(
                f"generators: {name}: sampling: samples: {samples} a class, but experiment: synthetic needs {needed}"
            )
    if experiment["group"] not in experiment["classic"]:
        found.append(f"experiment: group: {experiment['group']} is not in experiment: classic; add it there")
    for arm in ["synthetic", "extra"]:
        if experiment[arm] and evaluation["synthetic"] not in experiment[arm]:
            found.append(f"evaluation: synthetic: {evaluation['synthetic']} is not in experiment: {arm}; add it there")
    intensity = config["rois"]["intensity"]
    if not intensity["low"] < intensity["high"]:
        found.append(f"rois: intensity: low {intensity['low']} is not below high {intensity['high']}; exchange them")
    if intensity["mode"] == "percentile" and not 0 <= intensity["low"] < intensity["high"] <= 100:
        found.append("rois: intensity: percentiles lie between 0 and 100; give low and high with the mode")
    if len(set(config["cases"]["classes"]) & {"all"}):
        found.append("cases: classes: 'all' is reserved; rename the class")
    if config["cases"]["table"] is None and set(config["cases"]["classes"]) != set(config["phantom"]["lesions"]):
        found.append("cases: classes: the phantom has cyst, metastasis and hemangioma; name these or give a table")
    return found


def pack(**values):
    """Return ``values`` as one canonical JSON string, the form in which a script takes its parameters."""
    return json.dumps(values, sort_keys=True)


def code(script):
    """Return the paths of scripts/<script>.py and of every file of this project that it imports, script first."""
    root = BASE / "scripts"
    pending, found = [root / f"{script}.py"], []
    while pending:
        path = pending.pop()
        if path in found:
            continue
        found.append(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            candidates = [root.joinpath(*name.split(".")).with_suffix(".py") for name in names]
            pending += [candidate for candidate in candidates if candidate.exists()]
    return [os.path.relpath(path) for path in found[:1] + sorted(found[1:])]


def gpu():
    """Return how many GPUs a training job asks for; `auto` looks for an NVIDIA device on this machine."""
    return int(config["device"] == "cuda" or (config["device"] == "auto" and Path(os.sep, "dev", "nvidia0").exists()))


def training(preset):
    """Return the part of a generator preset that its training uses."""
    return {key: value for key, value in preset.items() if key != "sampling"}


def compute():
    """Return the parameters that every training and sampling script takes besides its own."""
    return {key: config[key] for key in ["master_seed", "device", "threads", "precision"]}


def case_table():
    return config["cases"]["table"] or "<results>/phantom/case_table.csv"


def case_files():
    """Return the images and masks that exist, those of a folder one by one, so that a replaced file is noticed.

    Missing files are check_cases' to report.
    """
    table = config["cases"]["table"]
    if table is None:
        return ["<results>/phantom/patients"]
    if not Path(table).is_file():
        return []
    with open(table, newline="", encoding="utf-8-sig", errors="replace") as file:
        names = {(row.get(column) or "").strip() for row in csv.DictReader(file) for column in ["image", "mask"]}
    paths = [Path(table).parent / name for name in sorted(names) if name]
    found = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [str(file) for file in found if file.is_file()]


def train_folds():
    """Return, for each test fold, the folds trained on: "12", "02" and "01" for three folds."""
    return ["".join(str(k) for k in range(config["folds"]) if k != test) for test in range(config["folds"])]


def arms():
    """Return every (arm, size) of the experiment; sizes are images per training fold."""
    experiment = config["experiment"]
    count = len(config["cases"]["classes"])
    further = {name: experiment["synthetic"] for name in experiment["generators"]} | {"extra": experiment["extra"]}
    return [("classic", str(size)) for size in experiment["classic"]] + [
        (arm, f"{experiment['group']}+{size}x{count}") for arm, sizes in further.items() for size in sizes
    ]


def runs():
    """Return every classifier of the experiment as (arm, size, seed, folds)."""
    return [(*arm, seed, folds) for seed in config["seeds"] for arm in arms() for folds in train_folds()]


def generators(name=None, seed=None):
    """Return every generator as (generator, group, seed, folds, cls); with arguments, those of one preset and seed."""
    return [
        (generator, config["experiment"]["group"], number, folds, cls)
        for generator in config["experiment"]["generators"]
        for number in config["seeds"]
        for folds in train_folds()
        for cls in config["cases"]["classes"]
        if name in (None, generator) and seed in (None, number)
    ]


def generators_of(wildcards):
    """Return the generators that a figure of one preset and seed shows."""
    return generators(wildcards.generator, int(wildcards.seed))


def further_arms():
    """Return the arms beside `classic`."""
    return config["experiment"]["generators"] + (["extra"] if config["experiment"]["extra"] else [])


def classifier_files(name):
    """Return the file ``name`` of every classifier, in the order of `runs`."""
    return [f"<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/{name}" for arm, size, seed, folds in runs()]


def generator_files(name, which=None):
    """Return the file ``name`` of every generator, in the order of `generators`, or of those in ``which``."""
    return [
        f"<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/{name}"
        for generator, group, seed, folds, cls in (generators() if which is None else which)
    ]


def synthetic_images(wildcards):
    """Return the synthetic images that a generator's arm adds, a file a class; nothing for the other arms."""
    if wildcards.arm not in config["generators"]:
        return []
    folder = "<results>/seed-{seed}/synthetic/{arm}/on-{group}/train-{folds}"
    group = wildcards.size.split("+")[0]
    return [f"{folder}/{cls}/images.npy".format(**wildcards, group=group) for cls in config["cases"]["classes"]]


def folders(paths):
    return [os.path.dirname(path) for path in paths]


def generator_figures():
    """Return the figures of each generator of the experiment."""
    return [
        f"<results>/evaluation/figures/{name}/{figure}.png"
        for name in config["experiment"]["generators"]
        for figure in ["fig6", *(f"seed-{seed}/{part}" for seed in config["seeds"] for part in ["losses", "samples"])]
    ]


def evaluation():
    """Return the parameters that every statistic takes."""
    return {
        "master_seed": config["master_seed"],
        "classes": config["cases"]["classes"],
        "folds": config["folds"],
        "bootstrap": config["evaluation"]["bootstrap"],
        "confidence": config["evaluation"]["confidence"],
    }


def operating_point():
    """Return the sizes at which the tables compare the arms; fixed in the config, never chosen by a result."""
    return {"group": config["experiment"]["group"], "synthetic": config["evaluation"]["synthetic"]}


def write_report():
    """Write the Snakemake report of a complete run; part of a run, such as check_data, has none."""
    if "all" not in {job.rule.name for job in workflow.dag.jobs}:
        return
    results = Path(f"results/{config['cohort']}")
    with tempfile.TemporaryDirectory() as folder:
        merged = Path(folder, "config.yaml")
        merged.write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(BASE / "Snakefile"), "--configfile", merged]
        command += ["--cores", "1", "--nolock", "--report", results / "report.html"]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"error: report: {done.stderr.strip()}")
    print(f"Report: {results / 'report.html'}", file=sys.stderr)
