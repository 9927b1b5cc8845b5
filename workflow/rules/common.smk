"""Helpers of the rules: the config's check, the code a script runs, and which models the experiment asks for."""

import ast
import csv
import difflib
import functools
import hashlib
import itertools
import json
import re
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
        if name in config["imported"]:
            continue
        if name not in config["generators"]:
            found.append(
                f"experiment: generators: {name!r} is not a preset of generators, nor imported; add it or choose one of them"
            )
            continue
        samples = config["generators"][name]["sampling"]["samples"]
        if samples < largest_synthetic():
            found.append(
                f"generators: {name}: sampling: samples: {samples} a class, but experiment: synthetic needs"
                f" {largest_synthetic()}"
            )
    for name in set(config["imported"]) & set(config["generators"]):
        found.append(f"imported: {name!r} is also a preset of generators; rename one of them")
    for name, source in config["imported"].items():
        rest = re.sub(r"\{(seed|folds|cls)\}", "", source["folder"])
        for other in re.findall(r"\{[^{}]*\}?|\}", rest):
            found.append(
                f"imported: {name}: folder: expected no braces but {{seed}}, {{folds}} and {{cls}}, found {other};"
                " correct it"
            )
    found += nested_problems() + reader_problems()
    if experiment["group"] not in experiment["classic"]:
        found.append(f"experiment: group: {experiment['group']} is not in experiment: classic; add it there")
    for arm in ["synthetic", "extra"]:
        if experiment[arm] and evaluation["synthetic"] not in experiment[arm]:
            found.append(f"evaluation: synthetic: {evaluation['synthetic']} is not in experiment: {arm}; add it there")
    words = config["baselines"]["bovw"]
    for key in ["single", "multi"]:
        if words[key] > words["words"]:
            found.append(f"baselines: bovw: {key}: {words[key]} of {words['words']} words; lower it or raise words")
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


def nested_problems():
    """Return what is wrong with nested selection."""
    experiment = config["experiment"]
    found = []
    possible = network_arms()
    for arm in experiment["nested"]:
        if arm not in possible:
            found.append(f"experiment: nested: {arm!r} is not one of {', '.join(possible)}; remove it or run it")
        elif arm in imported():
            found.append(f"experiment: nested: {arm!r} is imported, so it has no generator of fewer folds; remove it")
    if experiment["nested"] and config["folds"] < 3:
        found.append("experiment: nested: needs folds: 3 or more, to leave two out; raise folds or give []")
    if config["evaluation"]["operating_point"] == "nested":
        several = {arm for arm in possible if sum(other == arm for other, _ in arms()) > 1}
        for arm in [arm for arm in possible if arm in several and arm not in experiment["nested"] + imported()]:
            found.append(f"evaluation: operating_point: nested needs {arm!r} in experiment: nested; add it there")
        if several & set(imported()[:1]) & set(experiment["generators"][:1]):
            found.append(
                f"evaluation: operating_point: nested is not possible for the first generator, {imported()[0]!r}, which is"
                " imported; name another one first, or give one size of experiment: synthetic"
            )
    return found


def reader_problems():
    """Return what is wrong with the reader study."""
    study, found = config["reader_study"], []
    if study["generator"] not in [None, *config["experiment"]["generators"]]:
        found.append(
            f"reader_study: generator: {study['generator']!r} is not in experiment: generators; add it or choose one of them"
        )
    if study["answers"] is not None:
        if not Path(study["answers"]).is_file():
            found.append(
                f"reader_study: answers: no file {study['answers']}; correct the path, or give null until it is there"
            )
        if not Path(f"results/{config['cohort']}/reader-study/key.csv").is_file():
            found.append(
                f"reader_study: answers: their key results/{config['cohort']}/reader-study/key.csv is missing; put back the"
                " pack that readers saw, or give null and run snakemake build_reader_study"
            )
    return found


def reader_database():
    """Return where serve_reader_study.py keeps the answers by default."""
    return Path(f"reader-study/{config['cohort']}.sqlite")


def closed_by():
    """Return why no other pack may be built under the readers of this one, in words; nothing as long as one may."""
    reasons = []
    begun = Path(f"results/{config['cohort']}/reader-study/pack/begun.txt")
    if begun.exists():
        reasons.append(f"readers were invited ({begun})")
    if reader_database().exists():
        reasons.append(f"its database is {reader_database()}")
    if config["reader_study"]["answers"] is not None:
        reasons.append(f"its answers are {config['reader_study']['answers']}")
    return " and ".join(reasons)


def refuse_another_pack(wildcards):
    """Stop with one line, as the input of whoever asks for another pack: one in use is not built again."""
    sys.exit(
        f"error: reader_study: the study has begun: {closed_by()}; to begin another, move"
        f" results/{config['cohort']}/reader-study and reader-study away and give answers: null"
    )


def judged_generator():
    """Return the generator whose images readers judge."""
    return config["reader_study"]["generator"] or config["experiment"]["generators"][0]


def reader_images():
    """Return the synthetic images that readers may see, by "<seed>/<training folds>/<class>"."""
    name, group = judged_generator(), config["experiment"]["group"]
    return {
        f"{seed}/{folds}/{cls}": f"<results>/seed-{seed}/synthetic/{name}/on-{group}/train-{folds}/{cls}/images.npy"
        for seed in config["seeds"]
        for folds in train_folds()
        for cls in config["cases"]["classes"]
    }


def answered(output):
    """Return ``output`` of score_reader_study, in a list; nothing as long as there are no answers."""
    return [output] if config["reader_study"]["answers"] else []


def canonical_json(**values):
    """Return ``values`` as one canonical JSON string, the form in which a script takes its parameters."""
    return json.dumps(values, sort_keys=True)


@functools.cache
def imports(path):
    """Return the files of this project that the Python file ``path`` names in its imports."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    candidates = [(BASE / "scripts").joinpath(*name.split(".")).with_suffix(".py") for name in names]
    return [candidate for candidate in candidates if candidate.exists()]


def code(script):
    """Return the paths of scripts/<script>.py and of every file of this project that it imports, script first."""
    pending, found = [BASE / "scripts" / f"{script}.py"], []
    while pending:
        path = pending.pop()
        if path not in found:
            found.append(path)
            pending += imports(path)
    return [os.path.relpath(path) for path in found[:1] + sorted(found[1:])]


def gpu():
    """Return how many GPUs a training job asks for; `auto` looks for an NVIDIA device on this machine."""
    return int(config["device"] == "cuda" or (config["device"] == "auto" and Path(os.sep, "dev", "nvidia0").exists()))


def any_of(names):
    """Return a regular expression that matches each of ``names``, and nothing if there are none."""
    return "|".join(names) or "(?!)"


def presets(architecture):
    """Return a regular expression of the generator presets of one architecture."""
    return any_of(name for name, preset in config["generators"].items() if preset["architecture"] == architecture)


def training(name):
    """Return the part of a generator preset that its training uses."""
    return {key: value for key, value in config["generators"][name].items() if key != "sampling"}


def classifier_settings(arm):
    """Return the parameters of a classifier; those of one arm are given to that arm only."""
    settings = {key: value for key, value in config["classifier"].items() if key != "mixup"}
    if arm in ["online", "mixup"]:
        settings["rois"] = config["rois"]
    if arm == "mixup":
        settings["mixup"] = config["classifier"]["mixup"]
    return canonical_json(**settings, classes=config["cases"]["classes"], **compute())


def compute():
    """Return the parameters that every training and sampling script takes besides its own."""
    return {key: config[key] for key in ["master_seed", "device", "threads", "precision"]}


def phantom_table():
    """Return the phantom's case table where it is used: an input like any other, unlike the user's files."""
    return "<results>/phantom/case_table.csv" if config["cases"]["table"] is None else []


def table_digest():
    """Return the digest of the user's case table; a missing one is check_cases' to report."""
    table = config["cases"]["table"]
    return digest(table) if table else None


def digest(path):
    """Return the SHA-256 of a file; None of one that cannot be read, which is a script's to report."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def public_config():
    """Return the config without the paths of the user's files, for a page that everybody may see."""
    cases = {**config["cases"], "table": config["cases"]["table"] and "given"}
    readers = {**config["reader_study"], "answers": config["reader_study"]["answers"] and "given"}
    imported = {name: {} for name in config["imported"]}
    return {**config, "cases": cases, "imported": imported, "reader_study": readers}


def fingerprint(paths):
    """Return a digest of names, sizes and times of files, so that a replaced one is noticed without reading all."""
    found = [(str(path), os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def case_files():
    """Return the images and masks that exist, those of a folder one by one.

    Missing files, and those that cannot be read, are check_cases' to report.
    """
    table = config["cases"]["table"]
    if table is None or digest(table) is None:
        return []
    with open(table, newline="", encoding="utf-8-sig", errors="replace") as file:
        rows = csv.DictReader(file)
        try:
            rows.fieldnames = [name.strip() for name in rows.fieldnames or []]
            names = {(row.get(column) or "").strip() for row in rows for column in ["image", "mask"]}
        except csv.Error:
            return []
    paths = [Path(table).parent / name for name in sorted(names) if name]
    found = [file for path in paths for file in [path, *members(path), *voxels(path)]]
    return [file for file in found if os.path.isfile(file)]


def members(folder):
    """Return what lies in a folder; nothing if it is none, or cannot be read."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return []


def voxels(path):
    """Return the files that the header of a MetaImage or NRRD names, where it stands apart from the voxels."""
    if path.suffix.lower() not in [".mhd", ".nhdr"]:
        return []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read(65536).splitlines()
    except (OSError, ValueError):
        return []
    names = [part.strip() for line in lines for part in [line, line.partition("=")[2], line.partition(":")[2]]]
    return [path.parent / name for name in names if name]


def train_folds():
    """Return, for each test fold, the folds trained on: "12", "02" and "01" for three folds."""
    return ["".join(str(k) for k in range(config["folds"]) if k != test) for test in range(config["folds"])]


def inner_folds():
    """Return the choices of training folds with one fold fewer: "0", "1" and "2" for three folds."""
    pairs = itertools.combinations(range(config["folds"]), 2)
    chosen = ["".join(str(k) for k in range(config["folds"]) if k not in pair) for pair in pairs]
    return sorted(folds for folds in chosen if folds)


def each_fold(pattern):
    return expand(pattern, folds=train_folds(), allow_missing=True)


def each_inner_fold(pattern):
    return expand(pattern, folds=inner_folds(), allow_missing=True)


def each_class(pattern):
    return expand(pattern, cls=config["cases"]["classes"], allow_missing=True)


def parent(path, levels):
    """Return the folder that lies ``levels`` above ``path``."""
    return str(Path(path).parents[levels - 1])


def imported():
    """Return the imported generators of the experiment."""
    return [name for name in config["experiment"]["generators"] if name in config["imported"]]


def network_arms():
    """Return every arm whose classifier is the network, in the order of figures and tables."""
    chosen = {arm for arm, _ in arms()}
    return [
        arm for arm in ["classic", "online", "mixup", "extra", *config["experiment"]["generators"]] if arm in chosen
    ]


def arms():
    """Return every (arm, size) of the network; sizes are images per training fold."""
    experiment = config["experiment"]
    plain = [(arm, str(size)) for arm in ["classic", "online", "mixup"] for size in experiment[arm]]
    count = len(config["cases"]["classes"])
    further = {"extra": experiment["extra"]} | {name: experiment["synthetic"] for name in experiment["generators"]}
    return plain + [(arm, f"{experiment['group']}+{size}x{count}") for arm, sizes in further.items() for size in sizes]


def discriminators():
    """Return the arms in which the discriminator of an ACGAN classifies."""
    return [
        f"{name}-discriminator"
        for name in config["experiment"]["generators"]
        if name in config["generators"] and config["generators"][name]["architecture"] == "acgan"
    ]


def all_arms():
    """Return every arm, in the order of figures and tables."""
    return [*network_arms(), *discriminators(), *config["experiment"]["baselines"]]


def nested_runs():
    """Return the folds that models of an arm are trained on, by arm."""
    return {arm: train_folds() + (inner_folds() if arm in config["experiment"]["nested"] else []) for arm in all_arms()}


def runs():
    """Return every model that predicts as (arm, size, seed, folds)."""
    sizes = arms() + [(arm, "0") for arm in [*discriminators(), *config["experiment"]["baselines"]]]
    folds_of = nested_runs()
    return [(arm, size, seed, folds) for seed in config["seeds"] for arm, size in sizes for folds in folds_of[arm]]


def generators(name=None, seed=None):
    """Return every generator as (generator, group, seed, folds, cls); with arguments, those of one preset and seed."""
    folds_of = nested_runs()
    return [
        (generator, config["experiment"]["group"], number, folds, cls)
        for generator in config["experiment"]["generators"]
        for number in config["seeds"]
        for folds in folds_of[generator]
        for cls in generator_classes(generator)
        if name in (None, generator) and seed in (None, number)
    ]


def generator_classes(name):
    """Return the classes that a preset has a generator each for: all at once for an ACGAN."""
    preset = config["generators"].get(name, {})
    return ["all"] if preset.get("architecture") == "acgan" else config["cases"]["classes"]


def generators_of(wildcards):
    """Return the generators that a figure of one preset and seed shows, without those of nested selection."""
    found = generators(wildcards.generator, int(wildcards.seed))
    return [generator for generator in found if generator[3] in train_folds()]


def run_files(name):
    """Return the file ``name`` of every model that predicts, in the order of `runs`."""
    return [f"<results>/seed-{seed}/classify/{arm}/{size}/train-{folds}/{name}" for arm, size, seed, folds in runs()]


def generator_files(name, which=None):
    """Return the file ``name`` of every generator, in the order of `generators`, or of those in ``which``."""
    return [
        f"<results>/seed-{seed}/generators/{generator}/on-{group}/train-{folds}/{cls}/{name}"
        for generator, group, seed, folds, cls in (generators() if which is None else which)
    ]


def synthetic_images(wildcards, chosen_folds):
    """Return the synthetic images that a generator's arm adds, by (folds, class); nothing for the other arms."""
    if wildcards.arm not in config["experiment"]["generators"]:
        return {}
    group = wildcards.size.split("+")[0]
    folder = f"<results>/seed-{wildcards.seed}/synthetic/{wildcards.arm}/on-{group}"
    return {
        f"{folds}/{cls}": f"{folder}/train-{folds}/{cls}/images.npy"
        for folds in chosen_folds
        for cls in config["cases"]["classes"]
    }


def labelled(names, paths):
    """Return "name=path" for each of them."""
    return [f"{name}={path}" for name, path in zip(names, paths)]


def discriminator_files(wildcards, name):
    """Return the file ``name`` of the ACGANs whose discriminators classify, one a choice of training folds."""
    which = [item for item in generators(wildcards.generator, int(wildcards.seed)) if item[3] in train_folds()]
    return generator_files(name, which)


def largest_synthetic():
    """Return how many synthetic images of a class the largest training set takes."""
    return max(config["experiment"]["synthetic"]) * (config["folds"] - 1)


def imported_files(wildcards):
    """Return the files of imported images; missing ones are import_synthetic's to report."""
    pattern = config["imported"][wildcards.generator]["folder"]
    folders = [
        pattern.format(seed=wildcards.seed, folds=folds, cls=cls)
        for folds in train_folds()
        for cls in config["cases"]["classes"]
    ]
    found = [file for folder in folders for file in members(Path(folder))]
    return list(dict.fromkeys(str(file) for file in found if os.path.isfile(file)))


def baseline():
    """Return the parameters that every baseline takes."""
    shared = {key: config[key] for key in ["master_seed", "threads"]}
    return {"classes": config["cases"]["classes"], "svm": config["baselines"]["svm"], **shared}


def generator_figures():
    """Return what the report shows of each generator of the experiment."""
    trained = [name for name in config["experiment"]["generators"] if name not in imported()]
    return [
        f"<results>/evaluation/figures/{name}/{figure}.png"
        for name in config["experiment"]["generators"]
        for figure in ["fig6", *(f"seed-{seed}/neighbours" for seed in config["seeds"])]
    ] + [
        f"<results>/evaluation/figures/{name}/seed-{seed}/{part}.png"
        for name in trained
        for seed in config["seeds"]
        for part in ["losses", "samples"]
    ]


def assessed_images(wildcards):
    """Return the synthetic images of a generator and seed, by (folds, class)."""
    folder = f"<results>/seed-{wildcards.seed}/synthetic/{wildcards.generator}/on-{config['experiment']['group']}"
    classes = config["cases"]["classes"]
    return {f"{folds}/{cls}": f"{folder}/train-{folds}/{cls}/images.npy" for folds in train_folds() for cls in classes}


def assessed_train_sets(wildcards):
    """Return the training sets that those images come from, by (folds, class)."""
    folder = f"<results>/seed-{wildcards.seed}/generators/{wildcards.generator}/on-{config['experiment']['group']}"
    whole = generator_classes(wildcards.generator) == ["all"]
    return {
        f"{folds}/{cls}": f"{folder}/train-{folds}/{'all' if whole else cls}/train_set.csv"
        for folds in train_folds()
        for cls in config["cases"]["classes"]
    }


def assessing_classifiers(wildcards, name):
    """Return the file ``name`` of the classifiers whose features compare a generator's images with real ones."""
    folder = f"<results>/seed-{wildcards.seed}/classify/classic/{config['experiment']['group']}"
    return [f"{folder}/train-{folds}/{name}" for folds in train_folds()]


def separated_arms():
    """Return the two (arm, size) whose features Fig 9 shows, at the fixed operating point."""
    generator, group = config["experiment"]["generators"][0], config["experiment"]["group"]
    synthetic = f"{group}+{config['evaluation']['synthetic']}x{len(config['cases']['classes'])}"
    return [("classic", str(group)), (generator, synthetic)]


def separated(name):
    """Return the file ``name`` of the classifiers of Fig 9: first seed, first choice of training folds."""
    folder = f"<results>/seed-{config['seeds'][0]}/classify"
    return [f"{folder}/{arm}/{size}/train-{train_folds()[0]}/{name}" for arm, size in separated_arms()]


def statistics():
    """Return the parameters that every statistic takes."""
    return {
        "master_seed": config["master_seed"],
        "classes": config["cases"]["classes"],
        "folds": config["folds"],
        "bootstrap": config["evaluation"]["bootstrap"],
        "confidence": config["evaluation"]["confidence"],
    }


def operating_points():
    """Return the parameters by which the size of each arm is chosen."""
    evaluation = config["evaluation"]
    sizes = {key: evaluation[key] for key in ["synthetic", "plateau"]}
    return {"group": config["experiment"]["group"], **sizes}


def shown():
    """Return which arms tables and figures show, and by which rule their sizes are chosen."""
    return {"operating_point": config["evaluation"]["operating_point"], "arms": all_arms()}


def first_generator():
    """Return the generator of Table 3, in a list."""
    return config["experiment"]["generators"][:1]


def compute_without_seed():
    return {key: value for key, value in compute().items() if key != "master_seed"}


def report_is_due():
    """Return whether the report is missing or not of the present results, as after a run that ended before it stood."""
    folder = Path(f"results/{config['cohort']}")
    try:
        record = json.loads((folder / "report.record.json").read_text(encoding="utf-8"))
        return any(digest(folder / name) != known for name, known in (record["inputs"] | record["outputs"]).items())
    except (OSError, ValueError, KeyError, TypeError):  # none, or damaged
        return True


def write_report():
    """Write the Snakemake report of a complete run, and its record; part of a run, such as check_data, has none."""
    jobs = list(workflow.dag.jobs)
    if "all" not in {job.rule.name for job in jobs}:
        return
    results = Path(f"results/{config['cohort']}")
    page, written = results / "report.html", results / ".report.html"
    records = [job.output.record for job in jobs if "record" in job.output.keys()]
    with tempfile.TemporaryDirectory() as folder:
        merged = Path(folder, "config.yaml")
        merged.write_text(yaml.safe_dump(config))
        command = ["-m", "snakemake", "--snakefile", BASE / "Snakefile", "--configfile", merged]
        run_python(*command, "--cores", "1", "--nolock", "--report", written)
    paths = ["--written", written, "--report", page, "--record", results / "report.record.json"]
    run_python(BASE / "scripts/record_report.py", *paths, input="\n".join(sorted(records)))
    print(f"Report: {page}", file=sys.stderr)


def run_python(*arguments, **options):
    """Run Python and stop with one line if it fails."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)
    if done.returncode:
        sys.exit(f"error: report: {done.stderr.strip()}")
