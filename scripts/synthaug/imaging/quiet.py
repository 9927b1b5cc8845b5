"""Libraries in C and C++ that speak to the terminal on their own: what they say is kept, not shown."""

import contextlib
import ctypes
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

TERMINAL = (1, 2)  # the file descriptors of output and errors


@contextlib.contextmanager
def silenced() -> Iterator[list[str]]:
    """Keep what is written to the terminal in this block, also by a library's own code, and hide Python's warnings.

    What is logged in the block is handled after it, so that nothing of it is taken for what a library wrote.

    Yields
    ------
    A list, empty within the block; afterwards it holds the lines that were written. It is for one thread at a time.
    """
    said: list[str] = []
    flush = ctypes.CDLL(None).fflush if os.name == "posix" else lambda _: None
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):  # there may be none, or a closed one
            stream.flush()
    flush(None)
    with _logged_later(), tempfile.TemporaryFile() as kept, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = [os.dup(number) for number in TERMINAL]
        try:
            for number in TERMINAL:
                os.dup2(kept.fileno(), number)
            yield said
        finally:
            flush(None)
            for number, copy in zip(TERMINAL, shown, strict=True):
                os.dup2(copy, number)
                os.close(copy)
            kept.seek(0)
            said += kept.read(1 << 16).decode(errors="replace").splitlines()


class _Keeper(logging.Handler):
    """Keeps records."""

    def __init__(self):
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def _logged_later() -> Iterator[None]:
    """Keep the records that reach the root logger in this block, and hand them to its handlers afterwards."""
    root, keeper = logging.getLogger(), _Keeper()
    handlers = root.handlers[:]
    root.handlers[:] = [keeper]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for record in keeper.records if handlers else ():  # without any, whoever calls has asked for no messages
            root.handle(record)
