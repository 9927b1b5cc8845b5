"""What a job runs: its script with all that this imports, the parameters of the script, and the job's resources."""

import functools
import json
import re


def task_code(rule):
    """Return what `code` returns for a shared rule: of the script that the task has for it, or of the rule's own."""
    return code(TASK_SCRIPTS.get(rule, rule))


def code(script):
    """Return the paths of scripts/<script>.py and of every file of this project that it imports, script first."""
    pending, found = [script], {}
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = modules()[name]
            pending += imports(name)
    return [found.pop(script), *sorted(found.values(), key=Path)]


@functools.cache
def modules():
    """Return the path of every Python file below scripts, by the name that imports have for it."""
    folder = BASE / "scripts"
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): os.path.relpath(path) for path in folder.rglob("*.py")
    }


# Parsing all these files would take half of the time in which a run is planned.
IMPORT = re.compile(
    r"(?:^|[:;])[ \t]*(?:from[ \t]+([\w.]+)[ \t]+)?import[ \t]*(\((?:#.*|[^)#])*\)|(?:\\\n|[^\n;#])*)", re.MULTILINE
)


@functools.cache
def imports(name):
    """Return the modules of this project that the module ``name`` names in its imports."""
    names = []
    for start, rest in IMPORT.findall(Path(modules()[name]).read_text(encoding="utf-8")):
        parts = re.sub(r"#.*|[()\\]", " ", rest).split(",")
        imported = [part.split()[0] for part in parts if part.strip()]
        names += [start, *(f"{start}.{each}" for each in imported)] if start else imported
    return [each for each in names if each in modules()]


def canonical_json(**values):
    """Return ``values`` as one canonical JSON string, the form in which a script takes its parameters."""
    return json.dumps(values, sort_keys=True)


def labelled(names, paths):
    """Return "name=path" for each of them."""
    return [f"{name}={path}" for name, path in zip(names, paths)]


def grown(**needs):
    """Return resources that grow with each attempt, by name."""
    return {name: lambda wildcards, attempt, need=need: need * attempt for name, need in needs.items()}


def gpu():
    """Return how many GPUs a training job asks for; `auto` looks for an NVIDIA device on this machine."""
    return int(config["device"] == "cuda" or (config["device"] == "auto" and Path(os.sep, "dev", "nvidia0").exists()))


def hardware():
    """Return the parameters that say how a network is computed."""
    return {key: config[key] for key in ["device", "threads", "precision"]}


def compute():
    """Return the parameters that every training and sampling script takes besides its own."""
    return {"master_seed": config["master_seed"], **hardware()}
