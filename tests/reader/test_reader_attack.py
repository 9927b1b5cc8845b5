"""Attacks over real HTTP on a running server: nothing is read, nothing is changed, and the status code says why."""

import itertools
import json
import re
import socket
import sqlite3
import time

import pytest

from synthaug.readers.app import codes
from tests.reader.packs import write_pack
from tests.reader.server import Study

JSON = {"Content-Type": "application/json"}
SQL = ["' OR '1'='1", "'; DROP TABLE answers; --", '" UNION SELECT hash FROM codes --', "reader-2'--"]
HTML = ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "javascript:alert(1)"]
ODD = ["", " ", "\0", "\ud800", "é" * 50, "../../etc/passwd", "%00", "a" * 3000]


class Scene:
    """A running study: reader-1 is in the midst of it, reader-2 has begun, and someone outside has nothing."""

    def __init__(self, folder):
        self.facts = write_pack(folder / "pack")
        (folder / "key.csv").write_text("the key\n")
        self.study = Study(folder)
        self.links = self.study.invite()
        self.study.start("--proxy", "127.0.0.1")
        self.addresses = itertools.count(1)
        self.outside = self.study.client()
        self.one, self.two = self.enter("reader-1"), self.enter("reader-2")
        for part, presentation in (("training", 1), ("training", 2), ("study", 1)):
            assert self.one.answer(presentation, part=part).status == 200
        assert self.two.answer(1, part="training").status == 200

    def code(self, reader):
        return self.links[reader].split("#")[1]

    def enter(self, reader):
        client = self.study.client()
        self.entered = client.enter(self.code(reader))
        assert self.entered.status == 204
        return client

    def stored(self):
        """Return everything that the database holds, apart from when sessions were last in use."""
        with sqlite3.connect(self.study.database) as connection:
            tables = ["study", "codes", "answers", "looks"]
            rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
            rows["sessions"] = connection.execute("SELECT hash, reader FROM sessions").fetchall()
        return rows

    def secrets(self):
        """Return what no stranger's reply may hold: image ids, hashes, codes, and the inside of the server."""
        known = [*self.facts["images"], *(self.code(reader) for reader in self.links)]
        with sqlite3.connect(self.study.database) as connection:
            known += [row[0] for row in connection.execute("SELECT hash FROM codes UNION SELECT hash FROM sessions")]
        return [*known, "Traceback", "site-packages", "sqlite", "root:", "the key", str(self.study.folder)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("attacked"))
    yield scene
    scene.study.kill()


@pytest.fixture
def attack(scene):
    """Return a function that sends a request and expects a refusal; afterwards all must be as before."""
    before, secrets, sent = scene.stored(), scene.secrets(), []

    def refused(reply, *statuses):
        sent.append(reply)
        assert reply.status in statuses, (reply.status, reply.body)
        text = reply.body.decode("utf-8", "replace") + str(reply.headers)
        assert not [secret for secret in secrets if secret in text]
        if reply.headers["Content-Security-Policy"]:  # by the application, not by the server's parser of requests
            assert reply.headers["Content-Type"] == "application/json"
            assert set(reply.json) == {"error"}
        return reply

    yield refused
    assert sent
    assert scene.stored() == before
    assert scene.study.process.poll() is None
    assert scene.one.get("/study/place").json["presentation"] == 2


def test_reader_code_guesses_end_in_429_even_for_the_right_code(tmp_path):
    write_pack(tmp_path / "pack")
    study = Study(tmp_path)
    code = study.invite()["reader-1"].split("#")[1]
    study.start()
    try:
        client = study.client()
        guesses = [client.post("/enter", {"code": codes.new_code()}) for _ in range(codes.BY_ADDRESS + 5)]
        assert [guess.status for guess in guesses] == [401] * codes.BY_ADDRESS + [429] * 5
        assert 0 < int(guesses[-1].headers["Retry-After"]) <= codes.WINDOW + 1
        # Else guessing could go on, and no header that a stranger sends makes another address of him.
        for forged in ({}, {"X-Forwarded-For": "10.0.0.1"}, {"Forwarded": "for=10.0.0.1"}, {"X-Real-IP": "10.0.0.1"}):
            reply = client.post("/enter", {"code": code}, **forged)
            assert reply.status == 429
            assert reply.headers["Set-Cookie"] is None
        log = study.log.read_text()
        assert "a wrong code from 127.0.0.1" in log
        assert code not in log
        with sqlite3.connect(study.database) as connection:
            assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    finally:
        study.kill()


PATHS = ["/study/place", "/study/pixels/study/1", "/study/pixels/training/1"]
CHANGES = {
    "/study/answer": {
        "part": "study", "presentation": 2, "class": "cyst", "origin": "real", "confidence": 3, "seconds": 1.0
    },
    "/study/undo": {"presentation": 1},
    "/study/look": {"part": "study", "presentation": 2, "seconds": 9.0},
    "/study/leave": {},
}  # fmt: skip


def test_stranger_to_the_reader_study_reads_and_changes_nothing(scene, attack):
    for path in PATHS:
        attack(scene.outside.get(path), 401)
    for path, value in CHANGES.items():
        attack(scene.outside.post(path, value), 401)
    assert scene.outside.get("/study").status == 303
    page = scene.outside.get("/").body.decode()
    assert not [word for word in [*scene.secrets(), "reader-1", "reader-2"] if word in page]


FORGED = [
    "",
    "x",
    "a" * 43,
    "../../x",
    "reader-1",
    "' OR 1=1 --",
    '{"reader":"reader-1"}',
    "eyJyZWFkZXIiOiJyZWFkZXItMSJ9.Z.x",
]


@pytest.mark.parametrize("token", FORGED)
def test_forged_cookie_makes_no_reader(scene, attack, token):
    stolen_page = scene.one.headers["X-Page"]
    for name in ("reader", "__Host-reader", "session"):
        client = scene.study.client()
        client.headers |= {"Cookie": f"{name}={token}", "X-Page": stolen_page}
        for path in PATHS:
            attack(client.get(path), 401)
        for path, value in CHANGES.items():
            attack(client.post(path, value), 401)


def test_hash_in_the_reader_database_opens_no_session(scene, attack):
    """Who reads a backup of the database can enter with nothing in it."""
    hashes = [row[0] for table in ("codes", "sessions") for row in scene.stored()[table]]
    hashes += [row[1] for row in scene.stored()["codes"]]
    name = scene.entered.headers["Set-Cookie"].split("=")[0]
    for value in hashes:
        client = scene.study.client()
        client.headers |= {"Cookie": f"{name}={value}", "X-Page": codes.page_token(value)}
        attack(client.get("/study/place"), 401)


def test_reader_session_does_not_work_from_another_site_or_page(scene, attack):
    for path, value in CHANGES.items():
        for origin in (
            None,
            "null",
            "http://evil.example",
            f"{scene.study.url}.evil.example",
            "http://127.0.0.1:1",
            "",
        ):
            attack(scene.one.post(path, value, Origin=origin), 403)
        for token in (None, "", "x", scene.two.headers["X-Page"]):
            attack(scene.one.post(path, value, **{"X-Page": token}), 403)
    for path in PATHS:
        for token in (None, "", "x", scene.two.headers["X-Page"]):
            attack(scene.one.get(path, **{"X-Page": token}), 403)
    attack(scene.outside.post("/enter", {"code": scene.code("reader-1")}, Origin="http://evil.example"), 403)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_reader_form_of_another_site_is_no_answer(scene, attack, kind):
    for path, value in CHANGES.items():
        if path != "/study/leave":
            attack(scene.one.post(path, value, **{"Content-Type": kind}), 415)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "127.0.0.1:1:2", "a b"])
def test_reader_study_answers_to_its_own_name_only(scene, attack, host):
    """DNS rebinding: another name that leads to this machine."""
    for path in ("/", "/study", *PATHS, "/static/study.js"):
        attack(scene.one.get(path, Host=host), 400)


def test_reader_gets_no_image_but_the_one_to_answer(scene, attack):
    for part, presentation in [("study", 1), ("study", 3), ("study", 5), ("training", 1), ("training", 2)]:
        attack(scene.one.get(f"/study/pixels/{part}/{presentation}"), 409)
    for presentation in [
        "0",
        "-1",
        "02",
        "2.0",
        "2e0",
        "None",
        "null",
        "99999999999999999999",
        "1" * 5000,
        "2%00",
        "%202",
    ]:
        attack(scene.one.get(f"/study/pixels/study/{presentation}"), 409)
    for image in scene.facts["images"]:
        attack(scene.one.get(f"/study/pixels/study/{image}"), 409)
        for path in (
            f"/study/pixels/{image}",
            f"/images/{image}.png",
            f"/static/{image}.png",
            f"/pack/images/{image}.png",
        ):
            attack(scene.one.get(path), 404)


def test_reader_learns_nothing_of_another_reader(scene, attack):
    for path in [
        "/study/reader-2/place",
        "/study/place/reader-2",
        "/study/pixels/reader-2/1",
        "/study/pixels/reader-2/study/1",
    ]:
        attack(scene.one.get(path), 404)
    for extra in ({"reader": "reader-2"}, {"image": next(iter(scene.facts["images"]))}, {"undone_at": None}):
        attack(scene.one.post("/study/answer", {**CHANGES["/study/answer"], **extra}), 400)
    # A name in the query or in a header is not listened to: the place stays the session's own.
    assert scene.one.get("/study/place?reader=reader-2", **{"X-Reader": "reader-2"}).json["presentation"] == 2
    assert scene.two.get("/study/place").json["part"] == "training"
    # The truth of a practice image that reader-2 has not answered yet stays unknown.
    attack(scene.two.post("/study/look", {"part": "study", "presentation": 1, "seconds": 1}), 409)
    attack(scene.two.answer(1), 409)
    attack(scene.two.answer(1, part="training", origin="synthetic"), 409)
    attack(scene.two.post("/study/undo", {"presentation": 1}), 409)


TRAVERSALS = [
    "/static/../pack.py", "/static/../../../../study.sqlite", "/static/%2e%2e/pack.py", "/static/..%2fpack.py",
    "/static/..%5cpack.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/....//pack.py", "/static/.",
    "/static/", "/study.json", "/pack/study.json", "/key.csv", "/../key.csv", "/%2e%2e/key.csv", "/study.sqlite",
    "/study/pixels/../../key.csv", "/study/pixels/training/../1", "/study/pixels/%2e%2e/1", "/templates/study.html",
    "/export", "/study/export", "/study/answers", "/answers.csv", "/status", "/admin", "/console", "/.git/config",
    "/static/study.js%00.png", "/study/pixels/study\\2",
]  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
def test_reader_study_serves_no_other_file(scene, attack, path):
    for client in (scene.one, scene.outside):
        reply = client.get(path)
        attack(reply, *((401, 404, 409) if path.startswith("/study/") else (404,)))


def test_reader_study_refuses_other_methods(scene, attack):
    for path in ("/study/answer", "/study/undo", "/study/look", "/study/leave", "/enter"):
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            reply = attack(scene.one.send(method, path), 405)
            assert "POST" in reply.headers["Allow"]
    for path in (*PATHS, "/study", "/"):
        for method in ("PUT", "DELETE", "PATCH"):
            attack(scene.one.send(method, path), 405)
    attack(scene.one.send("TRACE", "/study"), 405)
    attack(scene.one.send("BREW", "/study"), 405)


def wrong(**changes):
    return {**CHANGES["/study/answer"], **changes}


TEXTS = SQL + HTML + ODD
NUMBERS = [0, -1, 6, 3.5, 10**30, True, None, "3", [3], {"a": 3}, *TEXTS[:3]]


@pytest.mark.parametrize("field", list(CHANGES["/study/answer"]))
@pytest.mark.parametrize("value", [*TEXTS, None, True, -3, 10**30, [], {}, ["cyst"], {"$ne": 1}], ids=repr)
def test_reader_answer_with_a_wrong_value_in_any_field(scene, attack, field, value):
    reply = attack(scene.one.post("/study/answer", wrong(**{field: value})), 400)
    if isinstance(value, str) and len(value) > 4:
        assert value not in reply.json["error"]


@pytest.mark.parametrize("value", [*TEXTS, None, True, 7, [], {}, "a" * 101], ids=repr)
def test_reader_entry_with_anything_but_a_code(scene, attack, value):
    """Each from an address of its own, so that none is refused for the ones before it."""
    address = f"10.0.1.{next(scene.addresses)}"
    reply = scene.study.client().post("/enter", {"code": value}, **{"X-Forwarded-For": address})
    attack(reply, 401 if isinstance(value, str) and len(value) <= 100 else 400)
    assert reply.headers["Set-Cookie"] is None


@pytest.mark.parametrize("confidence", NUMBERS, ids=repr)
def test_reader_confidence_is_one_of_five_whole_numbers(scene, attack, confidence):
    attack(scene.one.post("/study/answer", wrong(confidence=confidence)), 400)


RAW = [
    b"", b"{", b"nothing", b"[]", b"null", b'"text"', b"1", b"\xff\xfe", b"[" * 4000, b'{"a":' * 700, b"9" * 4000,
    json.dumps(wrong()).replace("1.0", "NaN").encode(), json.dumps(wrong()).replace("1.0", "Infinity").encode(),
    json.dumps(wrong()).replace("1.0", "-Infinity").encode(), json.dumps(wrong()).replace("1.0", "1e999").encode(),
    json.dumps(wrong()).replace("1.0", "-0.1").encode(), json.dumps(wrong()).replace("1.0", "86401").encode(),
    json.dumps(wrong()).replace('"confidence": 3, ', "").encode(), json.dumps(wrong()).encode()[:-1],
    b"--x\r\nContent-Disposition: form-data\r\n",
]  # fmt: skip


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_reader_answer_that_is_no_answer(scene, attack, raw):
    for path in ("/study/answer", "/study/undo", "/study/look"):
        attack(scene.one.send("POST", path, raw, **JSON), 400)


@pytest.mark.parametrize("size", [4097, 100_000, 3_000_000])
def test_reader_study_refuses_oversized_bodies(scene, attack, size):
    body = json.dumps(wrong(extra="a" * size)).encode()
    for client, path in ((scene.one, "/study/answer"), (scene.outside, "/enter"), (scene.outside, "/nothing")):
        attack(client.send("POST", path, body, **JSON), 413)


def test_reader_study_refuses_an_announced_giant_and_a_giant_in_pieces(scene, attack):
    attack(scene.one.send("POST", "/study/answer", b"", **JSON, **{"Content-Length": str(10**12)}), 413)
    piece = b"fff\r\n" + b"a" * 0xFFF + b"\r\n"
    attack(scene.one.send("POST", "/study/answer", piece * 50 + b"0\r\n\r\n", **JSON, **{
        "Content-Length": None, "Transfer-Encoding": "chunked"}), 413)  # fmt: skip
    for length in ("-1", "x", "1, 2", "1e3"):
        attack(scene.one.send("POST", "/study/answer", b"{}", **JSON, **{"Content-Length": length}), 400)


def test_reader_study_refuses_oversized_headers_and_addresses(scene, attack):
    attack(scene.one.get("/", **{"X-Long": "a" * 20_000}), 431)
    attack(scene.one.get("/" + "a" * 20_000), 431)
    attack(scene.one.get("/", Cookie="reader=" + "a" * 20_000), 431)


@pytest.mark.parametrize(
    "raw", [b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"]
)
def test_reader_study_lives_through_what_is_no_http(scene, attack, raw):
    with socket.create_connection(("127.0.0.1", scene.study.port), timeout=60) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        reply = connection.makefile("rb").read()
    assert reply == b"" or reply.split()[1] in (b"400", b"505"), reply
    assert b"Traceback" not in reply
    attack(scene.outside.get("/study/place"), 401)


def test_reader_study_sends_strict_headers_with_whatever_the_application_answers(scene):
    """What the server refuses before, such as an oversized body, has none: it is one line of plain text."""
    for reply in [
        scene.outside.get("/"),
        scene.one.get("/study"),
        *map(scene.one.get, ["/study/place", "/static/study.js", "/x"]),
    ]:
        policy = reply.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Server"] is None
        assert reply.headers["Access-Control-Allow-Origin"] is None
    for page in (scene.outside.get("/"), scene.one.get("/study")):
        assert b"<style" not in page.body
        assert b"<script>" not in page.body
        assert b" style=" not in page.body
        assert not re.search(rb"\son\w+\s*=", page.body)


def test_reader_session_cookie_is_out_of_reach_of_scripts_and_other_sites(scene):
    cookie = scene.entered.headers["Set-Cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=Strict" in cookie
    assert "; Path=/" in cookie
    assert "Domain" not in cookie


def test_reader_images_differ_in_their_pixels_only(scene):
    """Headers and sizes are the same, whatever is shown; the time and the pixels are not."""
    client = scene.two
    here = client.get("/study/place").json
    while here["part"] == "training":
        here = client.answer(here["presentation"], part="training").json
    headers, bodies = [], []
    for presentation in range(1, here["total"] + 1):
        reply = client.get(f"/study/pixels/study/{presentation}")
        headers.append(sorted((name, value) for name, value in reply.headers.items() if name != "Date"))
        bodies.append(reply.body)
        assert client.answer(presentation).status == 200
    assert all(header == headers[0] for header in headers)
    assert {len(body) for body in bodies} == {64 * 64}
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & {name for name, _ in headers[0]}
    assert len(set(bodies)) == 4  # one of the five is a repeat


def test_reader_study_log_holds_no_code_and_no_token(scene):
    log = scene.study.log.read_text()
    assert "reader-1 answered study 1" in log
    assert not [reader for reader in scene.links if scene.code(reader) in log]
    assert scene.one.headers["Cookie"].split("=")[1] not in log
    assert scene.one.headers["X-Page"] not in log
    assert "Traceback" not in log


def test_readers_are_served_while_a_hundred_slow_connections_are_open(scene):
    waiting = []
    try:
        for _ in range(120):
            connection = socket.create_connection(("127.0.0.1", scene.study.port))
            connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
            waiting.append(connection)
        start = time.monotonic()
        assert scene.one.get("/study/place").status == 200
        assert time.monotonic() - start < 5
    finally:
        for connection in waiting:
            connection.close()


def test_foreign_host_is_refused_without_being_repeated(scene, attack):
    reply = scene.one.get("/", Host="evil.example")
    attack(reply, 400)
    assert b"evil" not in reply.body
