"""How a run stands to a paper: what the paper states or leaves open, beside this run's config."""

from collections.abc import Sequence
from dataclasses import dataclass

ABSENT = "not in this config"
CODE = "fixed in the code"


@dataclass(frozen=True)
class Setting:
    """A setting that the paper states: ``key`` is its place in the config, ``{dcgan}`` or the like a preset's name."""

    where: str
    what: str
    key: str
    value: object


@dataclass(frozen=True)
class Open:
    """A detail that the paper leaves open or contradicts itself in.

    ``keys`` are the places of the choice in the config, ``{generator}`` each preset that is run; without keys the code
    decides, as ``why`` says.
    """

    where: str
    what: str
    keys: tuple[str, ...]
    why: str


def open_details(details: Sequence[Open], config: dict) -> list[dict[str, str]]:
    """Return each detail that the paper leaves open, with this run's choice, read from its config.

    Returns
    -------
    list of dicts with ``where``, ``what``, ``choice`` and ``why``
    """
    result = []
    for detail in details:
        keys = [key for pattern in detail.keys for key in _expand(pattern, config)]
        choices = "; ".join(dict.fromkeys(f"{key}: {shown(look_up(config, key))}" for key in keys)) or CODE
        result.append({"where": detail.where, "what": detail.what, "choice": choices, "why": detail.why})
    return result


def is_phantom(config: dict) -> bool:
    """Return whether the cohort is the built-in one, whose figures are no evidence."""
    return config["cases"]["table"] is None


def look_up(config: dict, key: str) -> object:
    """Return the value at ``key``, such as ``classifier: epochs``; `ABSENT` where the config lacks it."""
    value: object = config
    for part in key.split(": "):
        if not isinstance(value, dict) or part not in value:
            return ABSENT
        value = value[part]
    return value


def shown(value: object) -> str:
    """Write a config value for a reader.

    >>> shown({"mode": "window", "low": -60}), shown([]), shown(None), shown(True)
    ('mode window, low -60', 'none', 'none', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(part)}" for name, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "none"
    return "none" if value is None else str(value)


def _expand(pattern: str, config: dict) -> list[str]:
    if "{generator}" not in pattern:
        return [pattern]
    presets = [name for name in config["experiment"]["generators"] if name in config["generators"]]
    return [pattern.replace("{generator}", name) for name in presets]


def setting(where: str, what: str, key: str, theirs: object, ours: object) -> dict[str, str | bool]:
    """Return a setting of the paper beside this run's, and whether they are the same, by name.

    A list of the paper's may be part of a longer one.
    """
    return {
        "where": where,
        "what": what,
        "key": key,
        "paper": shown(theirs),
        "ours": shown(ours),
        "same": theirs == ours or (isinstance(theirs, list) and isinstance(ours, list) and _all_run(theirs, ours)),
    }


def _all_run(theirs: list, ours: list) -> bool:
    """Say whether all of the paper's sizes are among ours, which may be more."""
    return bool(theirs) and set(theirs) <= set(ours)
