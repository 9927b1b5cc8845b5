"""The server of `forked`: it imports libraries once and forks for each program, for several at a time.

Its arguments are the address of its socket and the libraries. It says "ready" when programs may come, and ends with its
standard input. A request is the length of a JSON object, eight bytes, which come with the program's three standard
streams, and the object. Answers are two lines: the number of the process, and its exit status with the seconds that it
computed.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
import traceback
from pathlib import Path

import memory
import parsed_rules

OFFLINE = "SYNTHAUG_TEST_OFFLINE"  # an environment variable: a program runs without a network, and so do its jobs
NEW_NETWORK = 0x40000000  # CLONE_NEWNET of Linux


def _serve(address: str) -> tuple[dict, list[int]]:
    """Fork for each request; return the request and the three streams in the fork."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(64)
    ended, wake = os.pipe()
    for number in (ended, wake):
        os.set_blocking(number, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    waiting = selectors.DefaultSelector()
    for source in (listener, ended, sys.stdin):
        waiting.register(source, selectors.EVENT_READ)
    running: dict[int, socket.socket] = {}
    print("ready", flush=True)
    while True:
        sources = {key.fileobj for key, _ in waiting.select()}
        if sys.stdin in sources:
            sys.exit()
        if ended in sources:
            os.read(ended, 4096)
            _answer(running)
        if listener in sources:
            connection, _ = listener.accept()
            request, streams = _read(connection)
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for source in (listener, connection, *running.values(), waiting):
                    source.close()
                return request, streams
            running[process] = connection
            for number in streams:
                os.close(number)
            _say(connection, process)


def _read(connection: socket.socket) -> tuple[dict, list[int]]:
    length, streams, _, _ = socket.recv_fds(connection, 8, 3)
    rest, parts = int.from_bytes(length, "big"), []
    while rest:
        parts.append(connection.recv(rest))
        rest -= len(parts[-1])
    return json.loads(b"".join(parts)), list(streams)


def _say(connection: socket.socket, answer: object) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked was killed
        connection.sendall(json.dumps(answer).encode() + b"\n")


def _answer(running: dict[int, socket.socket]) -> None:
    """Tell whoever asked for them which programs have ended."""
    while running:
        process, status, used = os.wait4(-1, os.WNOHANG)
        if process == 0:
            return
        with running.pop(process) as connection:
            _say(connection, [os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime])


def _become(request: dict, streams: list[int]) -> None:
    """Make this process one that was started for ``request``."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in request.get("ignored", []):
        signal.signal(number, signal.SIG_IGN)
    signal.alarm(request.get("timeout", 0))
    sys.executable = request.get("python", sys.executable)
    importlib.invalidate_caches()
    if request["env"].get(OFFLINE):
        _leave_network()


def _leave_network() -> None:
    """Move this process, and all that it starts, into a network of its own that leads nowhere.

    Raises
    ------
    OSError
        Where the machine does not allow it.
    """
    system = ctypes.CDLL(None, use_errno=True)
    if system.unshare(NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "no network of its own is allowed here")


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
    memory.keep()
    for library in sys.argv[2:]:
        importlib.import_module(library)
    if "snakemake.workflow" in sys.modules:
        sys.modules["snakemake.cli"].get_argument_parser()  # looks for plugins, which then are known in every fork
        parsed_rules.keep(Path(tempfile.mkdtemp(dir=Path(sys.argv[1]).parent)))
    gc.freeze()
    request, streams = _serve(sys.argv[1])
    _become(request, streams)
    # Python would take all libraries down first, which takes seconds of what was saved.
    os._exit(_end_of(request["command"]))
