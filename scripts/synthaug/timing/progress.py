"""How far a run is, what is left of it, and what its trainings do at the moment, in one line."""

import itertools
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field

from synthaug.timing import job_times, schedule

REPORT = re.compile(r"(epoch|step) (\d+)/(\d+): .*?([\d.]+) images/s$", re.MULTILINE)
SHOWN = 3  # trainings in a line
EARLY = 0.05  # of a job: until then it has mostly read its files, which says nothing of its trainings
KNOWN = 10.0  # seconds that jobs other than trainings are taken to have shown beforehand, in the time expected of them
LEAST = 1.0  # seconds that a job which runs has at least left


@dataclass(frozen=True)
class Planned:
    """A job of the run: what it does, as the user is to call it, and the jobs that it waits for."""

    job: job_times.Job
    label: str
    waits_for: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Position:
    """Where a job with trainings is: which training, how many of its epochs or steps are done, and images a second."""

    training: int
    done: int
    of: int
    speed: float
    unit: str = "epoch"

    def share(self, trainings: int) -> float:
        """Return which part of the job is done, 0 to 1."""
        return min((self.training - 1 + self.done / self.of) / trainings, 1.0)


@dataclass
class Progress:
    """A run, as far as it is known at each moment that `update` is called.

    Attributes
    ----------
    planned
        Every job, by a name of its own.
    cores
        How many jobs can run at once; None if nobody knows, as on a cluster. Then no time is given.
    lesions
        Of the cohort.
    speeds
        Images a second in the training of each network, as far as measured. Trainings add to it what they report.
    log_of
        Returns what the job of a name has logged so far.
    seen
        Seconds of a job of each rule in an earlier run.
    """

    planned: Mapping[str, Planned]
    cores: int | None
    lesions: int
    speeds: dict[str, float]
    log_of: Callable[[str], str]
    began: float
    seen: Mapping[str, float] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    took: dict[str, float | None] = field(default_factory=dict)  # None of a job that nobody saw run

    def update(self, now: float, running: Set[str], done: Set[str]) -> None:
        """Take in which jobs run and which are done at the time ``now``, in seconds."""
        for name in running:
            self.started.setdefault(name, now)
        for name in done - set(self.took):
            self.took[name] = now - self.started[name] if name in self.started else None

    def line(self, now: float) -> str:
        """Return what to print: jobs done, time so far and left, and the epochs of trainings that run."""
        text = f"{len(self.took)} of {len(self.planned)} jobs done, {in_words(now - self.began)} so far"
        positions = {name: position for name in self._running() if (position := self._position(name))}
        left = self.left(now, positions)
        if left is not None:
            text += f", about {in_words(left)} left"
        each = [
            f"{self.planned[name].label}: {at.unit} {at.done} of {at.of}, {at.speed:.0f} images/s"
            for name, at in sorted(positions.items())
        ]
        further = f"; {len(each) - SHOWN} more trainings" if len(each) > SHOWN else ""
        return "; ".join([text, *each[:SHOWN]]) + further

    def left(self, now: float, positions: Mapping[str, Position] | None = None) -> float | None:
        """Return the seconds until the run ends; None as long as the speed of a training is not known."""
        unknown = networks(self._open()) - set(self.speeds)
        if self.cores is None or unknown:
            return None
        shares = {name: self._share(name, position) for name, position in (positions or {}).items()}
        paces = {kind: self._pace(kind, now, shares) for kind in [True, False]}
        seconds = {}
        for name, plan in self._open().items():
            seconds[name] = paces[bool(plan.job.trained)] * self._expected(name)
            if name in self.started:
                elapsed, share = now - self.started[name], shares.get(name, 0)
                rest = elapsed * (1 - share) / share if share >= EARLY else seconds[name] - elapsed
                seconds[name] = max(rest, LEAST)
        waits_for = {name: self.planned[name].waits_for for name in seconds}
        return schedule.duration(seconds, waits_for, self.cores, running=set(self._running()))

    def _open(self) -> dict[str, Planned]:
        return {name: plan for name, plan in self.planned.items() if name not in self.took}

    def _running(self) -> list[str]:
        return [name for name in self.started if name not in self.took]

    def _expected(self, name: str) -> float:
        return job_times.expected(self.planned[name].job, self.lesions, self.speeds, self.seen)

    def _share(self, name: str, position: Position) -> float:
        """Return which part of a job that runs is done; 0 if its epochs do not say it."""
        job = self.planned[name].job
        even = len(job.trained) == 1  # epochs of a network that grows take longer and longer
        return position.share(job.trainings) if even else 0

    def _pace(self, training: bool, now: float, shares: Mapping[str, float]) -> float:
        """Return how many times as long as expected jobs take, of trainings or of others.

        By those that are done, and by what trainings that run have done. Networks may have been timed while the machine
        did other things; and a single short job says little of others.
        """
        took = {name: (seconds, 1.0) for name, seconds in self.took.items() if seconds is not None}
        took |= {
            name: (now - self.started[name], share)
            for name, share in shares.items()
            if share >= EARLY and name in self.started
        }
        seen = {
            name: each
            for name, each in took.items()
            if bool(self.planned[name].job.trained) == training
            and set(self.planned[name].job.trained) <= set(self.speeds)
        }
        expected = sum(share * self._expected(name) for name, (_, share) in seen.items())
        known = 0.0 if training else KNOWN
        total = sum(seconds for seconds, _ in seen.values())
        return (total + known) / (expected + known) if expected else 1.0

    def _position(self, name: str) -> Position | None:
        """Return where a training is, and learn its speed if nobody has measured it."""
        job = self.planned[name].job
        reports = REPORT.findall(self.log_of(name)) if job.trained else []
        if not reports:
            return None
        unit, done, of, speed = reports[-1]
        seen = [int(each) for _, each, *_ in reports]
        further = sum(after <= before for before, after in itertools.pairwise(seen))  # trainings that began anew
        if len(job.trained) == 1:
            self.speeds.setdefault(next(iter(job.trained)), float(speed))
        return Position(1 + further, int(done), int(of), float(speed), unit)


def networks(planned: Mapping[str, Planned]) -> set[str]:
    """Return the names of the networks that jobs train."""
    return {network for plan in planned.values() for network in plan.job.trained}


def in_words(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours.

    >>> in_words(90), in_words(600), in_words(9000)
    ('90 s', '10 min', '2.5 h')
    """
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
