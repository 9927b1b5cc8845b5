"""The owner's commands, as an owner types them."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import urllib.request

import psutil
import pytest

from serve_reader_study import origin
from tests.helpers import forked
from tests.reader.packs import write_pack
from tests.reader.server import Study


@pytest.fixture
def study(tmp_path):
    study = Study(tmp_path)
    study.facts = write_pack(tmp_path / "pack")
    yield study
    study.kill()


def refused(done):
    """Return the one line that a refused command says."""
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR [serve_reader_study]")]
    return line


def test_reader_codes_are_shown_once_and_renewed_on_demand(study):
    links = study.invite()
    assert list(links) == ["reader-1", "reader-2"]
    assert all(re.fullmatch(rf"{study.url}/#([0-9A-Z]{{5}}-){{3}}[0-9A-Z]{{5}}", link) for link in links.values())
    again = study.run("invite")
    assert "Every reader has a code." in again.stdout
    assert "#" not in again.stdout
    renewed = study.invite("--again", "reader-2")
    assert list(renewed) == ["reader-2"]
    assert renewed["reader-2"] != links["reader-2"]
    study.start()
    client = study.client()
    assert client.enter(links["reader-2"].split("#")[1]).status == 401
    assert client.enter(renewed["reader-2"].split("#")[1]).status == 204


def test_reader_study_has_begun_once_readers_are_invited_and_no_sooner(study):
    """Wherever the database lies: the pack itself says so to the workflow."""
    begun = study.folder / "pack/begun.txt"
    assert "expected a reader of the pack: reader-1, reader-2" in refused(study.run("invite", "--again", "reader-3"))
    assert not begun.exists()
    assert not study.database.exists()
    study.invite()
    assert begun.exists()
    study.start()  # and the pack is the same


def test_reader_study_without_database_says_what_to_do(study):
    for command in (("serve",), ("status",), ("export", "--out", str(study.folder / "answers.csv"))):
        assert "the command invite makes it" in refused(study.run(*command))
    assert not (study.folder / "answers.csv").exists()


def test_reader_database_is_never_overwritten_by_a_log_or_an_export(study):
    study.invite()
    before = study.database.read_bytes()
    facts = study.folder / "pack/study.json"
    journal = f"{study.database}-journal"
    for command in (("status", "--log"), ("export", "--out"), ("serve", "--log")):
        for path in (study.database, facts, journal):
            done = study.run(*command, str(path))
            assert done.returncode == 2
            assert f"expected a file to write, found one of the study: {path}" in done.stderr
    assert study.database.read_bytes() == before
    assert json.loads(facts.read_text()) == study.facts


def test_readers_are_not_invited_to_a_second_study_of_the_same_pack(study):
    study.invite()
    other = study.folder / "other.sqlite"
    done = forked.run([*study.command("invite"), "--database", str(other)])
    assert "expected the database of a study that has begun" in refused(done)
    assert not other.exists()


def test_reader_database_that_is_damaged_is_refused(study):
    study.invite()
    with sqlite3.connect(study.database) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'codes'").fetchone()
    data = bytearray(study.database.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[(page - 1) * size : (page - 1) * size + 8] = b"\xff" * 8
    study.database.write_bytes(data)
    assert "put a backup back" in refused(study.run("status"))


def test_reader_study_of_another_pack_is_refused(study, tmp_path):
    study.invite()
    other = Study(tmp_path / "other")
    write_pack(tmp_path / "other/pack", seed=2)
    command = [*other.command("status"), "--database", str(study.database)]
    assert "found that of another (made-up" in refused(forked.run(command))


def test_reader_database_lies_outside_the_results_by_default(study):
    command = [part for part in study.command("invite") if part not in ("--database", str(study.database))]
    done = forked.run(command, cwd=study.folder)
    assert done.returncode == 0, done.stderr
    assert (study.folder / "reader-study/made-up.sqlite").exists()


def test_reader_study_listens_on_this_machine_only_unless_told_otherwise(study):
    study.invite()
    study.start()
    (listening,) = {connection.laddr for connection in psutil.Process(study.process.pid).net_connections("inet")}
    assert listening == ("127.0.0.1", study.port)


def test_reader_study_at_the_other_loopback_address_says_and_answers_to_it(study):
    study.invite()
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    study.process = subprocess.Popen(
        study.command("serve", "--port", str(study.port), "--host", "::1"), stdout=subprocess.PIPE, text=True
    )
    said = study.process.stdout.readline()
    assert f"http://localhost:{study.port}" in said
    request = urllib.request.Request(f"http://[::1]:{study.port}/", headers={"Host": f"localhost:{study.port}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert reply.status == 200


def test_reader_study_that_others_can_reach_needs_an_address_and_says_what_else(study):
    study.invite()
    assert "expected --url too" in refused(study.run("serve", "--host", "0.0.0.0"))
    for url in (
        "study.example.org",
        "https://study.example.org/reader",
        "ftp://x",
        "http://u:p@x",
        "http://x:port",
        "http://[::1",
    ):
        assert "expected scheme and host alone" in refused(study.run("serve", "--url", url))
    study.start("--host", "0.0.0.0", "--url", "https://study.example.org", "--proxy", "127.0.0.1")
    assert "WARNING: other machines can reach this study." in study.log.read_text()
    # Behind the proxy: its name, secure cookies, and the reader's own address for the count of wrong codes.
    client = study.client()
    client.headers = {"Origin": "https://study.example.org", "Host": "study.example.org"}
    for place in range(12):
        reply = client.post("/enter", {"code": "A" * 20}, **{"X-Forwarded-For": "10.0.0.7"})
        assert reply.status == (401 if place < 10 else 429)
    reply = client.post("/enter", {"code": "A" * 20}, **{"X-Forwarded-For": "10.0.0.8"})
    assert reply.status == 401
    assert "max-age" in reply.headers["Strict-Transport-Security"]
    code = study.invite("--again", "reader-1")["reader-1"].split("#")[1]
    cookie = client.post("/enter", {"code": code}, **{"X-Forwarded-For": "10.0.0.8"}).headers["Set-Cookie"]
    assert re.match(r"__Host-reader-[0-9a-f]{8}=", cookie)
    assert "; Secure" in cookie
    assert client.get("/", Host="127.0.0.1").status == 400


def test_reader_study_behind_a_proxy_that_it_is_not_told_of_warns(study):
    study.invite()
    study.start("--url", "https://study.example.org")
    assert "WARNING: --url is https, but --proxy is missing" in study.log.read_text()
    study.kill()
    study.log.unlink()
    study.start("--url", "https://study.example.org", "--proxy", "127.0.0.1")
    assert "--proxy is missing" not in study.log.read_text()


def test_reader_study_log_tells_who_entered_and_answered(study):
    code = study.invite()["reader-1"].split("#")[1]
    study.start("--log", str(study.folder / "logs/serve.log"))
    client = study.client()
    assert client.enter("A" * 20).status == 401
    assert client.enter(code).status == 204
    assert client.answer(1, part="training").status == 200
    text = (study.folder / "logs/serve.log").read_text()
    for line in ("a wrong code from 127.0.0.1", "reader-1 enters from 127.0.0.1", "reader-1 answered training 1"):
        assert line in text
    assert code not in text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--port", "99999"], "argument --port: expected 1 to 65535, found 99999"),
        (["--port", "-1"], "argument --port: expected 1 to 65535, found -1"),
        (["--port", "http"], "argument --port: invalid port value: 'http'"),
        (["--proxy", "localhost"], "argument --proxy: expected an IP address such as 127.0.0.1, found localhost"),
    ],
)
def test_reader_study_with_an_option_that_cannot_be_meant(study, options, expected):
    done = study.run("serve", *options)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(expected)


def test_reader_study_at_an_address_that_is_not_there_says_so(study):
    study.invite()
    assert "choose another" in refused(study.run("serve", "--host", "no.such.name.invalid", "--url", "http://x"))


def test_reader_study_on_a_port_in_use_says_so(study):
    study.invite()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "choose another" in refused(study.run("serve", "--port", str(taken.getsockname()[1])))


def test_reader_without_code_is_named_when_the_study_is_served(study):
    study.invite()
    with sqlite3.connect(study.database) as connection:
        connection.execute("DELETE FROM codes WHERE reader = 'reader-2'")
    study.start()
    assert "No code yet for reader-2: run the command invite." in study.log.read_text()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://[::1]:8000", None),
        ("https://münchen.example", None),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("http://*", None),
        ("https://a b.example", None),
        ("https://.example.org", None),
        ("https://Study.Example.org/", "https://study.example.org"),
        ("https://study.example.org:443", "https://study.example.org"),
        ("http://study.example.org:80", "http://study.example.org"),
        ("http://study.example.org:8080", "http://study.example.org:8080"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://study.example.org:99999", None),
        ("//study.example.org", None),
        ("https://", None),
    ],
)
def test_reader_study_address_is_what_browsers_send_as_origin(url, expected):
    assert origin(url) == expected


def test_reader_study_does_not_load_what_only_training_needs():
    """It starts in about a second."""
    code = "import sys, serve_reader_study as _; print({'torch', 'sklearn', 'SimpleITK'} & sys.modules.keys())"
    scripts = os.path.join(os.path.dirname(__file__), "../../scripts")
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": scripts}, capture_output=True)
    assert done.stdout.decode().strip() == "set()", done.stderr
