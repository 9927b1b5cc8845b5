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


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx512_f": True}, "float32"),
    ],
)
def test_auto_precision_is_what_the_processor_computes_in(monkeypatch, capabilities, expected):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    cpu = torch.device("cpu")
    assert device.settle(compute(precision="auto"), cpu) == compute(precision=expected)
    assert device.settle(compute(precision="float32"), cpu).precision == "float32"


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
