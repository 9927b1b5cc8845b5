"""Cut runs of config/tiny.yaml short at random moments, in many ways, run them again, and compare every result's bytes.

Exits with 1 unless all runs end with the bytes of one that was never interrupted and leave nothing behind.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from .interruptions import WAYS, Way, kill_everything, small_disk
from .moments import TRAININGS, Moment, draw, training_seconds
from .project import LOCAL, Project

MEGABYTES = 400  # of the small disk; a run needs about half
TRAINING_SHARE = 0.7  # of the moments lie inside a training
REDRAWS = 5


@dataclass(frozen=True)
class Outcome:
    way: str
    moment: str
    resumed: str
    runs: int
    identical: str
    seconds: str


def reference(folder: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Return the hashes of an uninterrupted run, and how long it and its trainings take."""
    project = Project(folder / "project")
    began = time.monotonic()
    if project.start(*LOCAL).wait() != 0:
        sys.exit(f"error: the uninterrupted run failed; see {folder / 'snakemake.log'}")
    durations = {"": time.monotonic() - began}
    return project.hashes(), durations | {rule: training_seconds(project, rule) for rule in TRAININGS}


def cut_short(folder: Path, way: Way, moment: Moment, expected: dict[str, str]) -> Outcome | None:
    """Run, cut short, run again, compare; None if the run passed the moment before it was cut."""
    began = time.monotonic()
    with small_disk(folder / "disk", MEGABYTES) as mounted:
        if way.small_disk and not mounted:
            sys.exit(
                "error: full disk: needs a disk of its own, which only root may mount; leave it out: --without-disk"
            )
        project = Project(folder / "disk" / "project" if way.small_disk else folder / "project")
        run = project.start(*LOCAL)
        if not moment.wait(project, run):
            kill_everything(project, run)
            return None
        way.act(project, run, moment.rule)
        runs = project.finish()
        project.wait_until_still()
        logs = "".join(project.log(rule) for rule in TRAININGS)
        found, remains = project.hashes(), project.remains()
        different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    verdict = "yes" if not different + remains else f"NO: {', '.join((different + remains)[:3])}"
    resumed = "yes" if "goes on in epoch" in logs else "no"
    return Outcome(way.name, str(moment), resumed, runs, verdict, f"{time.monotonic() - began:.0f}")


def show(number: int | str, outcome: tuple) -> None:
    widths = [3, 22, 30, 8, 5, 30, 7]
    print(*(str(cell).ljust(width) for cell, width in zip([number, *outcome], widths, strict=True)), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the random moments (default: new)")
    parser.add_argument("--without-disk", action="store_true", help="leave the full disk out")
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    ways = [way for way in WAYS if not (way.small_disk and arguments.without_disk)]
    began = time.monotonic()
    outcomes, inside = [], round(TRAINING_SHARE * arguments.kills)
    with tempfile.TemporaryDirectory(prefix="synthaug-chaos-") as root:
        expected, durations = reference(Path(root) / "reference")
        print(f"seed {arguments.seed}; uninterrupted: {durations['']:.0f} s, {len(expected)} files")
        show("", ("way", "moment", "resumed", "runs", "identical", "seconds"))
        for number in range(arguments.kills):
            outcome = None
            for draws in range(REDRAWS):
                moment = draw(random, number < inside, durations)
                outcome = cut_short(Path(root) / f"{number}-{draws}", ways[number % len(ways)], moment, expected)
                if outcome:
                    break
            if outcome is None:
                sys.exit(f"error: {REDRAWS} random moments were all missed; the machine is too busy")
            outcomes.append(outcome)
            show(number + 1, astuple(outcome))
    same = sum(outcome.identical == "yes" for outcome in outcomes)
    minutes = (time.monotonic() - began) / 60
    print(f"{same} of {len(outcomes)} identical, {inside} inside a training, {minutes:.1f} min")
    sys.exit(same < len(outcomes))


if __name__ == "__main__":
    main()
