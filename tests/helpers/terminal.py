"""A program in a terminal of its own, where keys are pressed and which is closed."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import threading
from collections.abc import Sequence
from pathlib import Path

CTRL_C = b"\x03"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _log_in() -> None:
    """Make the terminal this session's, and heed its signals, which tests in the background are started to ignore."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Terminal(subprocess.Popen):
    """The program, as the leader of the terminal's session; all that the terminal shows is added to ``screen``."""

    def __init__(self, command: Sequence[object], screen: Path, **options):
        self.screen, self._closing = screen, threading.Event()
        self._own, programs = pty.openpty()
        super().__init__(
            [str(word) for word in command],
            stdin=programs, stdout=programs, stderr=programs, start_new_session=True,
            preexec_fn=_log_in, **options,
        )  # fmt: skip
        os.close(programs)
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        with self.screen.open("ab", buffering=0) as screen, contextlib.suppress(OSError):  # EIO: no program is left
            while not self._closing.is_set():
                if select.select([self._own], [], [], 0.05)[0]:
                    screen.write(os.read(self._own, 65536))

    def press(self, keys: bytes) -> None:
        """Press ``keys``, such as `CTRL_C`, of which the system makes signals to all programs in the foreground."""
        os.write(self._own, keys)

    def close(self) -> None:
        """Close the terminal, whose programs get SIGHUP."""
        if not self._closing.is_set():
            self._closing.set()
            self._watching.join()
            os.close(self._own)

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        self.close()

    def text(self) -> str:
        """Return what has been shown so far, without colours."""
        return COLOUR.sub("", self.screen.read_bytes().decode().replace("\r\n", "\n"))
