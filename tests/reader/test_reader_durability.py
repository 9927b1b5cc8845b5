"""No accepted answer is lost, whenever the server dies; a failure inside the server tells a stranger nothing."""

import contextlib
import shutil
import signal
import sqlite3
import threading

import pytest

from synthaug.readers.app import answers, pack
from synthaug.readers.app.app import create_app
from synthaug.readers.app.database import Database
from synthaug.readers.app.entrance import Entrance
from tests.reader.packs import write_pack
from tests.reader.server import PATIENCE


def test_readers_lose_no_accepted_answer_when_the_server_is_killed_again_and_again(studies):
    """Two readers answer as fast as they can while the server is killed at moments that nothing is tuned to."""
    study = studies(images=60, repeats=0, practice=0)
    codes = {reader: link.split("#")[1] for reader, link in study.links.items()}
    accepted = dict.fromkeys(codes, 0)

    def answer_all(reader, client):
        with contextlib.suppress(OSError):  # the server is gone, with or without the last answer
            while accepted[reader] < 60:
                number = accepted[reader] + 1
                assert client.answer(number, confidence=number % 5 + 1).status == 200
                accepted[reader] = number

    killed = 0
    for limit in (7, 25, 41, 1000):
        clients = {reader: study.client() for reader in codes}
        for reader, client in clients.items():
            assert client.enter(codes[reader]).status == 204
        threads = [threading.Thread(target=answer_all, args=item) for item in clients.items()]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            if max(accepted.values()) >= limit:
                study.kill()
            threads[0].join(0.001)
            threads[1].join(0.001)
        with sqlite3.connect(study.database) as connection:
            rows = connection.execute(
                "SELECT reader, presentation, confidence FROM answers ORDER BY reader, id"
            ).fetchall()
        for reader in codes:
            stored = [row[1:] for row in rows if row[0] == reader]
            assert len(stored) - accepted[reader] in (0, 1)  # one may be on disk that nobody was told of
            assert stored == [(number, number % 5 + 1) for number in range(1, len(stored) + 1)]
        if limit < 1000:
            killed += study.process.returncode == -signal.SIGKILL
            study.start()
    assert killed == 3
    assert accepted == {"reader-1": 60, "reader-2": 60}


def test_copy_of_the_reader_database_alone_is_a_backup(studies, tmp_path):
    """Of a running study, of a killed one, and as what the study goes on with."""
    study = studies(practice=0)
    code = study.links["reader-1"].split("#")[1]
    client = study.client()
    assert client.enter(code).status == 204

    def answers_in_copy():
        copy = tmp_path / "elsewhere" / "copy.sqlite"
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(study.database, copy)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return connection.execute("SELECT presentation, confidence FROM answers ORDER BY id").fetchall()

    for number in (1, 2, 3):
        assert client.answer(number, confidence=number).status == 200
        assert answers_in_copy() == [(given, given) for given in range(1, number + 1)]
    study.kill()
    assert answers_in_copy() == [(1, 1), (2, 2), (3, 3)]
    shutil.move(tmp_path / "elsewhere/copy.sqlite", study.database)
    study.start()
    assert client.answer(4).status == 200
    assert client.get("/study/place").json["presentation"] == 5


def test_reader_study_ends_quietly_at_ctrl_c(studies):
    study = studies()
    study.process.send_signal(signal.SIGINT)
    assert study.process.wait(PATIENCE) == 0
    assert "Traceback" not in study.log.read_text()


@pytest.mark.parametrize("debug", ["0", "1"])
def test_reader_study_that_fails_inside_says_so_in_its_log_alone(tmp_path, monkeypatch, caplog, debug):
    monkeypatch.setenv("FLASK_DEBUG", debug)
    write_pack(tmp_path / "pack")
    study = pack.load(tmp_path / "pack")
    database = Database(tmp_path / "study.sqlite", study, create=True)
    code = Entrance(database, study).invite("reader-1")
    client = create_app(study, database, ("http://localhost",)).test_client()
    assert client.post("/enter", json={"code": code}, headers={"Origin": "http://localhost"}).status_code == 204
    page = client.get("/study").text.split('data-page="')[1].split('"')[0]

    def fail(*_):
        raise sqlite3.OperationalError("disk I/O error in /secret/place")

    monkeypatch.setattr(answers.Answers, "place", fail)
    reply = client.get("/study/place", headers={"X-Page": page})
    assert reply.status_code == 500
    assert reply.json == {"error": "The server failed; the owner of the study finds the reason in its log."}
    assert reply.headers["Content-Security-Policy"]
    assert "/secret/place" in caplog.text
    database.close()
