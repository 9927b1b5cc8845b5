"""Cut runs of config/tiny.yaml short at random moments, in many ways, repeat the command, compare every result's bytes.

Exits with 1 unless each time the command ends with the bytes of a run that was never interrupted and leaves nothing
behind, and runs that are asked to stop do so without a complaint.
"""

import argparse
import contextlib
import itertools
import re
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
WIDTHS = [3, 22, 30, 9, 30, 7]
SAID = "Stopping. The same command goes on where it was."
QUIET = re.compile(r"(\^C)*(STOPPED \[.*|Terminated)?")  # what a job may say then


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
        sys.exit(f"error: the uninterrupted run failed; see {project.screen}")
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
        return compare(project, whole)


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
        return ["?", f"NO: the run failed, see {project.screen}"]
    return compare(project, whole)


def compare(project: Project, whole: Reference) -> list:
    """Repeat the command; return whether a training went on from a checkpoint, and whether all is as in ``whole``."""
    said = project.screen.read_text().partition(SAID)[2].splitlines()
    if complaints := [line for line in said if not QUIET.fullmatch(line)]:
        return ["?", f"NO: {complaints[0]}, see {project.screen}"]
    if project.start(*LOCAL).wait() != 0:
        return ["?", f"NO: the same command failed, see {project.screen}"]
    project.wait_until_still()
    resumed = any("goes on in epoch" in project.log(rule) for rule in TRAININGS)
    found = project.hashes()
    names = sorted(name for name in whole.hashes.keys() | found.keys() if whole.hashes.get(name) != found.get(name))
    wrong = names + project.remains()
    return ["yes" if resumed else "no", f"NO: {', '.join(wrong[:3])}" if wrong else "yes"]


def plan(
    kills: int, local: list[Way], remote: list[cluster.Way], unavailable: dict[str, str]
) -> list[tuple[Way | cluster.Way, list[str]]]:
    """Return each run's way to be cut short and the rules inside whose trainings that happens; none for anywhere.

    ``local`` are the ways on this machine, ``remote`` those on a cluster; those of an ``unavailable`` need fall out.
    Every way comes once, as far as ``kills`` reach, then those on this machine again; a cluster takes minutes.
    """
    for way in [way for way in [*local, *remote][:kills] if way.needs in unavailable]:
        print(f"WARNING: left out: {way.name}: {unavailable[way.needs]}", file=sys.stderr)
    local, remote = ([way for way in group if way.needs not in unavailable] for group in (local, remote))
    chosen = itertools.islice(itertools.chain(local, remote, itertools.cycle(local)), kills)
    return [
        (way, [cluster.SCRIPT] if way.needs == "cluster" else TRAININGS if number < TRAINING_SHARE * kills else [])
        for number, way in enumerate(chosen)
    ]


def show(*cells: object) -> None:
    print(*(str(cell).ljust(width) for cell, width in zip(cells, WIDTHS, strict=True)), flush=True)


def run_all(kills: int, name: str, seed: int, root: Path) -> int:
    """Cut runs short, in the way ``name`` or in all, print a line each; return how many ended as they should."""
    random = np.random.default_rng(seed)
    local, remote = ([way for way in group if name in ("", way.name)] for group in (WAYS, cluster.WAYS))
    with cluster.cluster(wanted=bool(remote) and kills > len(local)) as no_cluster:
        reasons = {"cluster": no_cluster, "small disk": no_small_disk()}
        ways = plan(kills, local, remote, {need: reason for need, reason in reasons.items() if reason})
        whole = reference(root / "reference")
        print(f"seed {seed}; uninterrupted: {whole.durations['']:.0f} s, {len(whole.hashes)} files")
        show("", "way", "moment", "resumed", "identical", "seconds")
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
    names = [way.name for way in [*WAYS, *cluster.WAYS]]
    parser.add_argument("--way", choices=names, default="", help="the only way to cut them short (default: all)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the random moments (default: new)")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="synthaug-chaos-") as root:
        same = run_all(arguments.kills, arguments.way, arguments.seed, Path(root))
    print(f"{same} of {arguments.kills} identical, in {(time.monotonic() - began) / 60:.1f} min")
    sys.exit(same < arguments.kills)


if __name__ == "__main__":
    main()
