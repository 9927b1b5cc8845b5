"""Run Snakemake and, after each job, print how many are done, the time so far and what is left of it.

The time left rests on the seconds of a job of each rule in the last run here (its benchmark files) or, with
--like-demo, in a run of the demo elsewhere, times what this run's jobs took in comparison; without either, in this run.
None is given before a few jobs have ended, nor while a rule is left of which nothing is known. All else that Snakemake
says is passed on, and its exit status is this script's.
"""

import argparse
import contextlib
import csv
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

# Seconds of a job of each rule: means of the demo's on an AMD EPYC with AVX2, in float32.
DEMO = {
    "make_phantom": 24, "check_cases": 3, "extract_rois": 6, "make_folds": 2, "plot_contours": 9, "build_pool": 9,
    "train_bovw": 11, "train_texture": 8, "plan_experiment": 2, "plot_augmentations": 3, "train_acgan": 23,
    "train_dcgan": 16, "train_classifier": 14, "train_inner_classifier": 7, "classify_discriminator": 3,
    "plot_training": 8, "sample_acgan": 4, "sample_dcgan": 4, "assess_generator": 31, "plot_synthetic": 5,
    "audit_lineage": 2, "collect_predictions": 1, "plot_tsne": 10, "compute_metrics": 3, "compare_arms": 3,
    "compute_subgroups": 3, "plot_size_curves": 2, "plot_calibration": 7, "write_headline": 2, "make_tables": 2,
    "plot_decision_curves": 6, "write_conformance": 2, "write_checklists": 2, "check_copies": 8, "write_summary": 4,
    "estimate_study_size": 3, "register_analysis_plan": 1, "check_duplicates": 1, "list_deviations": 1,
}  # fmt: skip
TELLING = 3  # jobs that must have ended before a time is given
CORES, PLANNED = re.compile(r"Provided cores: (\d+)"), re.compile(r"(\w+) +(\d+)$")
DATE, FINISHED = re.compile(r"\[\w{3} \w{3} [\d :]+\]$"), re.compile(r"Finished jobid: \d+ \(Rule: (\w+)\)$")
NOISE = re.compile(r"(Select jobs to execute\.\.\.|Execute \d+ jobs\.\.\.|\d+ of \d+ steps \(\d+%\) done)$")


class Progress:
    """What is known of a run from the lines that Snakemake prints and the benchmark files that its jobs leave."""

    def __init__(self, benchmarks: Path, elsewhere: dict[str, float], clock: Callable[[], float] = time.time):
        self.benchmarks, self.clock, self.began = benchmarks, clock, clock()
        self.expected, self.basis = means(self._seconds(0, self.began)), "the last run here"
        if not set(elsewhere) <= set(self.expected):
            self.expected, self.basis = elsewhere, "a run of the demo elsewhere"
        self.cores, self.left, self.done, self.dated = 0, Counter(), 0, []

    def _seconds(self, since: float, before: float = float("inf")) -> dict[str, list[float]]:
        """Return the seconds of the jobs of each rule whose benchmark files were written in a stretch of time."""
        found = defaultdict(list)
        for path in self.benchmarks.rglob("*.tsv"):
            rule = path.relative_to(self.benchmarks).parts[0].removesuffix(".tsv")
            with contextlib.suppress(OSError, KeyError, ValueError):  # just being replaced
                if since <= path.stat().st_mtime < before:
                    with path.open(newline="") as file:
                        found[rule] += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
        return found

    def read(self, line: str) -> list[str]:
        """Take a line of Snakemake's and return what to print: it, or ours in its place, or nothing yet."""
        held, self.dated = self.dated, []
        if DATE.match(line):
            self.dated = [line]  # of a finished job, which gets a line of ours, or of something to be passed on
            return held
        if finished := FINISHED.match(line):
            self.done += 1
            self.left[finished[1]] -= 1
            total, elapsed = self.done + self.left.total(), in_words(self.clock() - self.began)
            return [f"{self.done} of {total} jobs done, {elapsed} so far{self.remaining()}"]
        if NOISE.match(line):
            return held
        if cores := CORES.match(line):
            self.cores = int(cores[1])
        elif (planned := PLANNED.match(line)) and not self.done and planned[1] != "total":
            self.left[planned[1]] = int(planned[2])
        return [*held, line]

    def remaining(self) -> str:
        """Return how long the rest takes and on what that rests; nothing as long as it is not known."""
        seen, left = self._seconds(self.began), {rule: n for rule, n in self.left.items() if n > 0 and rule != "all"}
        known, pace, basis = means(seen), 1.0, "jobs of this run"
        compared = [(seconds, self.expected[rule]) for rule in seen.keys() & self.expected for seconds in seen[rule]]
        if compared:
            pace = sum(took for took, _ in compared) / sum(expected for _, expected in compared)
            known |= {rule: pace * seconds for rule, seconds in self.expected.items()}
            basis = f"{self.basis}, a job here taking {pace:.1f} times as long"
        if sum(map(len, seen.values())) < TELLING or not left or not set(left) <= set(known) or not self.cores:
            return ""
        work = sum(number * known[rule] for rule, number in left.items())
        return f", about {in_words(work / self.cores)} left (by {basis})"


def means(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return the mean seconds of a job of each rule."""
    return {rule: sum(each) / len(each) for rule, each in seconds.items() if each}


def in_words(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", required=True, type=Path, help="where jobs leave their benchmark files")
    parser.add_argument("--like-demo", action="store_true", help="the config is the demo's")
    parser.add_argument("command", nargs="+", help="Snakemake and its arguments, after --")
    arguments = parser.parse_args()
    progress = Progress(arguments.benchmarks, DEMO if arguments.like_demo else {})
    signal.signal(signal.SIGINT, lambda *_: None)  # a terminal asks Snakemake itself, whose last words are passed on
    run = subprocess.Popen(arguments.command, stderr=subprocess.PIPE, text=True, errors="replace")
    signal.signal(signal.SIGTERM, lambda *_: run.terminate())
    for line in run.stderr:
        sys.stderr.write("".join(f"{each}\n" for each in progress.read(line.rstrip("\n"))))
        sys.stderr.flush()
    sys.stderr.write("".join(progress.dated))
    return status if (status := run.wait()) >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
