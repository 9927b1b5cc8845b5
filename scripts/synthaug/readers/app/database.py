"""The SQLite file that holds the codes, sessions and answers of one study; nothing can make it again."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from synthaug.errors import InputError
from synthaug.readers.app.pack import Pack

TABLES = """
CREATE TABLE study (digest TEXT NOT NULL, cohort TEXT NOT NULL, made_at TEXT NOT NULL);
CREATE TABLE codes (reader TEXT PRIMARY KEY, hash TEXT NOT NULL, made_at TEXT NOT NULL);
CREATE TABLE sessions (hash TEXT PRIMARY KEY, reader TEXT NOT NULL, seen REAL NOT NULL);
-- Rows are only added: an undone answer is marked, and stays.
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    reader TEXT NOT NULL,
    part TEXT NOT NULL CHECK (part IN ('training', 'study')),
    presentation INTEGER NOT NULL CHECK (presentation >= 1),
    image TEXT NOT NULL,
    class TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('real', 'synthetic')),
    confidence INTEGER NOT NULL CHECK (confidence BETWEEN 1 AND 5),
    seconds REAL NOT NULL CHECK (seconds >= 0),
    answered_at TEXT NOT NULL,
    undone_at TEXT
);
CREATE UNIQUE INDEX one_standing ON answers (reader, part, presentation) WHERE undone_at IS NULL;
-- How long an image has been looked at so far, for a reader who pauses before the answer.
CREATE TABLE looks (
    reader TEXT NOT NULL,
    part TEXT NOT NULL,
    presentation INTEGER NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (reader, part, presentation)
);
"""


def now() -> str:
    """Return the time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_database(path: Path) -> bool:
    """Return whether ``path`` is a database, of whatever study, or the journal that SQLite keeps beside one."""
    if path.name.endswith("-journal"):
        return True
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
    return False


class Database:
    """One connection for all threads. Each transaction is on disk before it returns, and survives a kill."""

    def __init__(self, path: str | Path, pack: Pack, *, create: bool = False) -> None:
        """Open the database of ``pack``; with ``create`` make it where there is none.

        Raises
        ------
        InputError
            If there is no file, it is no database or a damaged one, or it belongs to another pack.
        """
        path = Path(path)
        self._lock = threading.Lock()
        if not path.exists():
            if not create:
                raise InputError(f"{path}: expected the study's database, found none; the command invite makes it")
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # for the owner's eyes only
        wrong = f"{path}: expected the study's database"
        try:
            self._connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        except sqlite3.DatabaseError as error:
            raise InputError(f"{wrong}: {error}; name another with --database") from error
        try:
            state, (digest, cohort, begun) = self._begin(pack)
        except sqlite3.DatabaseError as error:
            self.close()
            raise InputError(f"{wrong}: {error}; name another with --database") from error
        if state != "ok":
            self.close()
            raise InputError(
                f"{wrong}, found a damaged one ({state.splitlines()[-1]}); put a backup back, and no -journal beside it"
            )
        if digest != pack.digest:
            self.close()
            raise InputError(
                f"{path}: expected the database of this pack, found that of another ({cohort}, begun {begun}): "
                "the pack was made anew; restore it, or keep this file and name a new one with --database"
            )

    def _begin(self, pack: Pack) -> tuple[str, tuple[str, str, str]]:
        """Make the tables if there are none; return SQLite's own check, and digest, cohort and time of the study."""
        # Not WAL: it would keep the answers in a second file, and a copy of this one would lack them.
        self._connection.execute("PRAGMA journal_mode = TRUNCATE")
        self._connection.execute("PRAGMA synchronous = FULL")
        (state,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        with self.transaction() as connection:
            if not connection.execute("SELECT name FROM sqlite_master").fetchone():
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute("INSERT INTO study VALUES (?, ?, ?)", (pack.digest, pack.cohort, now()))
            found = connection.execute("SELECT digest, cohort, made_at FROM study").fetchone()
        return state, found or ("", "", "")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; commit at the end, durably; on failure undo everything."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends some by itself, as on a full disk
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; nothing can be done with it afterwards."""
        self._connection.close()
