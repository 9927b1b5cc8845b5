"""Files of rules as Snakemake's parser translates them into Python, kept for its next start.

A third of the time of a plan goes into this translation. It follows from the text of a file, from its path, which
stands in it, and from the number of rules before it. So Snakemake itself parses a text once, and again after a change.
"""

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

PLACE = "<path of the file of rules>"  # in place of the literal that it is in the translation


def keep(folder: Path) -> None:
    """Let Snakemake, in this process, look into ``folder`` before it parses a file."""
    from snakemake import workflow

    workflow.parse = functools.partial(_parse, workflow.parse, folder)


def _parse(parse: Callable, folder: Path, path, workflow, linemap: dict[int, int], rulecount: int) -> tuple[str, int]:
    """Return what ``parse`` does, and fill ``linemap`` as it does."""
    name = path.get_path_or_uri(secret_free=True)
    with workflow.sourcecache.open(path) as file:
        text = file.read()
    kept = folder / hashlib.sha256(f"{rulecount} {text}".encode()).hexdigest()
    if not kept.exists():
        parsed, rules = parse(path, workflow, linemap=linemap, rulecount=rulecount)
        with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump([parsed.replace(repr(name), PLACE), rules, list(linemap.items())], file)
        os.replace(file.name, kept)
    parsed, rules, lines = json.loads(kept.read_text(encoding="utf-8"))
    linemap.update(lines)
    return parsed.replace(PLACE, repr(name)), rules
