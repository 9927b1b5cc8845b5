"""Readers' answers: which image is next, one answer per image, undoing the last one, and the export of all."""

import sqlite3
from dataclasses import dataclass

from synthaug.readers.app.database import Database, now
from synthaug.readers.app.pack import STUDY, TRAINING, Pack

COLUMNS = ("reader", "presentation", "image", "class", "origin", "confidence", "seconds", "answered_at")


class ConflictError(Exception):
    """The presentation is not the one to answer or undo now, as when another tab was faster."""


@dataclass(frozen=True)
class Answer:
    """What a reader says of one image."""

    cls: str
    origin: str  # real or synthetic
    confidence: int  # of the origin: 1 (a guess) to 5 (certain)
    seconds: float  # that the image was looked at


@dataclass(frozen=True)
class Place:
    """Where a reader stands."""

    part: str  # training or study
    presentation: int | None  # the one to answer, from 1; None when all are answered
    total: int  # presentations of the part
    seconds: float  # that this presentation has been looked at so far
    undo: int | None  # the presentation whose answer can be undone


class Answers:
    """The answers to ``pack``, which ``database`` keeps."""

    def __init__(self, database: Database, pack: Pack) -> None:
        self._database, self._pack = database, pack

    def place(self, reader: str) -> Place:
        """Return where ``reader`` stands."""
        with self._database.transaction() as connection:
            return self._place(connection, reader)

    def give(self, reader: str, part: str, presentation: int, answer: Answer) -> Place:
        """Store the answer to the presentation that is next, and return the place after it.

        The same answer sent again, as after a lost reply, is accepted and changes nothing.

        Raises
        ------
        ConflictError
            If the presentation is not the next one and was not answered so.
        """
        with self._database.transaction() as connection:
            place = self._place(connection, reader)
            if (part, presentation) != (place.part, place.presentation):
                standing = connection.execute(
                    "SELECT class, origin, confidence FROM answers"
                    " WHERE reader = ? AND part = ? AND presentation = ? AND undone_at IS NULL",
                    (reader, part, presentation),
                ).fetchone()
                if standing is None:
                    raise ConflictError(f"Image {presentation} is not the one to answer now.")
                if standing != (answer.cls, answer.origin, answer.confidence):
                    raise ConflictError(f"Image {presentation} is answered already; that answer stands until undone.")
                return place
            image = self._pack.images(reader, part)[presentation - 1]
            row = (reader, part, presentation, image, answer.cls, answer.origin, answer.confidence)
            seconds = max(answer.seconds, place.seconds)  # a page opened anew may not know of all
            connection.execute(
                "INSERT INTO answers (reader, part, presentation, image, class, origin, confidence, seconds,"
                " answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, round(seconds, 3), now()),
            )
            self._look(connection, reader, part, presentation, seconds)
            return self._place(connection, reader)

    def undo(self, reader: str, presentation: int) -> tuple[Place, tuple[str, str, int]]:
        """Mark the last answer, if it is to ``presentation``, as undone.

        Return where the reader stands now, and the class, origin and confidence that were undone. The same request sent
        again, as after a lost reply, returns the same and changes nothing.

        Raises
        ------
        ConflictError
            If that is not the last answer.
        """
        with self._database.transaction() as connection:
            last = connection.execute(
                "SELECT id, part, presentation, class, origin, confidence FROM answers WHERE reader = ?"
                " ORDER BY id DESC LIMIT 1",
                (reader,),
            ).fetchone()
            if last is None or last[1:3] != (STUDY, presentation):
                raise ConflictError(f"The answer to image {presentation} cannot be undone: only the last one can.")
            connection.execute("UPDATE answers SET undone_at = ? WHERE id = ? AND undone_at IS NULL", (now(), last[0]))
            return self._place(connection, reader), last[3:]

    def look(self, reader: str, part: str, presentation: int, seconds: float) -> None:
        """Note how long the next presentation has been looked at so far.

        Raises
        ------
        ConflictError
            If it is not the next one.
        """
        with self._database.transaction() as connection:
            place = self._place(connection, reader)
            if (part, presentation) != (place.part, place.presentation):
                raise ConflictError(f"Image {presentation} is not the one to look at now.")
            self._look(connection, reader, part, presentation, seconds)

    def standing(self) -> list[tuple]:
        """Return the rows of the export (`COLUMNS`): the study's answers that stand, by reader and presentation."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM answers WHERE part = ? AND undone_at IS NULL", (STUDY,)
            ).fetchall()
        return sorted(rows, key=lambda row: (self._pack.readers.index(row[0]), row[1]))

    def undone(self, reader: str) -> int:
        """Return how many answers of ``reader`` were undone."""
        with self._database.transaction() as connection:
            count = "SELECT count(*) FROM answers WHERE reader = ? AND undone_at IS NOT NULL"
            return connection.execute(count, (reader,)).fetchone()[0]

    def _place(self, connection: sqlite3.Connection, reader: str) -> Place:
        for part in (TRAINING, STUDY):
            total = len(self._pack.images(reader, part))
            (answered,) = connection.execute(
                "SELECT count(*) FROM answers WHERE reader = ? AND part = ? AND undone_at IS NULL", (reader, part)
            ).fetchone()
            if answered < total:
                break
        last = connection.execute(
            "SELECT presentation, part, undone_at FROM answers WHERE reader = ? ORDER BY id DESC LIMIT 1", (reader,)
        ).fetchone()
        presentation = answered + 1 if answered < total else None
        looked = connection.execute(
            "SELECT seconds FROM looks WHERE reader = ? AND part = ? AND presentation = ?", (reader, part, presentation)
        ).fetchone()
        undo = last[0] if last and last[1:] == (STUDY, None) else None
        return Place(part, presentation, total, looked[0] if looked else 0.0, undo)

    @staticmethod
    def _look(connection: sqlite3.Connection, reader: str, part: str, presentation: int, seconds: float) -> None:
        connection.execute(
            "INSERT INTO looks VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seconds = max(seconds, excluded.seconds)",
            (reader, part, presentation, round(seconds, 3)),
        )
