"""How tests are spread over processes: `make test` runs two; by hand pytest runs one, which computes the same."""

import os
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parent / "workflow"
# Read when NumPy and PyTorch are imported. On the small arrays of tests two threads wait more than they compute.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say what one process must do, and begin with what takes longest.

    Runs of the whole workflow, which use all cores, are one group: never two at once. Tests of a file share what it
    makes. Each plan of the workflow is a test of its own, and they come last, to fill what time is left.
    """
    if not os.getenv("PYTEST_XDIST_WORKER"):
        return
    order = {}
    for item in items:
        of_workflow = item.path.is_relative_to(WORKFLOW)
        if not of_workflow:
            group = str(item.path.relative_to(config.rootpath))
        else:
            group = "runs of the workflow" if item.get_closest_marker("slow") else None
        if group:
            item.add_marker(pytest.mark.xdist_group(group))
        order[item] = 2 if not group else 1 if not of_workflow else 0
    items.sort(key=order.get)


@pytest.fixture
def float64(monkeypatch: pytest.MonkeyPatch):
    """All that PyTorch computes in float32 is float64: a training amplifies what processors round differently."""
    import torch

    from synthaug.generators import dcgan

    latents = dcgan.latents
    monkeypatch.setattr(dcgan, "latents", lambda *arguments: latents(*arguments).astype("float64"))
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
