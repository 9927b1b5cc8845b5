"""Python programs in processes of their own that need not import the libraries: most of what a small one costs.

A server imports the libraries, nothing of the project, and does nothing with them. Each program runs in a fork of it as
the main module, with its own arguments, folder, environment, output and exit status, as if Python had started it. Two
differences need a real start (`started`): packages count as imported, as the ``versions`` of a record tell, and sets of
texts have one order in all forks of a server.

A Snakemake that runs in a fork starts its jobs in forks, too: its `python` is the stand-in of `fork_client`. With
SYNTHAUG_TEST_OFFLINE in the environment a program and its jobs have no network.
"""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.helpers import fork_client

SNAKEMAKE = [
    "snakemake.cli", "snakemake.api", "snakemake.workflow", "snakemake.report", "snakemake.scheduling.greedy",
    "snakemake.executors.local", "snakemake.executors.dryrun", "snakemake_executor_plugin_slurm",
    "snakemake_executor_plugin_cluster_generic", "yaml", "jsonschema", "pandas", "smart_open", "requests", "jinja2",
]  # fmt: skip
SCRIPTS = [
    "pandas", "torch", "torch.optim", "scipy.stats", "scipy.ndimage", "scipy.optimize", "scipy.spatial",
    "skimage.feature", "skimage.io", "skimage.measure", "skimage.transform", "sklearn.cluster", "sklearn.decomposition",
    "sklearn.feature_selection", "sklearn.manifold", "sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline",
    "sklearn.svm", "matplotlib.figure", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg",
    "matplotlib.pyplot", "SimpleITK", "pydicom", "highdicom", "PIL.Image", "jinja2", "yaml", "h5py", "rocrate.rocrate",
    "safetensors.torch", "threadpoolctl", "filelock", "flask", "waitress",
]  # fmt: skip
STARTS_NO_JOB = {"--dry-run", "--touch", "--lint", "--print-compilation"}


def run(
    command: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = False,
    timeout: int = 0,
    jobs: int = 0,
) -> subprocess.CompletedProcess:
    """Run ``command`` as `subprocess.run` does with its output captured as text; ``timeout`` is in whole seconds.

    It begins with `sys.executable`; a script follows, or ``-m`` and a module. The result also has ``cpu_seconds``, the
    time that the program and its children computed. The jobs of Snakemake are forks of the server of number ``jobs``:
    those of another one have sets in another order.
    """
    python, *words = (str(word) for word in command)
    assert python == sys.executable
    further = {"timeout": timeout}
    if words[:2] == ["-m", "snakemake"]:
        server = _server(tuple(SNAKEMAKE))
        if not STARTS_NO_JOB.intersection(words):
            further["python"] = _server(tuple(SCRIPTS), jobs).python
    else:
        server = _server(tuple(SCRIPTS))
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder) / name for name in ("stdout", "stderr")]
        with contextlib.ExitStack() as stack:
            given = [(Path(os.devnull), "r"), *((path, "w") for path in names)]
            files = [stack.enter_context(path.open(mode)) for path, mode in given]
            streams = [file.fileno() for file in files]
            place = {"cwd": str(cwd or Path.cwd()), "env": env or os.environ}
            status, seconds = fork_client.ask(server.address, words, streams, **place, **further)
        texts = [path.read_text(encoding="utf-8") for path in names]
    if timeout and status == -signal.SIGALRM:
        raise subprocess.TimeoutExpired(words, timeout, *texts)
    done = subprocess.CompletedProcess([python, *words], status, *texts)
    done.cpu_seconds = seconds
    if check:
        done.check_returncode()
    return done


def started(
    command: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = False,
) -> subprocess.CompletedProcess:
    """Run ``command`` as `run` does, in a Python of its own."""
    return subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env, check=check, capture_output=True, text=True
    )


class _Server:
    """A process of `fork_server`, the address of its socket, and the `python` that stands in for one in its forks."""

    def __init__(self, libraries: Sequence[str]):
        folder = Path(tempfile.mkdtemp(prefix="forks-"))
        self.address = str(folder / "socket")
        self.python = str(fork_client.write_stand_in(folder, self.address))
        command = [sys.executable, Path(__file__).with_name("fork_server.py"), self.address, *libraries]
        # Not of the terminal's group: Ctrl-C is for pytest, whose end is the server's.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        atexit.register(shutil.rmtree, folder)
        atexit.register(self.process.communicate)
        assert self.process.stdout.readline() == "ready\n"


@functools.cache
def _server(libraries: tuple[str, ...], number: int = 0) -> _Server:
    return _Server(libraries)
