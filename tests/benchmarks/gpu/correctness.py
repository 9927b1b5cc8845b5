"""What any training must keep to on a GPU: the same bytes, with graphs what it is without, resumed as if whole."""

import gc
import resource
from collections.abc import Callable
from unittest import mock

import numpy as np
import torch

from synthaug.errors import Interrupted
from synthaug.training import cuda_graph, loop_state
from tests.benchmarks.gpu import trainings

STOPPED = cuda_graph.WARM_UP + 2  # steps before the interruption: the graph has been captured and replayed
SETTLED = cuda_graph.WARM_UP + 2  # steps after which no further memory is taken
ROOM = {"cuda": 1 << 18, "cpu": 1 << 26}  # bytes that memory may seem to grow by; a process takes pages in its own time


def check(training: trainings.Training, kind: str) -> dict:
    """Train a tiny network in several ways; return by sentence whether what it says holds."""
    run = trainings.tiny(kind)
    watch = _Watch(kind)
    first = training.train(run, watch)
    before = _left(kind)
    second = training.train(run, None)
    after = _left(kind)
    with mock.patch.object(cuda_graph, "captured", lambda step, where: step):
        plainly = training.train(run, None)
    resumed = _interrupted(lambda checkpoint: training.train(run, checkpoint))
    still = _Steps(kind)
    training.train(trainings.tiny(kind, still=True), still)
    return {
        "checks": {
            "only deterministic operations": torch.get_deterministic_debug_mode() == 2,
            "twice, the same bytes": _same(first, second),
            "graph and single launches give the same losses": _close(first, plainly),
            "interrupted and resumed, the same bytes": _same(first, resumed),
            "a step takes no further memory": watch.grown <= ROOM[kind],
            "a training leaves no memory behind": after - before <= ROOM[kind],
            **_drawn(training, still.losses[SETTLED:]),
        },
        "graph and single launches, to the last bit": _same(first, plainly),
    }


def _drawn(training: trainings.Training, losses: list[float]) -> dict[str, bool]:
    """Judge the losses of steps in which nothing is learned and all images are the same."""
    if training.draws:
        return {"what a step draws is new in every replay": len(set(losses)) == len(losses) > 1}
    return {"without draws, replays of one step agree": len(set(losses)) == 1}


def _same(one: trainings.Outcome, other: trainings.Outcome) -> bool:
    equal = all(torch.equal(first, second) for first, second in zip(one.weights, other.weights, strict=True))
    return equal and one.history.tobytes() == other.history.tobytes()


def _close(one: trainings.Outcome, other: trainings.Outcome) -> bool:
    return all(
        np.allclose(one.history[field], other.history[field], rtol=1e-3, atol=1e-5, equal_nan=True)
        for field in one.history.dtype.names
    )


def _memory(kind: str) -> int:
    """Return the bytes that tensors take on a GPU; else the most that the process has taken."""
    if kind == "cuda":
        return torch.cuda.memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _left(kind: str) -> int:
    """Return the bytes that are taken once what nobody needs is gone."""
    gc.collect()
    return _memory(kind)


class _Observer:
    """A checkpoint that saves nothing and looks at each step."""

    def __init__(self, kind: str):
        self.kind = kind

    def offer(self, state: loop_state.State) -> None:
        raise NotImplementedError

    def save(self, state: loop_state.State) -> bool:
        return True

    def restore(self, state: loop_state.State) -> None:
        pass


class _Watch(_Observer):
    """Looks at the memory: ``grown`` is by how many bytes it has grown since the steps have settled."""

    def __init__(self, kind: str):
        super().__init__(kind)
        self.steps, self.settled, self.grown = 0, 0, 0

    def offer(self, state: loop_state.State) -> None:
        self.steps += 1
        if self.steps == SETTLED:
            self.settled = _memory(self.kind)
        elif self.steps > SETTLED:
            self.grown = max(self.grown, _memory(self.kind) - self.settled)


class _Steps(_Observer):
    """Takes down the first loss of each step."""

    def __init__(self, kind: str):
        super().__init__(kind)
        self.losses: list[float] = []

    def restore(self, state: loop_state.State) -> None:
        """Begin with no layer at zero, which would hide what comes before it."""
        draws = torch.Generator().manual_seed(0)
        for network in state.networks.values():
            for parameter in network.parameters():
                if not parameter.any():
                    parameter.data.copy_(torch.randn(parameter.shape, generator=draws) / 10)

    def offer(self, state: loop_state.State) -> None:
        totals = state.tensors["totals"]
        self.losses.append(totals[0].item())
        totals.zero_()


class _Held(_Observer):
    """Interrupts a training after some steps, and holds what it would have saved."""

    def __init__(self) -> None:
        self.steps, self.saved = 0, None

    def offer(self, state: loop_state.State) -> None:
        self.steps += 1
        if self.steps == STOPPED:
            self.saved = state.pack()
            raise Interrupted(f"after {self.steps} steps")

    def restore(self, state: loop_state.State) -> None:
        if self.saved:
            state.unpack(*self.saved)


def _interrupted(train: Callable[[loop_state.Checkpoint], trainings.Outcome]) -> trainings.Outcome:
    held = _Held()
    try:
        train(held)
    except Interrupted:
        return train(held)
    raise AssertionError(f"expected more than {STOPPED} steps, found {held.steps}; train longer")
