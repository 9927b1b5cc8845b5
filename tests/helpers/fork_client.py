"""How a program asks `fork_server` for a fork; it imports little, as it also stands in for Python itself.

`write_stand_in` writes a `python` whose programs run in forks. It has their folder, environment, standard streams and
exit status, and hands on the signals that ask a job to stop.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ASKING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
STAND_IN = """#!{python} -ISE
import sys
sys.path.append({folder!r})
import fork_client
fork_client.stand_in({address!r})
"""


def ask(
    address: str,
    command: Sequence[str],
    streams: Sequence[int],
    *,
    cwd: str,
    env: Mapping[str, str],
    begun: Callable[[int], None] = lambda process: None,
    **further: object,
) -> tuple[int, float]:
    """Have ``command`` run in a fork; return its exit status, negative for a signal, and the seconds that it computed.

    Parameters
    ----------
    streams
        File numbers of its standard input, output and error.
    begun
        Called with the number of its process.
    """
    request = {"command": list(command), "cwd": cwd, "env": dict(env), **further}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(address)
        text = json.dumps(request).encode()
        socket.send_fds(connection, [len(text).to_bytes(8, "big")], streams)
        connection.sendall(text)
        with connection.makefile(encoding="utf-8") as answers:
            begun(json.loads(answers.readline()))
            status, seconds = json.loads(answers.readline())
    return status, seconds


def stand_in(address: str) -> None:
    """Run the program that this process was started for, and end as it does."""
    ignored = [number for number in ASKING if signal.getsignal(number) is signal.SIG_IGN]
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKING)

    def hand_on(process: int) -> None:
        def to_process(number, frame):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

        for number in ASKING.difference(ignored):
            signal.signal(number, to_process)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING)

    place = {"cwd": os.getcwd(), "env": os.environ}
    status, _ = ask(address, sys.argv[1:], [0, 1, 2], **place, begun=hand_on, ignored=ignored)
    if status < 0:
        with contextlib.suppress(OSError):  # SIGKILL is nobody's to set
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def write_stand_in(folder: Path, address: str) -> Path:
    """Write a `python` into ``folder`` whose programs run in forks of the server at ``address``; return its path."""
    path = folder / "python"
    text = STAND_IN.format(python=sys.executable, folder=str(Path(__file__).parent), address=address)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path
