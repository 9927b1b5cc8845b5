import numpy as np
import pytest
import torch

from synthaug.errors import InputError
from synthaug.training import device


def compute(**changes) -> device.Compute:
    return device.Compute(**{"device": "cpu", "threads": 1, "precision": "float32"} | changes)


def test_cpu_is_set_up():
    where = device.pick(compute())
    assert where.type == "cpu"
    assert device.name(where) == "cpu"
    assert torch.get_num_threads() == 1
    assert torch.are_deterministic_algorithms_enabled()


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.pick(compute(device="auto")).type == "cuda"
    assert device.pick(compute(device="cpu")).type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.pick(compute(device="auto")).type == "cpu"


NETWORKS = {  # batch and narrowest maps
    "the demo's DCGAN": (16, 8),
    "the demo's classifier": (64, 8),
    "the paper's DCGAN": (64, 64),
    "the paper's classifier": (64, 32),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("capabilities", "native"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"amx_bf16": True}, True),
        ({"avx512_f": True}, False),
        ({"avx2": True}, False),
    ],
)
def test_auto_precision_is_what_the_processor_computes_the_network_faster_in(
    monkeypatch, capabilities, native, network
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    cpu = torch.device("cpu")
    expected = "bfloat16" if native and network != "the demo's DCGAN" else "float32"
    assert device.settle(compute(precision="auto"), cpu, *NETWORKS[network]) == compute(precision=expected)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_named_precision_is_kept(monkeypatch, precision):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    for network in NETWORKS.values():
        assert device.settle(compute(precision=precision), torch.device("cpu"), *network).precision == precision


@pytest.mark.parametrize("native", [True, False])
def test_auto_precision_on_a_gpu_is_what_it_computes_in(monkeypatch, native):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    settled = device.settle(compute(precision="auto"), torch.device("cuda"), 16, 8)
    assert settled.precision == ("bfloat16" if native else "float32")


def test_an_unsettled_precision_is_no_precision():
    with pytest.raises(KeyError), device.autocast(torch.device("cpu"), "auto"):
        pass


def test_missing_gpu_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="set device: cpu"):
        device.pick(compute(device="cuda"))


@pytest.mark.parametrize(("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_precision(precision, dtype):
    with device.autocast(torch.device("cpu"), precision):
        assert torch.nn.Linear(2, 2)(torch.ones(1, 2)).dtype == dtype


@pytest.mark.parametrize("rows", [1, 4, 9])
def test_batches_are_padded(rows):
    array = np.arange(2.0 * rows).reshape(rows, 2) + 1
    batches = device.padded_batches(array, 4, torch.device("cpu"))
    assert {len(batch) for batch in batches} == {4}
    together = torch.cat(batches).numpy()
    assert np.array_equal(together[:rows], array)
    assert not together[rows:].any()
