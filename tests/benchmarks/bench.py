"""`make bench`: every benchmark that a CPU can run, as one table, a JSON file and a plot.

Sections that are not named keep the figures of the last time; each says when and on what it was measured.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import matplotlib
import torch

matplotlib.use("agg")
from matplotlib import pyplot

from tests.benchmarks import augmentation, ingest, limits, machine, networks, scaling, timing, workflow

PACKAGES = {
    "augmentation": ("numpy", "torch", "scikit-image", "scipy", "opencv-python-headless", "albumentations", "monai",
                     "torchio", "simpleitk"),
    "training": ("numpy", "torch"),
    "ingest": ("numpy", "simpleitk", "monai", "pydicom", "nibabel"),
    "workflow": ("snakemake",),
    "scaling": ("numpy", "pandas", "torch"),
}  # fmt: skip
OURS, PEER = "#0072B2", "#999999"


def measure_augmentation() -> dict:
    return {"rows": records(augmentation.rows(7)), "paper": augmentation.paper_seconds()}


def measure_training() -> dict:
    return {"rows": records(networks.rows(3)), "copied_bytes_per_second": limits.bandwidth(torch.device("cpu"))}


def measure_ingest() -> dict:
    return {"rows": records(ingest.rows(5)), "memory_by_slices": ingest.memory_by_slices()}


def measure_workflow() -> dict:
    return {
        "no_op": workflow.no_op("config/paper.yaml"),
        "overhead": [workflow.overhead(config) for config in ("config/tiny.yaml", "config/config.yaml")],
    }


def measure_scaling() -> dict:
    return {"stages": scaling.table([182, 1820], 18200)}


SECTIONS: dict[str, Callable[[], dict]] = {
    "augmentation": measure_augmentation,
    "training": measure_training,
    "ingest": measure_ingest,
    "workflow": measure_workflow,
    "scaling": measure_scaling,
}


def records(rows: list[timing.Row]) -> list[dict]:
    return [row.record() for row in rows]


def summary(results: dict) -> str:
    """Return the results as lines to read."""
    lines = []
    for name, section in results.items():
        on = section["machine"]
        lines.append(f"\n{name}: {section['date']}, {on['processor']}, {on['cores']} cores")
        lines += table([timing.Row(**row) for row in section.get("rows", [])])
        if "paper" in section:
            paper = section["paper"]
            lines.append(f"the paper's {paper['images']:,} augmented images: {paper['seconds']:.1f} s on one core")
        if "copied_bytes_per_second" in section:
            lines.append(f"large copies, read and written: {section['copied_bytes_per_second'] / 1e9:.1f} GB/s")
        for row in section.get("memory_by_slices", []):
            lines.append(", ".join(f"{key} {number(value)}" for key, value in row.items()))
        if "no_op" in section:
            idle = section["no_op"]
            lines.append(
                f"{idle['config']}, {idle['jobs']} jobs: {idle['no_op_s']:.1f} s when there is nothing to do, "
                f"dry run of everything {idle['fresh_dry_run_s']:.1f} s"
            )
        lines += [workflow.text(run) for run in section.get("overhead", [])]
        if "stages" in section:
            lines.append(scaling.text(section["stages"]))
    return "\n".join(lines).lstrip()


def number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def table(rows: list[timing.Row]) -> list[str]:
    """Return a header a piece of work and a line a peer."""
    lines, last = [], None
    for row in rows:
        if (row.section, row.work) != last:
            last = (row.section, row.work)
            lines += [f"  {row.section}: {row.work}", f"    {'':46} {'ours':>9} {'theirs':>9} {'':9} ratio (quartiles)"]
        rates = f"{row.ours:9.4g} {row.theirs:9.4g} {row.unit:9} {row.ratio:5.2f} ({row.low:.2f}-{row.high:.2f})"
        notes = "; ".join(f"{key.replace('_', ' ')} {number(value)}" for key, value in row.notes.items())
        lines.append(f"    {row.peer:46} {rates}" + (f"  {notes}" if notes else ""))
    return lines


def plot(results: dict, path: Path) -> None:
    """Show every ratio with its quartiles on a logarithmic axis."""
    rows = [timing.Row(**row) for section in results.values() for row in section.get("rows", [])]
    rows = [row for row in rows if "limit" not in row.section]
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.3 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        colour = OURS if row.ratio >= 1 else "#D55E00"
        axes.plot([row.low, row.high], [place, place], color=colour, linewidth=3, alpha=0.5)
        axes.plot(row.ratio, place, "o", color=colour)
        axes.annotate(f"{row.ratio:.3g}", (row.high, place), (6, -3), textcoords="offset points", fontsize=8)
    axes.axvline(1, color=PEER, linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_yticks(range(len(rows)), [label(row) for row in rows], fontsize=8)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(right=1.6 * max(row.high for row in rows))
    axes.set_xlabel("times as fast as the peer, median and quartiles")
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def label(row: timing.Row) -> str:
    """Return what tells a row from the others."""
    if row.section == "augmentation":
        kind = "given maps" if row.work.startswith("given") else "own random draws"
        return f"augmentation, {kind}: {row.peer}"
    if row.section == "ROI extraction":
        return f"ROI from {row.work.split(',')[0]}: {row.peer}"
    size, precision = row.work.split()[0], row.work.rpartition(" ")[2]
    peer = "in bfloat16, channels last" if "bfloat16" in row.peer else "in float32"
    return f"{row.section}, {size} size, {precision}: plain PyTorch {peer}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results/cpu.json")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.sections) - set(SECTIONS))
    if unknown:
        parser.error(f"expected sections of {', '.join(SECTIONS)}, found {', '.join(unknown)}")
    path = arguments.results
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    for name in arguments.sections or SECTIONS:
        described = machine.describe(torch.device("cpu"), PACKAGES[name])
        results[name] = {"date": described.pop("date"), "machine": described, **SECTIONS[name]()}
        ordered = {known: results[known] for known in SECTIONS if known in results}
        path.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")
        plot(ordered, path.with_suffix(".svg"))
        plot(ordered, path.with_suffix(".png"))
        print(summary({name: results[name]}), flush=True)
    print(f"\n{path} and {path.with_suffix('.svg')}")


if __name__ == "__main__":
    main()
