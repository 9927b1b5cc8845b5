"""Where the time of a run goes besides the work itself: imports, Snakemake, idle cores, and a run with nothing to do.

PYTHONPATH=scripts:. python -m tests.benchmarks.workflow --cores 2 config/tiny.yaml config/config.yaml
"""

import argparse
import csv
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import timing

ROOT = Path(__file__).parents[2]
ROUNDS = 3  # medians over as many
PHANTOM = "make_phantom"


@contextmanager
def copy() -> Iterator[Path]:
    """Yield a temporary folder with the tracked files as they stand, without results."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory(prefix="synthaug-") as folder:
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target)
        yield Path(folder)


def snakemake(folder: Path, config: str, *arguments: str, cores: int = 2) -> str:
    """Run Snakemake in ``folder`` and return what it printed.

    Raises
    ------
    RuntimeError
        If it failed.
    """
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--configfile", config, *arguments]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / ".cache")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def overhead(config: str = "config/config.yaml", cores: int = 2) -> dict:
    """Run a config from nothing and split its core-seconds (cores times wall).

    Every job counts as one core, as in a config with ``threads: 1``. The parts, which add up to the whole:

    - ``work``: inside scripts after their imports, the phantom's apart;
    - ``imports``: of the same scripts, measured as ``--help``; what a script imports later counts as work;
    - ``phantom``: making the built-in cohort;
    - ``before``, ``between``, ``after``: no job on a core, before the first job (start, DAG), between the first and the
      last (scheduling; waiting for what a job needs) and after it (the report).
    """
    with copy() as folder:
        start_up = statistics.median(
            timing.seconds(lambda: snakemake(folder, config, "--dry-run", "--quiet", cores=cores))
            for _ in range(ROUNDS)
        )
        script_of = scripts(snakemake(folder, config, "--dry-run", "--quiet", "host", "--printshellcmds", cores=cores))
        began = time.time()  # comparable with times of files
        snakemake(folder, config, "--quiet", cores=cores)
        ended = time.time()
        jobs = finished_jobs(folder)
        load = {script: import_seconds(folder, script) for script in sorted(set(script_of.values()))}
    first, last = min(start for _, start, _ in jobs), max(end for _, _, end in jobs)
    inside = sum(end - start for _, start, end in jobs)
    phantom = sum(end - start for rule, start, end in jobs if rule == PHANTOM)
    imports = sum(load[script_of[rule]] for rule, _, _ in jobs if rule != PHANTOM)
    parts = {
        "work": inside - phantom - imports,
        "imports": imports,
        "phantom": phantom,
        "before": cores * (first - began),
        "between": cores * (last - first) - inside,
        "after": cores * (ended - last),
    }
    whole = cores * (ended - began)
    by_rule = Counter()
    for rule, start, end in jobs:
        by_rule[rule] += end - start
    return {
        "config": config,
        "cores": cores,
        "jobs": len(jobs),
        "wall_s": ended - began,
        "start_up_s": start_up,
        "core_s": parts,
        "share": {name: value / whole for name, value in parts.items()},
        "import_s": load,
        "rule_s": dict(by_rule.most_common()),
        "rule_jobs": dict(Counter(rule for rule, _, _ in jobs)),
    }


def scripts(plan: str) -> dict[str, str]:
    """Return the script of each rule in the printed ``plan`` of a dry run; rules without one are left out."""
    blocks = re.split(r"^(?:local)?rule (\w+):$", plan, flags=re.MULTILINE)[1:]
    pairs = zip(blocks[::2], blocks[1::2], strict=True)
    found = {rule: re.search(r"python \S*scripts/(\w+)\.py", block) for rule, block in pairs}
    return {rule: match[1] for rule, match in found.items() if match}


def finished_jobs(folder: Path) -> list[tuple[str, float, float]]:
    """Return rule, start and end of every job, from the benchmark files: each is written when its job ends."""
    jobs = []
    for path in folder.glob("results/*/benchmarks/**/*.tsv"):
        rule = path.relative_to(folder).with_suffix("").parts[3]
        with path.open(newline="", encoding="utf-8") as file:
            seconds = float(next(csv.DictReader(file, delimiter="\t"))["s"])
        end = path.stat().st_mtime
        jobs.append((rule, end - seconds, end))
    return jobs


def import_seconds(folder: Path, script: str) -> float:
    """Return how long a script of the copy takes to show its help: Python's start and the imports."""
    command = [sys.executable, f"scripts/{script}.py", "--help"]

    def call() -> None:
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)

    return statistics.median(timing.seconds(call) for _ in range(ROUNDS))


def no_op(config: str = "config/paper.yaml") -> dict:
    """Time Snakemake where every result is there and up to date; nothing is computed for that.

    Outputs are empty files, and ``--touch`` records them as a run would. That the records hold is checked: another seed
    makes every job stale again.

    Raises
    ------
    RuntimeError
        If there is something to be done all the same, or a result counts as incomplete.
    """
    with copy() as folder:
        fresh = statistics.median(
            timing.seconds(lambda: snakemake(folder, config, "--dry-run", "--quiet")) for _ in range(ROUNDS)
        )
        planned = total_jobs(snakemake(folder, config, "--dry-run", "--quiet", "rules"))
        lines = snakemake(folder, config, "--summary").splitlines()
        rows = [line.split("\t") for line in lines if "\t" in line]
        outputs = [folder / row[0] for row in rows if row[0] != "output_file"]
        for path in outputs:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix:
                path.touch()
            else:  # outputs without a suffix are folders
                path.mkdir(exist_ok=True)
        snakemake(folder, config, "--touch", "--forceall", "--quiet")
        seconds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            printed = snakemake(folder, config)
            seconds.append(time.perf_counter() - began)
            if "Nothing to be done" not in printed:
                raise RuntimeError(f"{config}: expected nothing to be done:\n{printed}")
        if any((folder / ".snakemake/incomplete").iterdir()):
            raise RuntimeError(f"{config}: incomplete results")
        stale = total_jobs(snakemake(folder, config, "--config", "master_seed=1", "--dry-run", "--quiet", "rules"))
        if stale != planned:
            raise RuntimeError(f"{config}: another seed makes {stale} of {planned} jobs stale: no record of the first")
    return {
        "config": config,
        "jobs": planned,
        "outputs": len(outputs),
        "fresh_dry_run_s": fresh,
        "no_op_s": statistics.median(seconds),
    }


def total_jobs(plan: str) -> int:
    return int(re.search(r"^total\s+(\d+)", plan, flags=re.MULTILINE)[1])


def text(run: dict) -> str:
    """Return the result of `overhead` as a table to read."""
    lines = [
        f"{run['config']}: {run['jobs']} jobs, {run['cores']} cores, {run['wall_s']:.1f} s;"
        f" dry run {run['start_up_s']:.2f} s"
    ]
    lines += [f"  {name:8} {run['core_s'][name]:8.1f} core-s {run['share'][name]:7.1%}" for name in run["core_s"]]
    lines += [
        f"    {rule:24} {run['rule_jobs'][rule]:4} jobs {seconds:8.1f} s" for rule, seconds in run["rule_s"].items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=["config/tiny.yaml", "config/config.yaml"], help="run and split")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--no-op", default="config/paper.yaml", metavar="CONFIG", help="with nothing to do")
    arguments = parser.parse_args()
    idle = no_op(arguments.no_op)
    print(
        f"{idle['config']}: {idle['jobs']} jobs, {idle['outputs']} outputs; dry run of all"
        f" {idle['fresh_dry_run_s']:.2f} s, nothing to be done {idle['no_op_s']:.2f} s",
        flush=True,
    )
    for config in arguments.configs:
        print(text(overhead(config, arguments.cores)), flush=True)


if __name__ == "__main__":
    main()
