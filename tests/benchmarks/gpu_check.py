"""What this machine's GPU makes of the project: one command, a quarter of an hour at most, PyTorch and NumPy alone.

    python tests/benchmarks/gpu_check.py --out gpu.jsonl

Its stages come in the order of what they settle, each within a limit of time, and every outcome is written at once, one
line of JSON each, so that a run that is cut short loses nothing; given the same file again it goes on. Nothing outside
the repository is read. ``--device cpu --small`` runs the same with tiny networks on a processor.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import torch  # noqa: E402

from tests.benchmarks.gpu import absent  # noqa: E402

with absent.without_pandas():
    from synthaug.errors import InputError
    from synthaug.training import device
    from tests.benchmarks import limits, machine
    from tests.benchmarks.gpu import correctness, protocol, rates, stages, trainings


def limit_figures(kind: str) -> dict:
    """Return the best rates of this device."""
    where = torch.device(kind)
    device.pick(device.Compute(device=kind, threads=1, precision="float32"))
    return {
        "operations_per_second": {each: rates.best_rate(kind, each) for each in ("bfloat16", "float32")},
        "copied_bytes_per_second": limits.bandwidth(where),
    }


def plan(kind: str, size: str) -> list[stages.Stage]:
    """Return the stages; their limits make twelve minutes together. Tiny networks are not compiled."""

    def each(function: Callable, *arguments: str) -> dict[str, Callable[[], dict]]:
        return {name: partial(function, trainings.ALL[name], *arguments) for name in rates.FULL}

    found = [
        stages.Stage(
            "correctness", "does every training compute on this device what it says, to the same bytes?", 150,
            each(correctness.check, kind),
        ),
        stages.Stage(
            "limits", "what is the best that this device reaches?", 20, {"device": partial(limit_figures, kind)},
        ),
        stages.Stage(
            "sharing", "how many jobs at a time should share the device?", 60,
            {"frid-adar": partial(protocol.sharing, kind, size)},
        ),
        stages.Stage(
            "rates", "is every training faster here than plain PyTorch, in float32 and in bfloat16?", 190,
            each(rates.eager, kind, size),
        ),
        stages.Stage(
            "protocol", "how long would the shipped studies take? (extrapolated)", 120,
            {config: partial(protocol.extrapolated, config, kind, size) for config in protocol.PRESENTATIONS},
        ),
        stages.Stage(
            "compiled", "is it faster than torch.compile, where there is a compiler?", 180,
            each(rates.compiled, kind, size),
        ),
    ]  # fmt: skip
    if size == trainings.FULL:
        return found
    # On a busy processor whether it runs is the question, not within which time.
    return [replace(stage, limit_s=10 * stage.limit_s) for stage in found if stage.name != "compiled"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--small", action="store_true", help="tiny networks: whether it runs, not how fast")
    parser.add_argument("--stages", nargs="*", help="these alone")
    parser.add_argument("--out", type=Path, help="file of JSON lines for all outcomes; goes on where it ends")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--worker", nargs=2, type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    kind, size = arguments.device, trainings.SMALL if arguments.small else trainings.FULL
    if arguments.worker:
        protocol.work(kind, size, *arguments.worker)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.out or Path(folder) / "gpu.jsonl"
        chosen = [stage for stage in plan(kind, size) if stage.name in (arguments.stages or [stage.name])]
        outcomes = stages.Outcomes(path, chosen)
        say = partial(print, flush=True)
        if arguments.work:
            stages.work(outcomes, say)
            return
        try:
            where = device.pick(device.Compute(device=kind, threads=1, precision="float32"))
        except InputError as error:
            sys.exit(f"error: {error}")
        described = machine.describe(where)
        outcomes.tidy()
        outcomes.write(machine=described, networks=size)
        say(f"{described['device']}, PyTorch {torch.__version__}, {size} networks")
        stages.supervise(outcomes, [sys.executable, __file__, *sys.argv[1:], "--work", "--out", str(path)], say)
        wrong = [f"{line['stage']} of {line['item']}" for line in outcomes.done() if not stages.holds(line)]
    if wrong:
        sys.exit(f"error: failed: {', '.join(wrong)}; please report the printed lines")


if __name__ == "__main__":
    main()
