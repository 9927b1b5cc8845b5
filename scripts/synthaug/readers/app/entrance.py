"""Who may come in: readers' codes and their sessions, of which the database stores only hashes."""

import time

from synthaug.readers.app import codes
from synthaug.readers.app.database import Database, now
from synthaug.readers.app.pack import Pack

IDLE = 12 * 60 * 60  # seconds after which an unused session ends; the code opens another
NOTED = 60  # seconds between two notes that a session is in use


class Entrance:
    """Gives readers of ``pack`` their codes, and opens and ends their sessions."""

    def __init__(self, database: Database, pack: Pack) -> None:
        self._database, self._pack = database, pack

    def invite(self, reader: str) -> str:
        """Return a new code for ``reader``; an older one and the sessions that it opened are no longer valid."""
        code = codes.new_code()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE reader = ?", (reader,))
            connection.execute("INSERT OR REPLACE INTO codes VALUES (?, ?, ?)", (reader, codes.digest(code), now()))
        return code

    def invited(self) -> set[str]:
        """Return the readers who have a code."""
        with self._database.transaction() as connection:
            return {reader for (reader,) in connection.execute("SELECT reader FROM codes")}

    def enter(self, code: str) -> tuple[str, str] | None:
        """Return the reader of ``code`` and the token of a new session, or None if the code is not known."""
        typed = codes.digest(codes.normal(code) or "")
        with self._database.transaction() as connection:
            rows = connection.execute("SELECT reader, hash FROM codes").fetchall()
            # Compared with all of them, so that the time tells nothing.
            found = [reader for reader, stored in rows if codes.same(stored, typed)]
            if not found or found[0] not in self._pack.readers:
                return None
            token = codes.new_token()
            connection.execute("DELETE FROM sessions WHERE seen < ?", (time.time() - IDLE,))
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?)", (codes.digest(token), found[0], time.time()))
        return found[0], token

    def reader(self, token: str) -> str | None:
        """Return whose session ``token`` opens, or None if it has ended or never was."""
        stored = codes.digest(token)
        with self._database.transaction() as connection:
            row = connection.execute("SELECT reader, seen FROM sessions WHERE hash = ?", (stored,)).fetchone()
            if row is None or row[1] < time.time() - IDLE or row[0] not in self._pack.readers:
                return None
            if row[1] < time.time() - NOTED:
                connection.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (time.time(), stored))
        return row[0]

    def leave(self, token: str) -> None:
        """End the session ``token``."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sessions WHERE hash = ?", (codes.digest(token),))
