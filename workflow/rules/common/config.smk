"""The config of a run: the defaults that it is merged over, presets that start from others, and what the schemas allow."""

import difflib
import functools

import jsonschema
import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where PyYAML has it: many times faster


def read_yaml(path):
    """Return what the YAML file ``path`` holds."""
    return LOADER(Path(path).read_text(encoding="utf-8")).get_single_data()


def tasks():
    """Return the tasks there are: each has a schema of its keys and a folder of rules, both of its name."""
    names = [path.name.removesuffix(".schema.yaml") for path in (BASE / "workflow/schemas").glob("*.schema.yaml")]
    return sorted(name for name in names if (BASE / f"workflow/rules/{name}/{name}.smk").is_file())


def default_config():
    """Return the path of the file that the user's config is merged over; none if there is none of his task.

    It is config/config.yaml, or config/<task>.yaml for a task other than the one there: of the folder that the run is in, for a
    module the project's own.
    """
    default, task = Path(BASE if IS_MODULE else "", "config/config.yaml"), config.get("task")
    if task not in tasks() or task == task_of(default):
        return str(default)
    other = default.with_name(f"{task}.yaml")
    return str(other) if other.is_file() else None


def task_of(path):
    """Return the task that a file of config names; none of one that is missing or damaged, which Snakemake reports."""
    try:
        return read_yaml(path)["task"]
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return None


def check_config():
    """Complete the presets, then stop with one line for each key or value that the schemas forbid."""
    stop_at([line for path in workflow.configfiles for line in repeated_keys(Path(path))])
    if config.get("task") not in tasks():
        stop_at([f"task: {config.get('task')!r} is no task; choose one of: {', '.join(tasks())}"])
    stop_at(complete_presets())
    validator = jsonschema.Draft202012Validator(schema(config["task"]))
    stop_at([line for error in validator.iter_errors(config) for line in explain(error)])
    stop_at([line for part, values in named_presets().items() for line in foreign_keys(part, values)])
    config.update(with_presets(config))


def repeated_keys(path):
    """Yield a line for each key that a file of config gives twice in one place, where the second hides the first."""
    pending = [yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER)]
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        elif isinstance(node, yaml.MappingNode):
            first = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if first.setdefault(key.value, line) != line:
                    yield f"{os.path.relpath(path)}, line {line}: {key.value!r} stands in line {first[key.value]} already; put the two together"
                pending.append(value)


def stop_at(problems):
    """Stop with one line for each problem of the config; go on if there is none."""
    if problems:
        sys.exit("\n".join(f"error: config: {problem}" for problem in sorted(problems)))


@functools.cache
def schema(task):
    """Return the schema of a whole config: what every task has, and what only ``task`` has."""
    paths = [BASE / f"workflow/schemas/{name}.schema.yaml" for name in ["config", task]]
    return merged(*(read_yaml(path) for path in paths))


def merged(base, more):
    """Return ``base`` with ``more`` merged into it: mappings key by key, lists put together, other values replaced."""
    if isinstance(base, dict) and isinstance(more, dict):
        return {**base, **{key: merged(base[key], value) if key in base else value for key, value in more.items()}}
    return base + more if isinstance(base, list) and isinstance(more, list) else more


def explain(error):
    """Return lines that say where a schema error is, what was found and what to write."""
    where = ": ".join(map(str, error.absolute_path)) or "top level"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(set(error.instance) - set(known), key=str):
            yield f"{where}: {unknown(key, known, error.absolute_path)}"
    elif error.validator == "required":
        for key in sorted(set(error.validator_value) - set(error.instance)):
            yield f"{where}: key {key!r} is missing; see config/README.md"
    else:
        hint = error.schema.get("description", "see config/README.md")
        yield f"{where}: {error.message} ({hint})"


def unknown(key, known, where):
    """Say what is to be done about a key that the task of this config does not have."""
    owners = [task for task in tasks() if key in keys_at(where, schema(task))]
    if owners:
        return f"{key!r} is a key of task {' and '.join(owners)}; remove it or set task: {owners[0]}"
    close = difflib.get_close_matches(str(key), known, n=1)
    return f"unknown key {key!r}" + (f"; did you mean {close[0]!r}?" if close else "; remove it")


def keys_at(where, schema):
    """Return the keys that ``schema`` allows at a place of the config."""
    for key in where:
        schema = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
        schema = schema if isinstance(schema, dict) else {}
    return schema.get("properties", {})


def named_presets():
    """Return the presets of each part of the config that names one, by part; workflow/presets/<part>.yaml has them."""
    paths = sorted((BASE / "workflow/presets").glob("*.yaml"))
    naming = [path for path in paths if "preset" in (config.get(path.stem) or {})]
    return {path.stem: read_yaml(path) for path in naming}


def foreign_keys(part, presets):
    """Yield a line for each key of a part of the config that its preset does not have."""
    name = config[part]["preset"]
    for key in sorted(set(config[part]) - set(presets[name]) - {"preset"}):
        yield f"{part}: {key!r} is no key of the preset {name}; remove it, or choose another preset"


def with_presets(config):
    """Return a config whose parts have every value of the presets that they name, where they give no other."""
    parts = {part: replaced(presets[config[part]["preset"]], config[part]) for part, presets in named_presets().items()}
    return {**config, **parts}


def complete_presets():
    """Complete the generator presets that start `from` another one, in place; return what is wrong, in lines."""
    presets = config.get("generators")
    if not isinstance(presets, dict):  # which the schema says
        return []
    starts = {name: preset.get("from") for name, preset in presets.items() if isinstance(preset, dict)}
    problems = [
        f"generators: {name}: from: {start!r} is no preset of generators; choose one of: {', '.join(map(str, presets))}"
        for name, start in starts.items()
        if start is not None and start not in list(presets)
    ]
    if not problems:
        problems = [
            f"generators: {circle[0]}: from: {' from '.join([*circle, circle[0]])} is a circle; let one of them start from none"
            for circle in circles(starts)
        ]
    if not problems:
        config["generators"] = {name: completed(name, presets) for name in presets}
    return problems


def circles(starts):
    """Return each circle of presets that start from one another, once, as a list of their names."""
    found = []
    for name in starts:
        chain = [name]
        while starts.get(chain[-1]) in starts and starts[chain[-1]] not in chain:
            chain.append(starts[chain[-1]])
        if starts[chain[-1]] == name and not any(name in circle for circle in found):
            found.append(chain)
    return found


def completed(name, presets):
    """Return a preset with the keys of the one that it starts from, where it does not give them itself."""
    if not isinstance(presets[name], dict):
        return presets[name]
    own = {key: value for key, value in presets[name].items() if key != "from"}
    start = presets[name].get("from")
    return own if start is None else replaced(completed(start, presets), own)


def replaced(base, own):
    """Return ``base`` with the values of ``own`` in place of its own, key by key."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return {**base, **{key: replaced(base.get(key), value) for key, value in own.items()}}
