import subprocess
import sys

import pytest
import torch

from synthaug.training import optimisers

PAIRS = {
    "adam": (
        lambda weights: optimisers.Adam(weights, 0.01, 0.5, 0.99),
        lambda weights: torch.optim.Adam(weights, 0.01, (0.5, 0.99), fused=True),
    ),
    "sgd": (
        lambda weights: optimisers.Sgd(weights, 0.01, 0.9),
        lambda weights: torch.optim.SGD(weights, 0.01, 0.9, nesterov=True, fused=True),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_as_pytorchs_own_to_the_last_bit(name):
    networks, updates = [], []
    for make in PAIRS[name]:
        torch.manual_seed(0)
        networks.append(torch.nn.Sequential(torch.nn.Conv2d(1, 3, 5), torch.nn.Flatten(), torch.nn.Linear(48, 2)))
        networks[-1].to(memory_format=torch.channels_last)
        updates.append(make(networks[-1].parameters()))
    for images in torch.randn(5, 7, 1, 8, 8):
        for network, update in zip(networks, updates, strict=True):
            update.zero_grad()
            network(images).square().mean().backward()
            update.step()
    for mine, theirs in zip(*(network.parameters() for network in networks), strict=True):
        assert torch.equal(mine, theirs)


def test_no_training_imports_pytorchs_compiler():
    code = (
        "import sys, torch; from synthaug.training import optimisers; weight = torch.nn.Parameter(torch.ones(2))\n"
        "for update in (optimisers.Adam([weight], 0.1, 0.5, 0.9), optimisers.Sgd([weight], 0.1, 0.9)):\n"
        "    update.zero_grad(); weight.sum().backward(); update.step()\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": "scripts"}
    )
    assert done.stdout.strip() == "False"
