"""The optimisers that trainings use: PyTorch's own updates, without its classes around them.

These import PyTorch's compiler, which takes a second or two of every training, and we compile nothing. The arithmetic
is that of ``torch.optim.Adam`` and ``torch.optim.SGD`` with ``fused=True``, to the last bit.
"""

from collections.abc import Iterable

import torch
from torch.optim.adam import adam
from torch.optim.sgd import sgd


class Optimiser:
    """What a training needs of an optimiser, under the names of ``torch.optim.Optimizer``.

    Attributes
    ----------
    parameters
        What is updated, in place.
    state
        The tensors that are kept of each parameter, by name; none before the first step.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter]):
        self.parameters = list(parameters)
        self.state: dict[torch.nn.Parameter, dict[str, torch.Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def _kept(self, name: str) -> list[torch.Tensor]:
        return [self.state[parameter][name] for parameter in self.parameters]


class Adam(Optimiser):
    """Adam (Kingma & Ba 2015) with its counts of steps on the parameters' device, as CUDA graphs need them."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], learning_rate: float, beta1: float, beta2: float):
        super().__init__(parameters)
        self.rates = {"lr": learning_rate, "beta1": beta1, "beta2": beta2}
        self.capturable = self.parameters[0].is_cuda

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters by their gradients."""
        if not any(self.state.values()):
            self.state = {
                parameter: {
                    "step": torch.zeros((), device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
                for parameter in self.parameters
            }
        adam(
            self.parameters, [parameter.grad for parameter in self.parameters],
            self._kept("exp_avg"), self._kept("exp_avg_sq"), [], self._kept("step"),
            fused=True, capturable=self.capturable, amsgrad=False, weight_decay=0.0, eps=1e-8, maximize=False,
            **self.rates,
        )  # fmt: skip


class Sgd(Optimiser):
    """Gradient descent with Nesterov's momentum."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], learning_rate: float, momentum: float):
        super().__init__(parameters)
        self.rates = {"lr": learning_rate, "momentum": momentum}

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters by their gradients."""
        begun = any(self.state.values())
        buffers = self._kept("momentum_buffer") if begun else [None] * len(self.parameters)
        sgd(
            self.parameters, [parameter.grad for parameter in self.parameters], buffers,
            fused=True, weight_decay=0.0, dampening=0.0, nesterov=True, maximize=False, **self.rates,
        )  # fmt: skip
        if not begun:
            pairs = zip(self.parameters, buffers, strict=True)
            self.state = {parameter: {"momentum_buffer": buffer} for parameter, buffer in pairs}
