"""Cut runs of config/tiny.yaml short at random moments, in many ways, run them again, and compare every result's bytes.

Exits with 1 unless all runs end with the bytes of one that was never interrupted and leave nothing behind.
"""

import argparse
import contextlib
import itertools
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import cluster
from .interruptions import WAYS, Way, kill_everything, no_small_disk, small_disk
from .moments import TRAININGS, Moment, draw, training_seconds
from .project import LOCAL, Project

MEGABYTES = 400  # of the small disk; a run needs about half
TRAINING_SHARE = 0.7  # of the moments lie inside a training
REDRAWS = 5
WIDTHS = [3, 22, 30, 9, 6, 30, 7]


@dataclass(frozen=True)
class Reference:
    """An uninterrupted run: its results' hashes, how long it took ("") and each rule's training (s)."""

    project: Project
    hashes: dict[str, str]
    durations: dict[str, float]


def reference(folder: Path) -> Reference:
    project = Project.copy(folder / "project")
    began = time.monotonic()
    if project.start(*LOCAL).wait() != 0:
        sys.exit(f"error: the uninterrupted run failed; see {folder / 'snakemake.log'}")
    durations = {"": time.monotonic() - began} | {rule: training_seconds(project, rule) for rule in TRAININGS}
    return Reference(project, project.hashes(), durations)


def cut_locally(folder: Path, way: Way, moment: Moment, whole: Reference) -> list | None:
    """Run on this machine, cut short, run again, compare; None if the run passed the moment before it was cut."""
    with small_disk(folder / "disk", MEGABYTES) if way.needs == "small disk" else contextlib.nullcontext():
        project = Project.copy(folder / "disk/project")
        run = project.start(*LOCAL)
        if not moment.wait(project, run):
            kill_everything(project, run)
            return None
        way.act(project, run, moment.rule)
        return compare(project, project.finish(), whole)


def cut_on_cluster(folder: Path, way: cluster.Way, moment: Moment, whole: Reference) -> list | None:
    """Run the trainings on SLURM, hit one, let the run end, compare; None if the training had ended before."""
    project = cluster.prepare(whole.project, folder / "project")
    run = cluster.start(project)
    if not moment.wait(project, run):
        cluster.cancel(project, run)
        return None
    jobs = project.jobs(moment.rule)
    if not jobs:
        cluster.cancel(project, run)
        return None
    way.act(jobs[0])
    if run.wait() != 0:
        return ["?", 1, f"NO: the run failed, see {folder / 'snakemake.log'}"]
    return compare(project, project.finish(), whole)


def compare(project: Project, runs: int, whole: Reference) -> list:
    """Return whether a training went on from a checkpoint, the number of runs, and whether all is as in ``whole``."""
    project.wait_until_still()
    resumed = any("goes on in epoch" in project.log(rule) for rule in TRAININGS)
    found = project.hashes()
    names = sorted(name for name in whole.hashes.keys() | found.keys() if whole.hashes.get(name) != found.get(name))
    wrong = names + project.remains()
    return ["yes" if resumed else "no", runs, f"NO: {', '.join(wrong[:3])}" if wrong else "yes"]


def plan(kills: int, unavailable: dict[str, str]) -> list[tuple[Way | cluster.Way, list[str]]]:
    """Return each run's way to be cut short and the rules inside whose trainings that happens; none for anywhere.

    Every way comes once, as far as ``kills`` reach, then those on this machine again; a cluster takes minutes.
    """
    ways = [*WAYS, *cluster.WAYS]
    for way in [way for way in ways[:kills] if way.needs in unavailable]:
        print(f"WARNING: left out: {way.name}: {unavailable[way.needs]}", file=sys.stderr)
    local, remote = ([way for way in group if way.needs not in unavailable] for group in (WAYS, cluster.WAYS))
    chosen = itertools.islice(itertools.chain(local, remote, itertools.cycle(local)), kills)
    return [
        (way, [cluster.SCRIPT] if way.needs == "cluster" else TRAININGS if number < TRAINING_SHARE * kills else [])
        for number, way in enumerate(chosen)
    ]


def show(*cells: object) -> None:
    print(*(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)), flush=True)


def run_all(kills: int, seed: int, root: Path) -> int:
    """Cut runs short as planned, print a line each; return how many ended as they should."""
    random = np.random.default_rng(seed)
    with cluster.cluster(wanted=kills > len(WAYS)) as no_cluster:
        reasons = {"cluster": no_cluster, "small disk": no_small_disk()}
        ways = plan(kills, {need: reason for need, reason in reasons.items() if reason})
        whole = reference(root / "reference")
        print(f"seed {seed}; uninterrupted: {whole.durations['']:.0f} s, {len(whole.hashes)} files")
        show("", "way", "moment", "resumed", "runs", "identical", "seconds")
        same = 0
        for number, (way, trainings) in enumerate(ways):
            cut = cut_on_cluster if way.needs == "cluster" else cut_locally
            for draws in range(REDRAWS):
                began = time.monotonic()
                moment = draw(random, trainings, whole.durations)
                outcome = cut(root / f"{number}-{draws}", way, moment, whole)
                if outcome:
                    break
            else:
                sys.exit(f"error: {way.name}: {REDRAWS} random moments were all missed; the machine is too busy")
            show(number + 1, way.name, moment, *outcome, f"{time.monotonic() - began:.0f}")
            same += outcome[-1] == "yes"
    print(f"{sum(bool(trainings) for _, trainings in ways)} of {kills} were cut inside a training")
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the random moments (default: new)")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="synthaug-chaos-") as root:
        same = run_all(arguments.kills, arguments.seed, Path(root))
    print(f"{same} of {arguments.kills} identical, in {(time.monotonic() - began) / 60:.1f} min")
    sys.exit(same < arguments.kills)


if __name__ == "__main__":
    main()
