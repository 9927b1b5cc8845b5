"""The study's server as a process of its own, as an owner starts it, and a client that speaks HTTP to it."""

import contextlib
import http.client
import json
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import forked

SCRIPT = Path(__file__).parents[2] / "scripts/serve_reader_study.py"
PATIENCE = 120  # seconds; a busy machine is slow to start Python


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Study:
    """A pack, its database, and the process that serves them."""

    folder: Path  # holds pack/ and study.sqlite
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None
    facts: dict = field(default_factory=dict)  # study.json
    links: dict[str, str] = field(default_factory=dict)  # by reader

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "study.sqlite"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def command(self, action: str, *more: str) -> list[str]:
        command = [sys.executable, str(SCRIPT), action, "--pack", str(self.folder / "pack")]
        return [*command, "--database", str(self.database), *more]

    def run(self, action: str, *more: str) -> subprocess.CompletedProcess:
        return forked.run(self.command(action, *more), timeout=PATIENCE)

    def invite(self, *more: str) -> dict[str, str]:
        """Return the links of the readers who got one."""
        done = self.run("invite", "--port", str(self.port), *more)
        assert done.returncode == 0, done.stderr
        return dict(re.findall(r"^ +(\S+) +(http://\S+)$", done.stdout, re.MULTILINE))

    def start(self, *more: str) -> None:
        with self.log.open("a") as log:
            command = self.command("serve", "--port", str(self.port), *more)
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """End the server as a power cut would: SIGKILL."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def client(self) -> "Client":
        return Client(self.port)


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


class Client:
    """Says exactly what it is told to say; by default what the study's own page would."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.headers = {"Origin": f"http://127.0.0.1:{port}"}

    def enter(self, code: str) -> Reply:
        """Enter with a code; on success keep the session and the token of its page."""
        reply = self.post("/enter", {"code": code})
        if reply.status == 204:
            self.headers["Cookie"] = reply.headers["Set-Cookie"].split(";")[0]
            self.headers["X-Page"] = re.search(rb'data-page="(\w+)"', self.get("/study").body)[1].decode()
        return reply

    def get(self, path: str, **headers: str | None) -> Reply:
        return self.send("GET", path, **headers)

    def post(self, path: str, value: object, **headers: str | None) -> Reply:
        return self.send("POST", path, json.dumps(value).encode(), **{"Content-Type": "application/json", **headers})

    def answer(self, presentation: int, *, part: str = "study", **changes: object) -> Reply:
        value = {"part": part, "presentation": presentation, "class": "cyst", "origin": "real", "confidence": 3}
        return self.post("/study/answer", {**value, "seconds": 1.5, **changes})

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str | None) -> Reply:
        """Send a request; a header of None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        merged = {**self.headers, **headers}
        try:
            connection.putrequest(method, path, skip_host="Host" in merged, skip_accept_encoding=True)
            if body is not None:
                merged.setdefault("Content-Length", str(len(body)))
            for name, value in merged.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders()
            if body is not None:
                with contextlib.suppress(OSError):  # the server may hang up on a body that it does not want
                    connection.send(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()
