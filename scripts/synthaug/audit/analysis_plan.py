"""The analysis plan: what was decided before the first prediction, dated and hashed, and what differed from it later.

A plan is a list of entries. The first is the plan itself; each further one is what the config, the data or the code had
become when a later run met a difference. An entry is a JSON object:

``date``
    When it was registered, UTC, such as ``2026-03-01T09:30:00Z``.
``predictions``
    How many files of predictions of test folds there were already: 0 for a plan that came first.
``content``
    ``config``, ``analysis`` and ``data``, mappings that may be nested, and ``code``, the SHA-256 of files by path.
``previous``
    The ``sha256`` of the entry before it; "" for the first.
``sha256``
    Of all of this, so that an entry can be neither changed nor removed without a trace in those that follow.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import pandas as pd

from synthaug.errors import InputError

COLUMNS = ["key", "planned", "value", "since", "until"]  # of deviations.csv
SHOWN = 12  # digits of a digest where the whole is not needed
ABSENT = "absent"
LATE = "predictions before the plan"

Entry = dict[str, object]


def sealed(content: Mapping[str, object], date: str, predictions: int, previous: str = "") -> Entry:
    """Return the entry of ``content``, with its SHA-256."""
    entry = {"date": date, "predictions": predictions, "content": content, "previous": previous}
    return {**entry, "sha256": _digest(entry)}


def check(entries: object, name: str) -> list[Entry]:
    """Return ``entries`` if they are a plan as it was registered.

    Parameters
    ----------
    name
        Of the file, for the message.

    Raises
    ------
    InputError
        If an entry is damaged, changed, or does not follow the one before it.
    """
    previous, cure = "", "put back the file as it was registered"
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{name}: expected a plan, a list of entries, found {type(entries).__name__}; {cure}")
    for number, entry in enumerate(entries, 1):
        keys = set(sealed({}, "", 0))
        if not isinstance(entry, dict) or set(entry) != keys:
            raise InputError(f"{name}: entry {number}: expected the keys {', '.join(sorted(keys))}; {cure}")
        found = _digest({key: value for key, value in entry.items() if key != "sha256"})
        if found != entry["sha256"]:
            raise InputError(
                f"{name}: entry {number}: expected content with the SHA-256 {str(entry['sha256'])[:SHOWN]}, found "
                f"{found[:SHOWN]}; {cure}"
            )
        if entry["previous"] != previous:
            raise InputError(
                f"{name}: entry {number}: expected it to follow {str(entry['previous'])[:SHOWN] or 'none'}, found "
                f"{previous[:SHOWN] or 'none'} before it; {cure}"
            )
        previous = entry["sha256"]
    return entries


def stamp(moment: datetime) -> str:
    """Return a moment, UTC, as a plan writes it.

    >>> stamp(datetime(2026, 3, 1, 9, 30))
    '2026-03-01T09:30:00Z'
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def registered(entries: list[Entry], content: Mapping[str, object], date: str, predictions: int) -> list[Entry]:
    """Return ``entries`` and, if ``content`` is not that of the last one, an entry of it."""
    if entries and entries[-1]["content"] == content:
        return entries
    previous = entries[-1]["sha256"] if entries else ""
    return [*entries, sealed(content, date, predictions, previous)]


def deviations(entries: list[Entry]) -> pd.DataFrame:
    """Return each value that differed from the plan, and for how long: the rows of ``deviations.csv``.

    A value that is back at the planned one has the date on which that was met in ``until``; that of a present deviation
    is empty. All changed files of code are one row, ``code``. A plan that was registered when test folds had been
    predicted already has the row `LATE`, first.
    """
    history = [flat(entry["content"]) for entry in entries]
    keys = list(dict.fromkeys(key for values in history for key in values))
    late = entries[0]["predictions"]
    rows = [(LATE, "0", str(late), entries[0]["date"], "")] if late else []
    for key in keys:
        planned, last = history[0].get(key, ABSENT), None
        for entry, values in zip(entries, history, strict=True):
            value = values.get(key, ABSENT)
            if last is not None and value != last[2]:
                rows.append((*last, entry["date"]))
                last = None
            if last is None and value != planned:
                last = (key, planned, value, entry["date"])
        if last is not None:
            rows.append((*last, ""))
    table = pd.DataFrame(rows, columns=COLUMNS)
    code = table["key"] == "code"
    first = entries[0]["content"]["code"]
    by_digest = {_code(entry["content"]["code"]): entry["content"]["code"] for entry in entries}
    table.loc[code, "value"] = [f"{value}: {_changed(first, by_digest[value])}" for value in table.loc[code, "value"]]
    return table


def flat(content: Mapping[str, object]) -> dict[str, str]:
    """Return the values of a plan's content as text, by the path of their keys, such as ``evaluation: smallest_gain``.

    >>> flat({"config": {"a": {"b": [1]}, "c": "x"}, "data": {"lesions": 2}, "code": {}})
    {'a: b': '[1]', 'c': 'x', 'data: lesions': '2', 'code': '44136fa355b3'}
    """
    result = dict(_leaves(content["config"]))
    for part, values in content.items():
        if part not in ("config", "code"):
            result |= {f"{part}: {key}": value for key, value in _leaves(values)}
    return result | {"code": _code(content["code"])}


def _leaves(values: Mapping[str, object], where: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{where}{key}: ")
        else:
            yield f"{where}{key}", value if isinstance(value, str) else json.dumps(value)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _code(files: Mapping[str, str]) -> str:
    return _digest(files)[:SHOWN]


def _changed(first: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Say which files differ from ``first``."""
    groups = {
        "changed": [path for path in first if files.get(path, first[path]) != first[path]],
        "added": [path for path in files if path not in first],
        "removed": [path for path in first if path not in files],
    }
    return "; ".join(f"{what} {', '.join(sorted(paths))}" for what, paths in groups.items() if paths)
