import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from synthaug.errors import InputError
from synthaug.readers.app import pack
from synthaug.readers.app.answers import COLUMNS, Answer, Answers, ConflictError, Place
from synthaug.readers.app.database import Database
from synthaug.readers.app.entrance import IDLE, Entrance
from tests.reader.packs import write_pack

ANSWER = Answer("cyst", "real", 3, 1.5)
OTHER = Answer("cyst", "synthetic", 3, 1.5)


@pytest.fixture
def study(tmp_path):
    write_pack(tmp_path / "pack", practice=1)
    return pack.load(tmp_path / "pack")


@pytest.fixture
def database(tmp_path, study):
    database = Database(tmp_path / "study.sqlite", study, create=True)
    yield database
    database.close()


@pytest.fixture
def answers(database, study):
    """Answers of a study whose first reader has finished the practice set."""
    answers = Answers(database, study)
    answers.give("reader-1", "training", 1, ANSWER)
    return answers


def test_reader_goes_from_practice_through_the_study_to_the_end(database, study):
    answers = Answers(database, study)
    assert answers.place("reader-1") == Place("training", 1, 1, 0.0, None)
    assert answers.give("reader-1", "training", 1, ANSWER) == Place("study", 1, 5, 0.0, None)
    for presentation in range(1, 5):
        assert answers.give("reader-1", "study", presentation, ANSWER).presentation == presentation + 1
    assert answers.give("reader-1", "study", 5, ANSWER) == Place("study", None, 5, 0.0, 5)
    assert answers.place("reader-2") == Place("training", 1, 1, 0.0, None)
    rows = answers.standing()
    assert [row[:3] for row in rows] == [
        ("reader-1", number, image) for number, image in enumerate(study.presentations["reader-1"], start=1)
    ]
    assert {row[3:7] for row in rows} == {("cyst", "real", 3, 1.5)}


def test_reader_without_practice_set_begins_with_the_study(tmp_path):
    write_pack(tmp_path / "none", practice=0)
    study = pack.load(tmp_path / "none")
    database = Database(tmp_path / "none.sqlite", study, create=True)
    assert Answers(database, study).place("reader-1") == Place("study", 1, 5, 0.0, None)
    database.close()


def test_reader_answer_sent_twice_is_stored_once(answers):
    answers.give("reader-1", "study", 1, ANSWER)
    again = answers.give("reader-1", "study", 1, Answer("cyst", "real", 3, 9.0))
    assert again.presentation == 2
    (row,) = answers.standing()
    assert row[COLUMNS.index("seconds")] == 1.5


@pytest.mark.parametrize(
    ("part", "presentation"), [("study", 1), ("study", 3), ("study", 99), ("training", 1), ("training", 2)]
)
def test_reader_cannot_answer_otherwise_or_out_of_order(answers, part, presentation):
    answers.give("reader-1", "study", 1, ANSWER)
    before = answers.standing()
    with pytest.raises(ConflictError):
        answers.give("reader-1", part, presentation, OTHER)
    assert answers.standing() == before
    assert answers.place("reader-1").presentation == 2


def test_reader_in_two_tabs_answers_each_presentation_once(answers):
    """Ten threads answer the same presentation at once, each differently: one wins, the others are told."""
    choices = [
        Answer("cyst", origin, confidence, 1.0) for origin in ("real", "synthetic") for confidence in range(1, 6)
    ]
    outcomes, together = [], threading.Barrier(len(choices))

    def give(answer):
        together.wait()
        try:
            answers.give("reader-1", "study", 1, answer)
            outcomes.append(answer)
        except ConflictError:
            outcomes.append(None)

    threads = [threading.Thread(target=give, args=(answer,)) for answer in choices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [answer for answer in outcomes if answer]
    assert len(outcomes) == len(choices)
    (row,) = answers.standing()
    assert row[3:6] == (won.cls, won.origin, won.confidence)


def test_reader_undoes_the_last_answer_once_and_the_undone_one_stays_on_record(answers, tmp_path):
    answers.give("reader-1", "study", 1, ANSWER)
    answers.give("reader-1", "study", 2, ANSWER)
    with pytest.raises(ConflictError):
        answers.undo("reader-1", 1)
    with pytest.raises(ConflictError):
        answers.undo("reader-2", 2)
    undone = (ANSWER.cls, ANSWER.origin, ANSWER.confidence)
    assert answers.undo("reader-1", 2) == (Place("study", 2, 5, 1.5, None), undone)
    assert answers.undo("reader-1", 2) == (Place("study", 2, 5, 1.5, None), undone)  # sent again: the reply was lost
    with pytest.raises(ConflictError):
        answers.undo("reader-1", 1)
    answers.give("reader-1", "study", 2, OTHER)
    assert [row[4] for row in answers.standing()] == ["real", "synthetic"]
    assert answers.undone("reader-1") == 1
    with sqlite3.connect(tmp_path / "study.sqlite") as connection:
        kept = connection.execute("SELECT origin, undone_at FROM answers WHERE presentation = 2 ORDER BY id").fetchall()
    assert kept[0][0] == "real"
    assert kept[0][1].endswith("Z")
    assert kept[1] == ("synthetic", None)


def test_reader_time_is_the_longest_that_any_page_knows_of(answers):
    answers.look("reader-1", "study", 1, 60)
    answers.give("reader-1", "study", 1, ANSWER)  # from a page that was opened anew before the note arrived
    assert answers.standing()[0][6] == 60


def test_reader_cannot_undo_practice(answers):
    assert answers.place("reader-1").undo is None
    with pytest.raises(ConflictError):
        answers.undo("reader-1", 1)


def test_reader_looks_are_kept_over_a_pause_and_never_shrink(answers):
    answers.look("reader-1", "study", 1, 4.25)
    answers.look("reader-1", "study", 1, 3.0)
    assert answers.place("reader-1").seconds == 4.25
    for part, presentation in (("study", 2), ("training", 1)):
        with pytest.raises(ConflictError):
            answers.look("reader-1", part, presentation, 1.0)


def test_reader_answer_survives_a_kill_right_after_it(tmp_path, study):
    """The process dies by SIGKILL as soon as the answer is accepted: no close, no flush."""
    code = (
        "import os, signal, sys\n"
        "from synthaug.readers.app import pack\n"
        "from synthaug.readers.app.answers import Answer, Answers\n"
        "from synthaug.readers.app.database import Database\n"
        "study = pack.load(sys.argv[1])\n"
        "answers = Answers(Database(sys.argv[2], study, create=True), study)\n"
        "answers.give('reader-1', 'training', 1, Answer('cyst', 'real', 3, 1.0))\n"
        "answers.give('reader-1', 'study', 1, Answer('cyst', 'real', 3, 1.0))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, tmp_path / "pack", tmp_path / "killed.sqlite"]
    scripts = os.path.join(os.path.dirname(__file__), "../../scripts")
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": scripts})
    assert done.returncode == -signal.SIGKILL
    database = Database(tmp_path / "killed.sqlite", study)
    assert len(Answers(database, study).standing()) == 1
    database.close()


def test_reader_database_writes_through_to_the_disk(database):
    with database.transaction() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL: each commit waits for the disk
        assert connection.execute("PRAGMA journal_mode").fetchone() == (
            "truncate",
        )  # one file, so a copy of it is whole


def test_reader_database_is_for_its_owner_alone(database, tmp_path):
    assert stat.S_IMODE((tmp_path / "study.sqlite").stat().st_mode) == 0o600


def test_reader_failed_transaction_leaves_nothing(database):
    def fail():
        with database.transaction() as connection:
            connection.execute("INSERT INTO codes VALUES ('reader-1', 'hash', 'now')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.transaction() as connection:
        assert connection.execute("SELECT * FROM codes").fetchall() == []


def test_reader_database_that_another_program_holds_goes_on_when_it_is_let_go(database, tmp_path):
    """A shell of SQLite that reads at the wrong moment costs one answer's attempt, not the server."""
    with database.transaction() as connection:
        connection.execute("PRAGMA busy_timeout = 50")
    with contextlib.closing(sqlite3.connect(tmp_path / "study.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM codes").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="locked"), database.transaction() as connection:
            connection.execute("INSERT INTO codes VALUES ('reader-1', 'hash', 'now')")
    with database.transaction() as connection:
        assert connection.execute("SELECT * FROM codes").fetchall() == []
        connection.execute("INSERT INTO codes VALUES ('reader-1', 'hash', 'now')")
    with database.transaction() as connection:
        assert len(connection.execute("SELECT * FROM codes").fetchall()) == 1


def test_reader_database_of_another_pack_is_refused_in_one_line(database, tmp_path):
    write_pack(tmp_path / "other", seed=2)
    with pytest.raises(InputError, match="found that of another") as caught:
        Database(tmp_path / "study.sqlite", pack.load(tmp_path / "other"))
    assert "\n" not in str(caught.value)


def test_reader_database_that_is_none_is_refused(tmp_path, study):
    with pytest.raises(InputError, match="found none; the command invite makes it"):
        Database(tmp_path / "missing.sqlite", study)
    assert not (tmp_path / "missing.sqlite").exists()
    (tmp_path / "text").write_text("no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(InputError, match="file is not a database"):
        Database(tmp_path / "text", study)
    with pytest.raises(InputError, match="unable to open"):
        Database(tmp_path / "pack", study)


def test_reader_enters_by_the_own_code_only(database, study, tmp_path):
    entrance = Entrance(database, study)
    codes = {reader: entrance.invite(reader) for reader in study.readers}
    assert entrance.invited() == set(study.readers)
    for reader, code in codes.items():
        entered, token = entrance.enter(code.lower())
        assert entered == entrance.reader(token) == reader
        assert entrance.reader(token[:-1]) is None
        entrance.leave(token)
        assert entrance.reader(token) is None
    assert entrance.enter("") is None
    assert entrance.enter("A" * 20) is None
    stored = (tmp_path / "study.sqlite").read_bytes()
    assert b"reader-1" in stored
    assert not any(code.encode() in stored for code in codes.values())


def test_reader_with_a_new_code_is_out_with_the_old_one(database, study):
    entrance = Entrance(database, study)
    old = entrance.invite("reader-1")
    _, token = entrance.enter(old)
    new = entrance.invite("reader-1")
    assert entrance.reader(token) is None
    assert entrance.enter(old) is None
    assert entrance.enter(new)[0] == "reader-1"


def test_reader_session_ends_when_unused(database, study, monkeypatch):
    entrance = Entrance(database, study)
    _, token = entrance.enter(entrance.invite("reader-1"))
    now = __import__("time").time()
    monkeypatch.setattr("time.time", lambda: now + IDLE - 10)
    assert entrance.reader(token) == "reader-1"
    monkeypatch.setattr("time.time", lambda: now + 2 * IDLE - 20)
    assert entrance.reader(token) == "reader-1"
    monkeypatch.setattr("time.time", lambda: now + 3 * IDLE)
    assert entrance.reader(token) is None
