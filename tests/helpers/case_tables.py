"""`make_case_table.py` on a folder, and its table and config checked as a run checks them."""

import contextlib
import dataclasses
import io
import logging
import re
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pandas as pd
import yaml
from PIL import Image

import make_case_table
from synthaug.cohort import annotations, case_table, cases
from synthaug.detection import case_boxes
from synthaug.imaging import volumes
from tests.helpers import common_rules

BUDGETS = common_rules.ROOT / "workflow/presets/budgets-classification.yaml"


@dataclasses.dataclass(frozen=True)
class Made:
    """A table that was made: its folder, its rows, what the check found in them, the config, and what was said."""

    folder: Path
    table: pd.DataFrame
    checked: pd.DataFrame
    config: dict
    said: str

    def mask(self, lesion: str) -> np.ndarray:
        """Return what a row draws on its picture, bool (y, x)."""
        row = self.table.set_index("lesion").loc[lesion]
        image = volumes.open_image(self.folder / row["image"]).geometry
        labels = annotations.read_labels(self.folder / row["mask"], image) if row["mask"] else None
        return annotations.locate(row, image, labels)[1]


@dataclasses.dataclass(frozen=True)
class Done:
    """How the script ended, and what it said."""

    returncode: int
    stderr: str


def script(source: Path, out: Path, *options: str) -> Done:
    """Run the script as a user does, in this process, which is many times faster than one of its own."""
    said, code = io.StringIO(), 0
    root, handlers, on_end = logging.getLogger(), logging.getLogger().handlers[:], signal.getsignal(signal.SIGTERM)
    arguments = ["make_case_table.py", "--from", str(source), "--to", str(out), *options]
    try:
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stderr(said), contextlib.chdir(out.parent):
            make_case_table.main()
    except SystemExit as end:
        code = 1
        said.write(f"{end.code}\n")
    finally:
        root.handlers[:] = handlers
        signal.signal(signal.SIGTERM, on_end)
    return Done(code, said.getvalue())


def made(source: Path, *options: str, task: str = "classification") -> Made:
    """Make a table of ``source``, beside it, and check it and its config; both must be in order."""
    out = source.parent / f"{source.name}-{task}"
    done = script(source, out, "--task", task, *options)
    assert done.returncode == 0, done.stderr
    text = (out / "config.yaml").read_text(encoding="utf-8")
    assert "DECIDE" in text
    config = yaml.safe_load(text)
    check_config(config)
    assert (out.parent / config["cases"]["table"]).samefile(out / "cases.csv")
    further = {"whole_images": True} if config["cases"].get("annotation") == "none" else {}
    params = cases.Params(config["cases"]["classes"], of_slices=task != "classification", **further)
    checked = cases.check(out / "cases.csv", params)
    if task == "detection":
        case_boxes.check(out / "cases.csv")
    return Made(out, case_table.read_table(out / "cases.csv"), checked, config, done.stderr)


def check_config(draft: dict) -> list[str]:
    """Check a config as the Snakefile does; a budget has its first step, as before anything is timed.

    Returns
    -------
    The arms of the study but the reference.
    """
    names = common_rules.helpers({"task": draft["task"]})
    with contextlib.chdir(common_rules.ROOT):
        whole = names["replaced"](names["read_yaml"](names["default_config"]()), draft)
        names = common_rules.helpers(whole)
        names["workflow"].config_settings = SimpleNamespace(overwrite_config=draft)
        names["check_config"]()
        common_rules.include(common_rules.ROOT / f"workflow/rules/{whole['task']}/{whole['task']}.smk", names)
        if whole["budget"]:
            names["set_values"](names["budget_steps"](names["read_yaml"](BUDGETS))["1"])
        names["check_consistency"]()
        return [arm for arm in names["all_arms"]() if arm != names["TASK_REFERENCE"]]


def refusal(source: Path, *options: str) -> str:
    """Return the one line that refuses a folder; nothing is left behind."""
    out = source.parent / "refused"
    done = script(source, out, *options)
    assert done.returncode == 1
    assert not [path.name for path in out.parent.iterdir() if "refused" in path.name]
    (line,) = done.stderr.strip().splitlines()
    assert re.fullmatch(r"ERROR \[make_case_table\] .*expected .*found .*; .*", line), line
    return line


def picture(path: Path, seed: int, shape: tuple[int, int] = (60, 80)) -> Path:
    """Write a picture that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)).save(path)
    return path


def mask(path: Path, *squares: tuple[int, int, int, int], shape: tuple[int, int] = (60, 80)) -> Path:
    """Write a mask of rectangles (x0, y0, x1, y1), half-open; a black one without any."""
    drawn = np.zeros(shape, dtype=np.uint8)
    for x0, y0, x1, y1 in squares:
        drawn[y0:y1, x0:x1] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn).save(path)
    return path
