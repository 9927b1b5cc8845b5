"""What all scripts share: arguments, the log, the record of what they did, errors of one line, and signals."""

import argparse
import contextlib
import errno
import json
import logging
import re
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from synthaug.errors import InputError, Interrupted
from synthaug.files import artifacts, locks, records

Params = TypeVar("Params")
PLACE = re.compile(r"^\s*(row \d+|lesion [A-Za-z0-9_-]+)(?=[,:])", re.MULTILINE)
OURS = ("synthaug", "steps", "waitress")  # packages whose messages are shown; the last is the server of reader studies
FILES = {
    "rois": "rois.csv",
    "roi-images": "un-augmented ROIs, .npy",
    "pool-index": "index.csv of the classic pool",
    "pool-images": "the classic pool, .npy",
    "folds": "folds.csv",
}

_noted: dict[str, object] = {}
_on_success: list[Callable[[], None]] = []
_successor: Callable[[], bool] = bool  # nobody asks


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser that shows ``doc`` (the script's docstring) as help and knows ``--log`` and ``--record``."""
    arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--log", help="file for progress and tracebacks; the terminal without it")
    arguments.add_argument(
        "--record", type=Path, help="file for the record of what was done, see synthaug.files.records"
    )
    return arguments


def add_files(arguments: argparse.ArgumentParser, *names: str) -> None:
    """Let ``arguments`` know the options ``names``, files of the cohort that `FILES` describes; all are required."""
    for name in names:
        arguments.add_argument(f"--{name}", required=True, help=FILES[name])


def training_parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser that also knows what every training reads, and the folder that it writes to."""
    arguments = parser(doc)
    add_files(arguments, *FILES)
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--out-dir", required=True, type=Path)
    return arguments


def params(kind: type[Params], text: str) -> Params:
    """Build the dataclass ``kind`` from the JSON object ``text``; an unknown or missing key is an `InputError`."""
    try:
        return kind(**json.loads(text))
    except TypeError as error:
        raise InputError(f"--params: {str(error).removeprefix(f'{kind.__name__}.__init__() ')}") from error


def named(option: str, pairs: Iterable[str], needed: Iterable[str], form: str) -> dict[str, str]:
    """Return the values of NAME=VALUE arguments by name.

    Parameters
    ----------
    option
        The option that gave ``pairs``, such as ``--images``, for the message.
    needed
        The names that must be there.
    form
        What was expected, such as "CLASS=PATH for each class", for the message.

    Raises
    ------
    InputError
        If one of ``needed`` is missing.
    """
    values = dict(pair.split("=", 1) for pair in pairs)
    if missing := [name for name in needed if name not in values]:
        raise InputError(f"{option}: expected {form}, missing {', '.join(missing)}")
    return values


def note(**facts: object) -> None:
    """Add ``facts`` to the record of the running job, such as the device that it computes on."""
    _noted.update(facts)


def note_file(**files: str) -> None:
    """Add the digests of files that the user gave, before they are read; whoever reads them reports missing ones."""
    note(**{name: artifacts.sha256(path) for name, path in files.items() if Path(path).is_file()})


def on_success(act: Callable[[], None]) -> None:
    """Call ``act`` once the running job has written everything, including its record."""
    _on_success.append(act)


@contextlib.contextmanager
def logged(rule: str, arguments: argparse.Namespace, *, private: bool = False) -> Iterator[logging.Logger]:
    """Log to the file ``--log``, warnings also to the terminal; hold the lock of ``--record`` and write it on success.

    On failure, write the traceback to the log, if there is one, and one line to the terminal, and exit with 1. SIGTERM
    ends the script as Ctrl-C does, so that nothing partial stays.

    Parameters
    ----------
    private
        For scripts that read the user's own files. The log is a result, so what errors and warnings say about these
        files, above all their names, goes to the terminal alone; the log only says where in the case table to look.
    """
    global _successor
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log, code = arguments.log, records.code()
    _start_log(rule, log, private)
    logger = logging.getLogger(rule)
    _noted.clear()
    _on_success.clear()
    try:
        lock = locks.only_writer(arguments.record) if arguments.record else contextlib.nullcontext(_successor)
        with lock as _successor:
            with artifacts.observed() as files, warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of libraries, about files that they read; ours are logged
                yield logger
            if arguments.record:
                params = json.loads(getattr(arguments, "params", "null"))
                record = records.make(rule, params, files, arguments.record.parent, code)
                artifacts.write_json(record | _noted, arguments.record)
            for act in _on_success:
                act()
    except (Interrupted, KeyboardInterrupt) as stop:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)  # a further request must not cut the exit short
        reason = str(stop) or "asked to stop before it was done; run the same command again"
        logger.info("stopped: %s", reason)
        sys.exit(f"STOPPED [{rule}] {reason}" + (f" (details: {log})" if log else ""))
    except Exception as error:
        if not log and isinstance(error, InputError):
            pass  # the line below says it all
        elif private:
            places = ", ".join(dict.fromkeys(PLACE.findall(str(error)))) or "the terminal says where"
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("stopped: %s: %s\n%s", type(error).__name__, places, frames)
        else:
            logger.exception("stopped")
        sys.exit(f"ERROR [{rule}] {_explain(error)}" + (f" (details: {log})" if log else ""))


def _explain(error: Exception) -> str:
    """Return the line for the terminal."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{error.filename or 'the disk'}: {error.strerror}; make room and run the same command again"
    return f"unexpected {type(error).__name__}: {error}"


def _start_log(rule: str, log: str | None, private: bool) -> None:
    if log:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(log, mode="w", encoding="utf-8") if log else logging.StreamHandler()
    logging.basicConfig(handlers=[handler], level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    # Ours only: libraries quote what they read, which may name a patient, and none of their messages helps a user.
    if log:
        logging.getLogger().handlers[0].addFilter(
            lambda record: (
                record.name.split(".")[0] in (rule, "synthaug") and not (private and record.levelno == logging.WARNING)
            )
        )
        terminal = logging.StreamHandler()
        terminal.addFilter(lambda record: record.levelno == logging.WARNING and _is_ours(rule, record))
        terminal.setFormatter(logging.Formatter(f"WARNING [{rule}] %(message)s"))
        logging.getLogger().addHandler(terminal)
    else:
        handler.addFilter(lambda record: _is_ours(rule, record))


def _is_ours(rule: str, record: logging.LogRecord) -> bool:
    """Return whether the project said something, not a library."""
    return record.name.split(".")[0] in (rule, *OURS)


class _LogFile(logging.FileHandler):
    """A log file that a full disk neither fails the job for nor fills the terminal with tracebacks."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def stop_requests() -> Callable[[], bool]:
    """Treat signals as requests to stop from now on; return a function that tells whether there was one.

    A cluster sends SIGTERM, more than once, before it kills a job at its time limit; Ctrl-C sends SIGINT; a job that
    waits for this one asks through the lock.
    """
    asked = False

    def remember(number: int, frame: object) -> None:
        nonlocal asked
        asked = True

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, remember)
    return lambda: asked or _successor()
