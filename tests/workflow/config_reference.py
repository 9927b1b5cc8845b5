"""Write the table of config/README.md from the schema; with --check only say whether it is up to date."""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
README = ROOT / "config/README.md"
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
DEFAULT = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text(encoding="utf-8"))
BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"


def rows(schema: dict, where: tuple[str, ...] = ()):
    """Yield (path, schema) of every key that holds a value, in the schema's order."""
    inner = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        inner["<preset>"] = schema["additionalProperties"]
    for key, value in inner.items():
        if "$ref" in value:
            value = {**SCHEMA["$defs"][value["$ref"].rsplit("/", 1)[1]], **value}
        if "properties" in value or isinstance(value.get("additionalProperties"), dict):
            yield from rows(value, (*where, key))
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
        text += " of " + schema["items"].get("type", "slug" if "$ref" in schema["items"] else "")
    low, high = schema.get("minimum"), schema.get("maximum")
    limits = [f"≥ {low}" if low is not None else "", f"≤ {high}" if high is not None else ""]
    limits += [f"> {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""]
    limits += [f"< {schema['exclusiveMaximum']}" if "exclusiveMaximum" in schema else ""]
    return ", ".join([text, *filter(None, limits)])


def value_of(config: dict, where: tuple[str, ...]) -> str:
    for key in where:
        if key == "<preset>" and not config:
            return "none"
        config = next(iter(config.values())) if key == "<preset>" else config[key]
    return yaml.safe_dump(config, default_flow_style=True).strip().removesuffix("...").strip()


def table() -> str:
    lines = ["| key | type and range | default | paper.yaml | meaning |", "|---|---|---|---|---|"]
    for where, schema in rows(SCHEMA):
        values = f"`{value_of(DEFAULT, where)}` | `{value_of(PAPER, where)}`"
        lines.append(f"| `{': '.join(where)}` | {kind(schema)} | {values} | {schema['description']} |")
    return "\n".join(lines)


def main() -> None:
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if "--check" in sys.argv:
        sys.exit("config/README.md: the table is not the schema's; run `make reference`" if text != wanted else 0)
    README.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    main()
