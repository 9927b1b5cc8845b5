"""A loop with any number of networks and optimisers goes on from what it saved."""

import json

import numpy as np
import pytest
import torch

from synthaug.training import loop_state


class Memory:
    """Keeps the state after seven steps, in the place of a file."""

    def __init__(self, saved: tuple[dict, dict] | None = None):
        self.steps, self.saved = 0, saved

    def offer(self, state: loop_state.State) -> None:
        self.steps += 1
        if self.steps == 7:
            self.saved = state.pack()

    def save(self, state: loop_state.State) -> bool:
        return True

    def restore(self, state: loop_state.State) -> None:
        if self.saved:
            tensors, values = self.saved
            state.unpack(tensors, json.loads(json.dumps(values)))


def train(count: int, memory: Memory) -> dict[str, torch.Tensor]:
    """Train ``count`` networks in a row for two epochs of five steps; of several, the first learns nothing."""
    draws = torch.Generator().manual_seed(0)
    networks = {}
    for number in range(count):
        network = networks[f"network-{number}"] = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
        for weights in network.parameters():
            torch.nn.init.normal_(weights, generator=draws)
    learning = dict([*networks.items()][1:]) or networks
    optimisers = {name: torch.optim.Adam(network.parameters(), 0.1) for name, network in learning.items()}
    totals = torch.zeros(1)
    state = loop_state.State(networks, optimisers, {"noise": np.random.default_rng(1)}, {"totals": totals}, memory)
    for _ in state.epochs(2):
        drawn = state.streams["noise"].normal(size=(5, 4, 3)).astype(np.float32)
        for inputs in state.steps(torch.from_numpy(drawn)):
            for network in networks.values():
                inputs = network(inputs)
            for optimiser in optimisers.values():
                optimiser.zero_grad()
            inputs.pow(3).mean().backward()
            for optimiser in optimisers.values():
                optimiser.step()
            totals.add_(inputs.detach().abs().max())
    return state.pack()[0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_it_goes_on_with_any_number_of_networks(count):
    memory = Memory()
    whole = train(count, memory)
    again = Memory(memory.saved)
    found = train(count, again)
    assert again.steps == 3
    assert {name.split("/")[1] for name in found if name.startswith("network/")} == {
        f"network-{n}" for n in range(count)
    }
    assert found.keys() == whole.keys()
    for name, value in found.items():
        assert torch.equal(value, whole[name]), name
    assert not torch.equal(memory.saved[0]["tensor/totals"], whole["tensor/totals"])
