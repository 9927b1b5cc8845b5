"""What a job runs: its script with all that this imports, the parameters of the script, and the job's resources."""

import ast
import functools
import json


def task_code(rule):
    """Return what `code` returns for a shared rule: of the script that the task has for it, or of the rule's own."""
    return code(TASK_SCRIPTS.get(rule, rule))


def code(script):
    """Return the paths of scripts/<script>.py and of every file of this project that it imports, script first."""
    pending, found = [BASE / "scripts" / f"{script}.py"], []
    while pending:
        path = pending.pop()
        if path not in found:
            found.append(path)
            pending += imports(path)
    return [os.path.relpath(path) for path in found[:1] + sorted(found[1:])]


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
