"""The helpers of the rules, which are plain Python, outside Snakemake."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]


def helpers(config: dict, root: Path = ROOT) -> dict:
    """Return the functions of workflow/rules/common, by name, as the Snakefile includes them for ``config``."""
    names = {
        "workflow": SimpleNamespace(
            current_basedir=root / "workflow/rules/common",
            configfiles=[],
            modifier=SimpleNamespace(is_main_snakefile=lambda: True, modify_rulename=str),
        ),
        "config": config,
        "Path": Path,
        "sys": sys,
        "os": os,
    }
    text = (root / "Snakefile").read_text(encoding="utf-8")
    for name in re.findall(r'^include: "(workflow/rules/common/.*)"$', text, re.MULTILINE):
        include(root / name, names)
    return names


def include(path: Path, names: dict) -> None:
    """Run a file of helpers among ``names``, as Snakemake's include does."""
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)


def check(config: dict, root: Path = ROOT) -> dict:
    """Check ``config`` as the Snakefile does, completing its presets; return the helpers, also those of its task."""
    names = helpers(config, root)
    names["check_config"]()
    include(root / f"workflow/rules/{config['task']}/{config['task']}.smk", names)
    names["check_consistency"]()
    return names
