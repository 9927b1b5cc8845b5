"""What the rules' scripts share: their arguments, their log, the one-line error on the terminal and signals."""

import argparse
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from synthaug.errors import InputError, Interrupted

Params = TypeVar("Params")


def parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser that shows ``doc`` (the script's docstring) as help and knows ``--log``."""
    arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--log", help="file for progress and tracebacks; the terminal without it")
    return arguments


def training_parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser that also knows what every training reads, and the folder that it writes to."""
    arguments = parser(doc)
    arguments.add_argument("--rois", required=True, help="rois.csv")
    arguments.add_argument("--roi-images", required=True, help="un-augmented ROIs, .npy")
    arguments.add_argument("--pool-index", required=True, help="index.csv of the classic pool")
    arguments.add_argument("--pool-images", required=True, help="the classic pool, .npy")
    arguments.add_argument("--folds", required=True, help="folds.csv")
    arguments.add_argument("--seed", required=True, type=int, help="the repetition of the experiment")
    arguments.add_argument("--out-dir", required=True, type=Path)
    return arguments


def params(kind: type[Params], text: str) -> Params:
    """Build the dataclass ``kind`` from the JSON object ``text``; an unknown or missing key is an `InputError`."""
    try:
        return kind(**json.loads(text))
    except TypeError as error:
        raise InputError(f"--params: {str(error).removeprefix(f'{kind.__name__}.__init__() ')}") from error


@contextlib.contextmanager
def logged(rule: str, log: str | None) -> Iterator[logging.Logger]:
    """Log to the file ``log``, warnings also to the terminal.

    On failure write the traceback to the log and one line to the terminal, and exit with 1. SIGTERM ends the script as
    Ctrl-C does, so that nothing partial stays.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.raiseExceptions = False  # a full disk is reported once, not once a line of the log
    if log:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=log, filemode="w", level=logging.INFO, format="%(asctime)s %(message)s", force=True)
    if log:
        terminal = logging.StreamHandler()
        terminal.addFilter(lambda record: record.levelno == logging.WARNING)
        terminal.setFormatter(logging.Formatter(f"WARNING [{rule}] %(message)s"))
        logging.getLogger().addHandler(terminal)
    logger = logging.getLogger(rule)
    details = f" (details: {log})" if log else ""
    try:
        yield logger
    except InputError as error:
        logger.exception("stopped")
        sys.exit(f"ERROR [{rule}] {error}{details}")
    except (Interrupted, KeyboardInterrupt) as stop:
        reason = str(stop) or "asked to stop before it was done; run the same command again"
        logger.info("stopped: %s", reason)
        sys.exit(f"STOPPED [{rule}] {reason}{details}")
    except OSError as error:
        logger.exception("stopped")
        problem = f"{error.filename or 'a file'}: {error.strerror or error}"
        sys.exit(f"ERROR [{rule}] {problem}; make room or mend it and run the same command again{details}")
    except Exception as error:
        logger.exception("stopped")
        sys.exit(f"ERROR [{rule}] unexpected {type(error).__name__}: {error}{details}")


def stop_requests() -> Callable[[], bool]:
    """From now on let SIGTERM and SIGINT be requests to stop; return a function that tells whether one came.

    A cluster sends SIGTERM, more than once, before it kills a job at its time limit; Ctrl-C sends SIGINT.
    """
    asked = False

    def note(number: int, frame: object) -> None:
        nonlocal asked
        asked = True

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, note)
    return lambda: asked
