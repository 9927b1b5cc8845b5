"""A training step as one CUDA graph: small networks wait for the CPU to launch kernels, a graph is launched once."""

import functools
from collections.abc import Callable

import torch

WARM_UP = 3  # steps before the capture: cuDNN and the optimisers set up what they keep


def captured(step: Callable[..., None], where: torch.device) -> Callable[..., None]:
    """Return a function that does what ``step`` does: on a GPU by replaying a graph of it, elsewhere by calling it.

    Parameters
    ----------
    step
        Takes tensors on the device ``where`` and changes others in place (weights, moments, sums), which must stay the
        same tensors. It returns nothing and reads no value back: what Python decides in it is decided once.
    where
        The device. On a GPU, inputs of other shapes than the first ones, such as an incomplete last batch, run
        without the graph.
    """
    return Captured(step) if where.type == "cuda" else step


class Captured:
    """The function that `captured` returns on a GPU."""

    def __init__(self, step: Callable[..., None]):
        self.step = step
        self.calls = 0
        self.shapes = None

    def __call__(self, *inputs: torch.Tensor) -> None:
        shapes = [tensor.shape for tensor in inputs]
        self.shapes = self.shapes or shapes
        if shapes != self.shapes:
            self.step(*inputs)
            return
        self.calls += 1
        if self.calls <= WARM_UP:
            self._aside(inputs)
            return
        if self.calls == WARM_UP + 1:
            self.inputs = [tensor.clone() for tensor in inputs]
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=_stream()):
                self.step(*self.inputs)
        for kept, given in zip(self.inputs, inputs, strict=True):
            kept.copy_(given)
        self.graph.replay()

    def _aside(self, inputs: tuple[torch.Tensor, ...]) -> None:
        """Run the step on the stream of the capture, as PyTorch's notes on CUDA graphs ask."""
        stream = _stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.step(*inputs)
        torch.cuda.current_stream().wait_stream(stream)


@functools.cache
def _stream() -> torch.cuda.Stream:
    """Return the one stream of all captures: cuBLAS keeps memory for each stream that it has seen."""
    return torch.cuda.Stream()
