"""The bookkeeping around CUDA graphs, with stand-ins for a GPU: a capture runs nothing, a replay runs the step on the
inputs that were captured. What a real GPU makes of it is checked by tests/benchmarks/gpu_check.py."""

import contextlib

import numpy as np
import pytest
import torch

from synthaug.classification import classifier
from synthaug.classification.uses import mixup, use
from synthaug.training import cuda_graph, device

CPU = torch.device("cpu")


class Stream:
    def wait_stream(self, other):
        pass


class Graph:
    def replay(self):
        self.step(*self.inputs)


@pytest.fixture
def calls(monkeypatch):
    """Replace what needs a GPU; return a list of how each call of the step was made: plainly, captured or replayed."""
    made, capturing = [], []

    @contextlib.contextmanager
    def graph(of, stream):
        capturing.append(of)
        yield
        capturing.clear()

    def captured(step, where):
        def observed(*inputs):
            if capturing:
                capturing[0].step, capturing[0].inputs = replayed, inputs
                made.append("captured")
            else:
                made.append("plain")
                step(*inputs)

        def replayed(*inputs):
            made.append("replayed")
            step(*inputs)

        return cuda_graph.Captured(observed)

    monkeypatch.setattr(cuda_graph, "_stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", graph)
    monkeypatch.setattr(cuda_graph, "captured", captured)
    return made


CNN = {"architecture": "cnn", "widths": [4, 8], "kernel": 3, "dense": 8, "dropout": 0.5}
RESNET = {"architecture": "resnet", "widths": [8], "blocks": 1, "early_stopping": {"share": 0.2, "patience": 9}}


def train(network):
    draws = np.random.default_rng(0)
    images, labels = draws.integers(0, 256, (40, 64, 64), np.uint8), np.arange(40) % 2
    params = classifier.Params(
        master_seed=1, device="cpu", threads=1, precision="float32", classes=["a", "b"], epochs=3, batch=16,
        learning_rate=0.01, momentum=0.9, mean="value", **network,
    )  # fmt: skip
    mixing = mixup.Mixup(use.Images(labels, np.zeros(40, bool), 16, 3, CPU), mixup.Params(0.2))
    held = classifier.Validation(images[:9], labels[:9]) if params.early_stopping else None
    network = device.place(classifier.build(images, params, ("x",)), device.pick(params))
    history = classifier.train(network, images, labels, params, ("x",), CPU, validation=held, taken=mixing)
    return history, [value.clone() for value in network.state_dict().values()]


@pytest.mark.parametrize("network", [CNN, RESNET], ids=["cnn", "resnet with early stopping"])
def test_replayed_steps_train_what_plain_ones_do(request, network):
    history, weights = train(network)
    calls = request.getfixturevalue("calls")
    again, others = train(network)
    assert calls == ["plain"] * 3 + ["captured"] + ["replayed"] * 6  # three epochs of three batches
    assert np.array_equal(history, again)
    assert all(torch.equal(one, other) for one, other in zip(weights, others, strict=True))


def test_another_shape_never_fits_the_graph(calls):
    total = torch.zeros(1)
    run = cuda_graph.captured(lambda numbers: total.add_(numbers.sum()), CPU)
    for count in (4, 4, 3, 4, 4, 3, 4):
        run(torch.ones(count))
    assert total == 26
    plain, replayed = "plain", "replayed"
    assert calls == [plain, plain, plain, plain, "captured", replayed, plain, replayed]


def test_there_is_no_graph_on_a_cpu():
    def step():
        pass

    assert cuda_graph.captured(step, CPU) is step
