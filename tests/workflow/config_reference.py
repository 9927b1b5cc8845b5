"""Write the tables of config/README.md from the schemas; with --check only say whether they are up to date.

python -m tests.workflow.config_reference
"""

import sys
from collections.abc import Iterator

import yaml

from tests.helpers import common_rules

ROOT = common_rules.ROOT
README = ROOT / "config/README.md"
BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"
DEFAULT = "config"
COMMON = common_rules.helpers({})


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def completed(name: str) -> dict:
    """Return a config with the values of its presets."""
    config = read(name)
    common_rules.check(config)
    return config


CONFIGS = {path.stem: completed(f"config/{path.name}") for path in sorted((ROOT / "config").glob("*.yaml"))}


def rows(schema: dict, definitions: dict, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Yield (path, schema) of every key that holds a value, in the schema's order."""
    inner = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        inner["<preset>"] = schema["additionalProperties"]
    for key, value in inner.items():
        if "$ref" in value:
            value = {**definitions[value["$ref"].rsplit("/", 1)[1]], **value}
        if "properties" in value or isinstance(value.get("additionalProperties"), dict):
            yield from rows(value, definitions, (*where, key))
        else:
            yield (*where, key), value


def kind(schema: dict) -> str:
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    text = " or ".join(types)
    if "items" in schema:
        items = schema["items"]
        text += " of " + (kind(items) if "enum" in items else items.get("type", "slug"))
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = [f"≥ {low}" if low is not None else "", f"≤ {high}" if high is not None else ""]
    limits += [f"> {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""]
    limits += [f"< {schema['exclusiveMaximum']}" if "exclusiveMaximum" in schema else ""]
    return ", ".join([text, *filter(None, limits)])


def value_of(config: dict, where: tuple[str, ...]) -> str:
    """Return the value of a key in YAML; of presets, that of the first one."""
    for key in where:
        if not config or (key != "<preset>" and key not in config):
            return "none"
        config = next(iter(config.values())) if key == "<preset>" else config[key]
    return yaml.safe_dump(config, default_flow_style=True, width=10**6).strip().removesuffix("...").strip()


def table(schema: dict, definitions: dict, columns: dict[str, dict]) -> str:
    """Return the table of one schema's keys, with their values in some configs."""
    lines = ["| " + " | ".join(["key", "type and range", *columns, "meaning"]) + " |"]
    lines += ["|" + "---|" * (len(columns) + 3)]
    for where, value in rows(schema, definitions):
        values = " | ".join(f"`{value_of(config, where)}`" for config in columns.values())
        lines.append(f"| `{': '.join(where)}` | {kind(value)} | {values} | {value['description']} |")
    return "\n".join(lines)


def presets(key: str) -> str:
    """Return the table of the values that the presets of ``key`` give."""
    values = read(f"workflow/presets/{key}.yaml")
    lines = [f"### Presets of `{key}`\n", "| key | " + " | ".join(f"`{name}`" for name in values) + " |"]
    lines += ["|" + "---|" * (len(values) + 1)]
    keys = list(
        dict.fromkeys(where for preset in values.values() if isinstance(preset, dict) for where in leaves(preset))
    )
    for where in [where for where in keys if not any(other[: len(where)] == where != other for other in keys)]:
        row = " | ".join(f"`{value_of(preset, where)}`" for preset in values.values())
        lines.append(f"| `{': '.join((key, *where))}` | {row} |")
    return "\n".join(lines)


def leaves(values: dict, where: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*where, key))
        else:
            yield (*where, key)


def columns_of(task: str) -> dict[str, dict]:
    """Return the configs that the tables of a task show: its default, and the one of its paper, if there is one."""
    ours = {name: config for name, config in CONFIGS.items() if config["task"] == task}
    default = DEFAULT if DEFAULT in ours else task
    names = [name for name in ours if name == default or name.endswith("paper")]
    return {"default" if name == default else f"{name}.yaml": ours[name] for name in names}


def reference() -> str:
    """Return the table of the keys that every task has, then one of each task's own."""
    standard = CONFIGS[DEFAULT]["task"]
    shared = read("workflow/schemas/config.schema.yaml")
    parts = ["### Of every task", table(shared, shared["$defs"], columns_of(standard))]
    for task in COMMON["tasks"]():
        own = read(f"workflow/schemas/{task}.schema.yaml")
        parts += [f"### Of `task: {task}`", table(own, COMMON["schema"](task)["$defs"], columns_of(task))]
    parts += [presets(path.stem) for path in sorted((ROOT / "workflow/presets").glob("*.yaml"))]
    return "\n\n".join(parts)


def main() -> None:
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f"{before}{BEGIN}\n{reference()}\n{END}{after}"
    if "--check" in sys.argv:
        sys.exit("config/README.md: the tables are not the schemas'; run `make reference`" if text != wanted else 0)
    README.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
