"""What each stage up to the plan, and the start of a training job, cost as a cohort grows.

    PYTHONPATH=scripts:. python -m tests.benchmarks.scaling --lesions 182 1820 --extrapolate 18200

The cohort is cheap to make: small volumes of noise with a disc a lesion. Needs 4 GB of disk at 1,820 lesions.
"""

import argparse
import csv
import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from operator import sub
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config/paper.yaml"
COHORT = "scaling"
CLASSES = ("cyst", "metastasis", "hemangioma")
SIZE = (3, 192, 192)  # voxels of a volume (z, y, x): a slice for each lesion of a patient
DIAMETERS = (15, 60)  # px
SPACING = (0.8, 0.8, 5.0)  # mm (x, y, z)
PLAN = f"results/{COHORT}/plan.csv"
# Between us and what is measured, because a child's peak memory is never below that of the process that started it.
LAUNCH = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
figures = time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss
print("\\n", json.dumps([*figures, os.waitstatus_to_exitcode(status)]), sep="")
"""
POOL_BYTES = 480 * 64**2  # of a lesion
BASES = {"seconds": "base_s", "cpu_s": "base_cpu_s", "peak_mb": "base_mb", "written_mb": ""}
NEEDS = {
    "check_cases": set(),
    "extract_rois": {"check_cases"},
    "make_folds": {"check_cases"},
    "build_pool": {"extract_rois"},
    "plan_experiment": {"build_pool", "make_folds"},
}


def make_cohort(lesions: int | str, folder: Path | str) -> None:
    """Write ``cases.csv`` and its volumes: patients with one to three lesions, by masks and by boxes in turns."""
    import numpy as np  # here, because the process that a training job's start is measured in imports this module
    import SimpleITK as sitk

    def write(array: np.ndarray, name: str) -> None:
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing(SPACING)
        sitk.WriteImage(volume, str(folder / name))

    lesions, folder = int(lesions), Path(folder)
    random = np.random.default_rng(lesions)
    folder.mkdir(parents=True, exist_ok=True)
    y, x = np.ogrid[: SIZE[1], : SIZE[2]]
    rows = []
    for patient in range(lesions):
        count = min(patient % 3 + 1, lesions - len(rows))
        if not count:
            break
        # In threes of 1 + 2 + 3 lesions, so that classes and sets are as large at any size; a third are extra cases, as
        # in the paper configuration, whose sizes need as many.
        cls = CLASSES[patient // 3 % len(CLASSES)]
        kind = "extra" if patient // 9 % 3 == 2 else "main"
        image = random.normal(60, 15, SIZE).astype(np.int16)
        labels = np.zeros(SIZE, np.uint8)
        for k in range(count):
            radius = random.uniform(*DIAMETERS) / 2
            center_x, center_y = random.uniform(radius + 1, np.array(SIZE[:0:-1]) - radius - 2)
            disc = (x - center_x) ** 2 + (y - center_y) ** 2 <= radius**2
            image[k][disc] -= 40
            labels[k][disc] = k + 1
            row = {"lesion": f"L{len(rows):05}", "patient": f"P{patient:05}", "class": cls, "set": kind}
            row |= {"image": f"P{patient:05}.nii", "mask": "", "label": "", "box": "", "slice": k}
            if patient % 2:
                row |= {"mask": f"P{patient:05}-mask.nii", "label": k + 1}
            else:
                corners = [center_x - radius, center_y - radius, center_x + radius, center_y + radius]
                row["box"] = ",".join(f"{value:.1f}" for value in corners)
            rows.append(row)
        write(image, f"P{patient:05}.nii")
        if patient % 2:
            write(labels, f"P{patient:05}-mask.nii")
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def stages(lesions: int, folder: Path, limit: float = math.inf, guess: dict[str, float] | None = None) -> list[dict]:
    """Make a cohort in ``folder``, run the rules' own commands up to the plan, and measure each.

    Parameters
    ----------
    lesions
        Main and extra ones together.
    limit, guess
        A stage for which more than ``limit`` seconds are guessed is left out, and so is what needs its files.

    Returns
    -------
    A dictionary a stage: ``lesions``, ``stage``, ``seconds``, ``cpu_s``, ``peak_mb``, ``written_mb``, and ``base_s``,
    ``base_cpu_s`` and ``base_mb``, what its script takes to start and import. The stage "dry run" is Snakemake's own,
    of the whole experiment; "training: ..." are the steps of a training job before its first epoch, in one process.
    """
    folder, guess = Path(folder).resolve(), guess or {}
    measured(call("make_cohort", str(lesions), "data"), folder)
    config = {"cohort": COHORT, "cases": {"table": str(folder / "data/cases.csv")}}
    (folder / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    whole, _ = measured(snakemake(folder, "--dry-run", "--quiet"), folder)
    start, _ = measured([sys.executable, "-m", "snakemake", "--version"], folder)
    done = [record(lesions, "dry run", whole, 0, start)]
    _, plan = measured(snakemake(folder, "--dry-run", "--quiet", "host", "--printshellcmds", PLAN), folder)
    absent = set()
    for command in re.findall(r"^(?:Shell command: *)?\s*(python .*scripts/.*)$", plan, flags=re.MULTILINE):
        words = shlex.split(command.replace('"$SYNTHAUG_TABLE"', shlex.quote(str(folder / "data/cases.csv"))))
        arguments = [sys.executable, *words[1:]]
        stage = Path(arguments[1]).stem
        if stage not in NEEDS:  # pages of the check, which a plan waits for and does not read
            continue
        if guess.get(stage, 0) > limit or NEEDS[stage] & absent:
            absent.add(stage)
            continue
        before = written(folder)
        used, _ = measured(arguments, folder)
        base, _ = measured([*arguments[:2], "--help"], folder)
        done.append(record(lesions, stage, used, written(folder) - before, base))
    if not absent:
        done += training_start(lesions, folder)
    return done


def call(function: str, *arguments: str) -> list[str]:
    """Return the command that calls a function of this module with text arguments."""
    code = f"import sys; from tests.benchmarks import scaling; scaling.{function}(*sys.argv[1:])"
    return [sys.executable, "-c", code, *arguments]


def snakemake(folder: Path, *arguments: str) -> list[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*command, "--cores", "1", *arguments, "--configfile", str(CONFIG), str(folder / "config.yaml")]


def measured(command: list[str], folder: Path) -> tuple[tuple[float, float, float], str]:
    """Run a command in ``folder``; return its seconds, CPU seconds and peak memory in MB, and what it printed.

    Raises
    ------
    RuntimeError
        If it failed.
    """
    path = os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / ".cache")}
    launched = [sys.executable, "-c", LAUNCH, *command]
    with tempfile.TemporaryFile("w+") as file:
        subprocess.run(launched, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT, check=True)
        file.seek(0)
        output, _, last = file.read().rstrip().rpartition("\n")
    seconds, cpu, peak, status = json.loads(last)
    if status:
        raise RuntimeError(f"{shlex.join(command)[:500]}:\n{output[-5000:]}")
    return (seconds, cpu, peak / (2**20 if sys.platform == "darwin" else 2**10)), output


def written(folder: Path) -> int:
    """Return the bytes of all results."""
    return sum(path.stat().st_size for path in (folder / "results").rglob("*") if path.is_file())


def record(lesions: int, stage: str, used: tuple, size: int, base: tuple) -> dict:
    row = {"lesions": lesions, "stage": stage, "seconds": used[0], "cpu_s": used[1], "peak_mb": used[2]}
    return row | {"written_mb": size / 1e6, "base_s": base[0], "base_cpu_s": base[1], "base_mb": base[2]}


def training_start(lesions: int, folder: Path) -> list[dict]:
    """Measure, in a process of its own, what `first_step` times."""
    used, printed = measured(call("first_step", f"results/{COHORT}"), folder)
    steps = json.loads(printed.rstrip().splitlines()[-1])
    return [
        record(lesions, f"training: {step}", (*seconds, used[2]), 0, (0.0, 0.0, 0.0)) for step, seconds in steps.items()
    ]


def first_step(results: str) -> None:
    """Do what a job of ``--arm classic --size 5000`` does before its first epoch; print seconds and CPU seconds.

    The job has three choices of training folds; the times are of all three.
    """
    taken = {}

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.perf_counter(), time.process_time()
        yield
        ended = time.perf_counter(), time.process_time()
        taken[step] = [sum(times) for times in zip(taken.get(step, (0, 0)), map(sub, ended, began), strict=True)]

    with timed("imports"):
        import train_classifier  # noqa: F401 - what it imports is what a job waits for
        from synthaug.classification import training_images, training_sets
        from synthaug.files import artifacts
    folder = Path(results)
    with timed("pool index"):
        pool_index = artifacts.read_csv(folder / "pool/index.csv")
    with timed("other tables, arrays"):
        rois, folds = (artifacts.read_csv(folder / name) for name in ["rois/rois.csv", "seed-0/folds.csv"])
        roi_images = artifacts.read_array(folder / "rois/images.npy")
        pool = artifacts.read_array(folder / "pool/images.npy", memory_map=True)
    for train_folds in ["12", "02", "01"]:
        with timed("training sets"):
            rows = training_sets.classifier_set(
                rois, pool_index, folds, train_folds=train_folds, arm="classic", size="5000", classes=list(CLASSES),
                seed=0, master_seed=2018,
            )  # fmt: skip
        with timed("gathering images"):
            training_images.gather(rows, roi_images, pool, {})
    print(json.dumps(taken))


def extrapolate(small: list[dict], large: list[dict], lesions: int) -> list[dict]:
    """Continue the power law through two measured sizes, of what each stage takes on top of start and imports."""
    rows = []
    for a, b in zip(small, large, strict=True):
        steps = math.log(lesions / b["lesions"]) / math.log(b["lesions"] / a["lesions"])
        row = {**b, "lesions": lesions, "how": "extrapolated"}
        for key, base in BASES.items():
            low, high = (max(stage[key] - stage.get(base, 0), 0) for stage in (a, b))
            row[key] = b.get(base, 0) + high * (high / low if low else 1) ** steps
        rows.append(row)
    return rows


def table(lesions: list[int], large: int, limit: float = 60, tables: int = 0) -> list[dict]:
    """Measure two sizes and continue them to ``large``, where what should take less than ``limit`` s is measured.

    Of ``tables`` lesions only what reads the case table and plans the run is measured. The pool is written where there
    is room for it.
    """
    rows = []
    for number in lesions:
        with tempfile.TemporaryDirectory(prefix="synthaug-") as folder:
            rows.append([{**row, "how": "measured"} for row in stages(number, Path(folder))])
            print(text(rows[-1]), flush=True)
    guessed = extrapolate(*rows, large)
    guess = {row["stage"]: row["seconds"] for row in guessed}
    if shutil.disk_usage(tempfile.gettempdir()).free < 1.2 * POOL_BYTES * large:
        guess["build_pool"] = math.inf
    with tempfile.TemporaryDirectory(prefix="synthaug-") as folder:
        found = {row["stage"]: {**row, "how": "measured"} for row in stages(large, Path(folder), limit, guess)}
    last = [found.get(row["stage"], row) for row in guessed]
    print(text(last), flush=True)
    rows.append(last)
    if tables:
        with tempfile.TemporaryDirectory(prefix="synthaug-") as folder:
            found = stages(tables, Path(folder), 0, {"extract_rois": math.inf})
        rows.append([{**row, "how": "measured"} for row in found])
        print(text(rows[-1]), flush=True)
    return [row for size in rows for row in size]


def text(rows: list[dict]) -> str:
    return "\n".join(
        f"{row['lesions']:6} lesions | {row['stage']:31} {row['seconds']:9.2f} s, CPU {row['cpu_s']:9.2f} s"
        f" (start {row['base_cpu_s']:5.2f}) {row['peak_mb']:7.0f} MB (start {row['base_mb']:4.0f}),"
        f" written {row['written_mb']:8.2f} MB | {row['how']}"
        for row in rows
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesions", type=int, nargs=2, default=[182, 1820], metavar="N", help="measured")
    parser.add_argument("--extrapolate", type=int, default=18200, metavar="N", help="measured where that takes seconds")
    parser.add_argument("--limit", type=float, default=60, help="longest stage measured there, s")
    parser.add_argument("--tables", type=int, default=0, metavar="N", help="measured up to the folds only")
    arguments = parser.parse_args()
    table(arguments.lesions, arguments.extrapolate, arguments.limit, arguments.tables)


if __name__ == "__main__":
    main()
