"""Stages, each with a limit of time, in a process that may crash or hang without loss of what is measured.

Every outcome is a line of JSON, written as soon as it is known. A supervisor starts the process that does the work,
ends it when a stage has run past its limit, and starts it again for what is left.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 30  # that an item may run past its stage's limit before it is ended
POLL_S = 0.1
RAN_PAST = "ran past the time of its stage"


@dataclass(frozen=True)
class Stage:
    """Some items of one kind.

    Attributes
    ----------
    name, settles
        What it is called, and the question that it answers.
    limit_s
        Time that all of its items may take; the others are then left out.
    items
        By name, what each does; it returns a value for JSON.
    """

    name: str
    settles: str
    limit_s: float
    items: dict[str, Callable[[], dict]]


class Outcomes:
    """The file of outcomes, and what is not done yet."""

    def __init__(self, path: Path, stages: Sequence[Stage]):
        self.path, self.stages = path, stages

    def write(self, **values: object) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def lines(self) -> list[dict]:
        """Return what is written; of a line that was cut short, nothing."""
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def tidy(self) -> None:
        """Take out what a run that was cut short left at the end: part of a line, an item that began."""
        lines = self.lines()
        while lines and "began" in lines[-1]:
            lines.pop()
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    def done(self) -> list[dict]:
        """Return the outcomes of items."""
        return [line for line in self.lines() if "seconds" in line]

    def left(self) -> Iterator[tuple[Stage, str]]:
        known = {(line["stage"], line["item"]) for line in self.done()}
        for stage in self.stages:
            for item in stage.items:
                if (stage.name, item) not in known:
                    yield stage, item

    def spent(self, stage: Stage) -> float:
        """Return the seconds that the stage's items have taken."""
        return sum(line["seconds"] for line in self.done() if line["stage"] == stage.name)

    def begun(self) -> dict | None:
        """Return the line of the item that runs, if any."""
        lines = self.lines()
        return lines[-1] if lines and "began" in lines[-1] else None


def work(outcomes: Outcomes, say: Callable[[str], None]) -> None:
    """Do what is left, item by item; end the process where the GPU itself has failed."""
    said = None
    for stage, item in list(outcomes.left()):
        if stage is not said:
            say(f"\n{stage.name}: {stage.settles}")
            said = stage
        if outcomes.spent(stage) >= stage.limit_s:
            outcomes.write(stage=stage.name, item=item, seconds=0.0, failed="left out: no time left")
            say(f"  {item}: left out, no time left")
            continue
        outcomes.write(stage=stage.name, item=item, began=time.time())
        began, broken = time.perf_counter(), False
        try:
            found = stage.items[item]()
        except Exception as error:  # whatever it is, the other items are to be tried
            found = {"failed": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"}
            broken = "CUDA error" in str(error)
        outcomes.write(stage=stage.name, item=item, seconds=time.perf_counter() - began, **found)
        say(f"  {item}: {described(found)}")
        if broken:
            sys.exit(1)


def supervise(outcomes: Outcomes, command: Sequence[str], say: Callable[[str], None]) -> None:
    """Run ``command``, which calls `work`, until nothing is left."""
    while next(outcomes.left(), None):
        before = len(outcomes.done())
        child = subprocess.Popen(command)
        try:
            while child.poll() is None:
                time.sleep(POLL_S)
                if _is_late(outcomes):
                    child.kill()
                    child.wait()
        finally:
            child.kill()
            child.wait()
        running = outcomes.begun()
        if running:
            late = _is_late(outcomes)
            failed = RAN_PAST if late else f"ended the process with code {child.returncode}"
            seconds = time.time() - running["began"]
            outcomes.write(stage=running["stage"], item=running["item"], seconds=seconds, failed=failed)
            say(f"  {running['item']}: {failed}")
        if len(outcomes.done()) == before:
            raise SystemExit(f"error: expected the process to do something, found exit code {child.returncode}")


def _is_late(outcomes: Outcomes) -> bool:
    running = outcomes.begun()
    if not running:
        return False
    (stage,) = (stage for stage in outcomes.stages if stage.name == running["stage"])
    return outcomes.spent(stage) + time.time() - running["began"] > stage.limit_s + GRACE_S


def holds(outcome: dict) -> bool:
    """Return whether nothing of an outcome is wrong; what was left out for want of time is not wrong."""
    if "failed" in outcome:
        return outcome["failed"].startswith(("left out", "not compiled"))
    return all(outcome.get("checks", {}).values())


def described(found: dict) -> str:
    """Return an outcome in words."""
    if "failed" in found:
        return found["failed"]
    if "checks" in found:
        wrong = [sentence for sentence, right in found["checks"].items() if not right]
        return "; ".join(f"NO: {sentence}" for sentence in wrong) or f"yes, all {len(found['checks'])}"
    return "; ".join(_figures(found))


def _figures(found: dict) -> Iterator[str]:
    for name, value in found.items():
        words = name.replace("_", " ")
        if isinstance(value, dict):
            yield f"{words}: " + ", ".join(f"{key} {_number(each)}" for key, each in value.items())
        else:
            yield f"{words} {_number(value)}"


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else (
        f"{value:,.0f}" if isinstance(value, float) else str(value)
    )  # fmt: skip
