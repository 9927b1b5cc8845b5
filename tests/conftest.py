"""How tests are spread over processes: `make test` runs two; by hand pytest runs one, which computes the same."""

import os
import signal

import pytest

from tests.helpers import memory

NAMES = [
    "analysis_plan",
    "case_table",
    "check_data",
    "checklists",
    "interruption",
    "private",
    "reader_study",
    "report",
    "run",
    "stopping",
    "tasks",
    "tutorial",
]
RUNS = {f"test_{name}.py" for name in NAMES}
# Files whose tests share what takes long to make: beside test_budget.py, a finished run of a further task.
SHARING = {"test_budget.py", "test_detection.py", "test_segmentation.py"}
# Read when NumPy and PyTorch are imported. On the small arrays of tests two threads wait more than they compute.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
memory.keep()
# In the background of a shell SIGINT is ignored, also by all that a test starts; tests stop things by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def unit_of_work(nodeid: str) -> tuple[int, str]:
    """Return what one process does alone: its place in the order, and its name.

    Runs of the whole workflow, which use all cores, come first and are one. The other process begins with those of the
    further tasks. Tests of one file share what it makes. Most plans of the workflow share nothing and are by
    themselves; they come last, to fill what time is left.
    """
    path = nodeid.split("::")[0]
    name = path.rsplit("/", 1)[1]
    if not path.startswith("tests/workflow/"):
        return 2, path
    if name in RUNS:
        return 0, "runs of the workflow"
    return (1, path) if name in SHARING else (3, nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.getenv("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: unit_of_work(item.nodeid)[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Give each process a unit of work at a time. (``--dist loadgroup`` does nothing under pytest 9.2.)"""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of_work(nodeid)[1]

    config.option.loadscopereorder = False
    return Scheduling(config, log)


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
