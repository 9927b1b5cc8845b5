"""The pages and requests of the reader study."""

import logging
from dataclasses import asdict, dataclass

from flask import Flask, Response, abort, g, jsonify, make_response, redirect, render_template, request

from synthaug.readers.app import codes
from synthaug.readers.app.answers import Answer, Answers, ConflictError, Place
from synthaug.readers.app.database import Database
from synthaug.readers.app.entrance import IDLE, Entrance
from synthaug.readers.app.pack import PARTS, TRAINING, Pack
from synthaug.readers.app.protection import LONGEST_LOOK, body, fields, protect
from synthaug.terms.readers import CONFIDENCE, ORIGINS
from synthaug.terms.totals import ALL

log = logging.getLogger("synthaug.readers.app")

CODE = fields(code={"type": "string", "maxLength": 100})
PRESENTATION = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
SECONDS = {"type": "number", "minimum": 0, "maximum": LONGEST_LOOK}
LOOK = fields(part={"enum": PARTS}, presentation=PRESENTATION, seconds=SECONDS)
UNDO = fields(presentation=PRESENTATION)


@dataclass(frozen=True)
class Cookie:
    """What a browser keeps of its session."""

    name: str
    secure: bool  # sent over https alone

    def remember(self, response: Response, token: str) -> Response:
        """Let the browser keep the session for as long as the server does: `IDLE` from now."""
        response.set_cookie(self.name, token, max_age=IDLE, secure=self.secure, httponly=True, samesite="Strict")
        return response

    def forget(self, response: Response) -> Response:
        """Let the browser forget the session."""
        response.delete_cookie(self.name, secure=self.secure, httponly=True, samesite="Strict")
        return response


def create_app(pack: Pack, database: Database, origins: tuple[str, ...]) -> Flask:
    """Return the application that serves ``pack`` at ``origins`` and keeps the answers in ``database``.

    ``origins`` are what browsers send as Origin, scheme and host; the first one is what readers
    type.
    """
    app = Flask(__name__)
    app.json.sort_keys = False
    protect(app, origins)
    secure = origins[0].startswith("https:")
    # Named after the pack, because a browser sends one machine's cookies to all of its ports.
    cookie = Cookie(f"{'__Host-' if secure else ''}reader-{pack.digest[:8]}", secure)
    entrance = Entrance(database, pack)
    _know_readers(app, entrance, cookie)
    _admit_readers(app, pack, entrance, cookie)
    _take_answers(app, pack, Answers(database, pack), cookie)
    return app


def _know_readers(app: Flask, entrance: Entrance, cookie: Cookie) -> None:
    """Find the session of each request: ``g.token`` and ``g.reader``, who is None without one."""

    @app.before_request
    def who() -> None:
        """Set the session; everything under /study/ needs one, and the token of a page that it opened."""
        if request.endpoint == "static":
            return
        g.token = request.cookies.get(cookie.name, "")
        g.reader = entrance.reader(g.token) if g.token else None
        if request.path.startswith("/study/"):
            if g.reader is None:
                abort(401, "No session, or it has ended: enter with your code.")
            if not codes.same(request.headers.get("X-Page", ""), codes.page_token(g.token)):
                abort(403, "This page belongs to another session: reload it.")


def _admit_readers(app: Flask, pack: Pack, entrance: Entrance, cookie: Cookie) -> None:
    """Serve the two pages, and the requests that begin and end a session."""
    limiter = codes.Limiter()

    @app.get("/")
    def entry() -> str:
        return render_template("entry.html", pack=pack, reader=g.reader)

    @app.post("/enter")
    def enter() -> Response:
        code = body(CODE)["code"]
        if wait := limiter.take(request.remote_addr):
            log.warning("too many wrong codes; the last from %s", request.remote_addr)
            response = jsonify(error=f"Too many wrong codes: wait {-(-wait // 60)} minutes.")
            response.status_code, response.headers["Retry-After"] = 429, str(wait)
            return response
        entered = entrance.enter(code)
        if entered is None:
            log.warning("a wrong code from %s", request.remote_addr)
            abort(401, "This code is not known. Check it, or ask the owner of the study.")
        limiter.forgive(request.remote_addr)
        reader, token = entered
        log.info("%s enters from %s", reader, request.remote_addr)
        return cookie.remember(make_response("", 204), token)

    @app.get("/study")
    def study() -> str | Response:
        if g.reader is None:
            return redirect("/", 303)
        return render_template("study.html", pack=pack, reader=g.reader, page=codes.page_token(g.token))

    @app.post("/study/leave")
    def leave() -> Response:
        entrance.leave(g.token)
        return cookie.forget(make_response("", 204))


def _take_answers(app: Flask, pack: Pack, answers: Answers, cookie: Cookie) -> None:
    """Serve the requests of the study's page: where the reader stands, the image, and what becomes of the answer."""
    answer_fields = _answer_fields(pack.classes or (ALL,))

    @app.get("/study/place")
    def place() -> Response:
        return cookie.remember(jsonify(_described(pack, answers.place(g.reader))), g.token)

    @app.get(f"/study/pixels/<any({', '.join(PARTS)}):part>/<presentation>")
    def pixels(part: str, presentation: str) -> Response:
        # By position, never by name, and of one size: the response says nothing that the pixels do not.
        here = answers.place(g.reader)
        if here.presentation is None or (part, presentation) != (here.part, str(here.presentation)):
            abort(409, "Not the image to answer now.")
        image = pack.images(g.reader, part)[here.presentation - 1]
        return Response(pack.pixels[image], mimetype="application/octet-stream")

    @app.post("/study/answer")
    def answer() -> Response:
        sent = body(answer_fields)
        given = Answer(sent["class"], sent["origin"], int(sent["confidence"]), float(sent["seconds"]))
        part, presentation = sent["part"], int(sent["presentation"])
        reply = _described(pack, answers.give(g.reader, part, presentation, given))
        if part == TRAINING:
            truth = pack.truths[presentation - 1]
            reply["truth"] = {"class": truth.cls, "origin": truth.origin}
        log.info("%s answered %s %d", g.reader, part, presentation)
        return cookie.remember(jsonify(reply), g.token)

    @app.post("/study/undo")
    def undo() -> Response:
        presentation = int(body(UNDO)["presentation"])
        here, undone = answers.undo(g.reader, presentation)
        log.info("%s undid study %d", g.reader, presentation)
        taken_back = dict(zip(("class", "origin", "confidence"), undone, strict=True))
        return jsonify({**_described(pack, here), "undone": taken_back})

    @app.post("/study/look")
    def look() -> Response:
        sent = body(LOOK)
        answers.look(g.reader, sent["part"], int(sent["presentation"]), float(sent["seconds"]))
        return make_response("", 204)

    @app.errorhandler(ConflictError)
    def conflict(error: ConflictError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 409


def _answer_fields(classes: tuple[str, ...]) -> dict:
    """Return the schema of an answer."""
    return fields(
        part={"enum": PARTS},
        presentation=PRESENTATION,
        **{"class": {"enum": classes}},
        origin={"enum": ORIGINS},
        confidence={"type": "integer", "minimum": CONFIDENCE[0], "maximum": CONFIDENCE[1]},
        seconds=SECONDS,
    )


def _described(pack: Pack, here: Place) -> dict:
    """Return what a page may know of the place: nothing that names the image."""
    width = None
    if pack.widths and here.presentation:
        width = pack.widths[pack.images(g.reader, here.part)[here.presentation - 1]]
    return {**asdict(here), "width_mm": width}
