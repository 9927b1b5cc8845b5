"""Random moments of a run: anywhere in it, or inside the training of one network."""

import re
import time
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tests.helpers.terminal import Terminal

from .project import Project

# A training writes this line before its first step and one an epoch afterwards; the last one is "epoch n/n".
BEGUN, EPOCH = re.compile(r"images: \{"), re.compile(r"epoch (\d+)/(\d+)")
TRAININGS = ["train_acgan", "train_classifier"]


@dataclass(frozen=True)
class Moment:
    """``seconds`` after the run's start, or after the begin of the first training of ``rule``."""

    rule: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s into {self.rule or 'the run'}"

    def wait(self, project: Project, run: Terminal) -> bool:
        """Wait for the moment; return whether it lies inside a training, or in the run when no rule is named."""
        while self.rule and not BEGUN.search(project.log(self.rule)):
            if run.poll() is not None:
                return False
            time.sleep(0.01)
        time.sleep(self.seconds)
        return run.poll() is None and (not self.rule or is_training(project, self.rule))


def is_training(project: Project, rule: str) -> bool:
    """Tell whether a training of ``rule`` has begun that has not written its last epoch."""
    text = project.log(rule)
    last = sum(epoch == of for epoch, of in EPOCH.findall(text))
    return len(BEGUN.findall(text)) > last


def training_seconds(project: Project, rule: str) -> float:
    """Return how long the first training of ``rule`` took in a finished run, from its log's times."""
    times = []
    for line in project.log(rule).splitlines():
        if BEGUN.search(line) or (EPOCH.search(line) and len(set(EPOCH.search(line).groups())) == 1):
            times.append(datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f"))
    return (times[1] - times[0]).total_seconds()


def draw(random: np.random.Generator, rules: list[str], durations: dict[str, float]) -> Moment:
    """Draw a moment inside a training of one of ``rules``, or anywhere in the run if there are none.

    ``durations`` are those of the rules' trainings and, as "", of the run.
    """
    rule = str(random.choice(rules)) if rules else ""
    return Moment(rule, float(random.uniform(0, durations[rule])))
