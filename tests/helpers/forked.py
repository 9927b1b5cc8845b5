"""Python programs in processes of their own that need not import the libraries: most of what a small one costs.

A server imports the libraries, nothing of the project, and does nothing with them. Each program runs in a fork of it as
the main module, with its own arguments, folder, environment, output and exit status, as if Python had started it. Two
differences need a real start (`started`): packages count as imported, as the ``versions`` of a record tell, and sets of
texts have one order in all forks.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

SNAKEMAKE = [
    "snakemake.cli", "snakemake.api", "snakemake.workflow", "snakemake.report", "snakemake.scheduling.greedy",
    "snakemake.executors.local", "snakemake.executors.dryrun", "snakemake_executor_plugin_slurm",
    "snakemake_executor_plugin_cluster_generic", "yaml", "jsonschema", "pandas",
]  # fmt: skip
SCRIPTS = [
    "pandas", "torch", "torch.optim", "scipy.stats", "scipy.ndimage", "scipy.optimize", "scipy.spatial",
    "skimage.feature", "skimage.io", "skimage.measure", "skimage.transform", "sklearn.cluster", "sklearn.decomposition",
    "sklearn.feature_selection", "sklearn.manifold", "sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline",
    "sklearn.svm", "matplotlib.figure", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg",
    "matplotlib.pyplot", "SimpleITK", "pydicom", "highdicom", "PIL.Image", "jinja2", "yaml", "h5py", "rocrate.rocrate",
    "safetensors.torch", "threadpoolctl", "filelock", "flask", "waitress",
]  # fmt: skip


def run(
    command: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    check: bool = False,
    timeout: int | None = None,
) -> subprocess.CompletedProcess:
    """Run ``command`` as `subprocess.run` does with its output captured as text; ``timeout`` is in whole seconds.

    It begins with `sys.executable`; a script follows, or ``-m`` and a module. The result also has ``cpu_seconds``, the
    time that the program and its children computed.
    """
    python, *words = (str(word) for word in command)
    assert python == sys.executable
    libraries = SNAKEMAKE if words[:2] == ["-m", "snakemake"] else SCRIPTS
    with tempfile.TemporaryDirectory() as folder:
        output = [str(Path(folder) / name) for name in ("stdout", "stderr")]
        request = {"command": words, "cwd": str(cwd or Path.cwd()), "env": dict(env or os.environ), "output": output}
        request["timeout"] = timeout or 0
        status, seconds = _server(tuple(libraries)).ask(request)
        texts = [Path(name).read_text(encoding="utf-8") for name in output]
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
    def __init__(self, libraries: Sequence[str]):
        command = [sys.executable, "-c", f"import runpy; runpy.run_path({__file__!r}, run_name='__main__')", *libraries]
        # Not of the terminal's group: Ctrl-C is for pytest, whose end is the server's.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        atexit.register(self.process.communicate)

    def ask(self, request: dict) -> tuple[int, float]:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))


_server = functools.cache(_Server)


def _serve() -> dict:
    """Fork for each request; return the request in the fork."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            return json.loads(line)
        _, status, used = os.wait4(process, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime]), flush=True)
    sys.exit()


def _become(request: dict) -> None:
    """Make this process one that was started for ``request``."""
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    write = os.O_WRONLY | os.O_CREAT
    for number, (name, flags) in enumerate([(os.devnull, os.O_RDONLY), *((name, write) for name in request["output"])]):
        file = os.open(name, flags)
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(request["timeout"])
    importlib.invalidate_caches()


def _execute(command: list[str]) -> None:
    if command[0] == "-m":
        sys.argv, sys.path[0] = command[1:], os.getcwd()
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = command, str(Path(command[0]).resolve().parent)
        runpy.run_path(command[0], run_name="__main__")


def _end_of(command: list[str]) -> int:
    """Run the program; end as Python does: what it raised is printed, threads are awaited, exit functions called."""
    status = 0
    try:
        _execute(command)
    except SystemExit as end:
        status = end.code
        if status is None or isinstance(status, int):
            status = status or 0
        else:
            print(status, file=sys.stderr)
            status = 1
    except BaseException as error:
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        runpys = [
            number for number, frame in enumerate(frames) if frame.f_code.co_filename in (__file__, "<frozen runpy>")
        ]
        own = error.__traceback__
        for _ in range(runpys[-1] + 1):
            own = own.tb_next
        sys.excepthook(type(error), error.with_traceback(own), own)
        status = -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return status & 0xFF


if __name__ == "__main__":
    for library in sys.argv[1:]:
        importlib.import_module(library)
    gc.freeze()
    request = _serve()
    _become(request)
    # Python would take all libraries down first, which takes seconds of what was saved.
    os._exit(_end_of(request["command"]))
