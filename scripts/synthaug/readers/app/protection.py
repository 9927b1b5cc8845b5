"""What every request must satisfy, and what every response carries."""

import json
import logging
from urllib.parse import urlsplit

import jsonschema
from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException, SecurityError

LARGEST_BODY = 4096  # bytes
LONGEST_LOOK = 24 * 60 * 60  # seconds
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
log = logging.getLogger("synthaug.readers.app")


def protect(app: Flask, origins: tuple[str, ...]) -> None:
    """Accept only the hosts of ``origins``, and changes only from their pages; harden and explain all responses.

    ``origins`` are what browsers send as Origin, such as ``https://study.example.org``.
    """
    app.config.update(
        DEBUG=False,  # whatever FLASK_DEBUG says
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        # Against DNS rebinding: another name that resolves to this machine is refused.
        TRUSTED_HOSTS=[urlsplit(origin).hostname for origin in origins],
    )
    app.url_map.merge_slashes = False  # else //x is sent on to /x

    @app.before_request
    def own_pages_only() -> None:
        if request.method == "POST" and request.headers.get("Origin") not in origins:
            abort(403, "This request did not come from a page of the study.")

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        if origins[0].startswith("https:"):
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Response:
        failed = error.code is None or error.code >= 500
        text = "The server failed; the owner of the study finds the reason in its log." if failed else error.description
        if isinstance(error, SecurityError):
            text = "This host is none of the study's."  # the error's own words repeat what the request said
        log.info("%s from %s to %s", error.code, request.remote_addr, request.endpoint)
        response = jsonify(error=text)
        response.status_code = error.code or 500
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response


def body(schema: dict) -> dict:
    """Return the JSON object of the request; answer 400 and name the field if ``schema`` does not allow it."""
    if not request.is_json:
        abort(415, "Expected Content-Type: application/json.")
    try:
        value = json.loads(request.get_data(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        abort(400, "Expected JSON.")
    error = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(value)), None)
    if error:
        field = ".".join(map(str, error.absolute_path)) or "object"
        # What was found is not repeated: a response never carries what a stranger wrote.
        abort(400, f"{field}: expected {error.validator} {json.dumps(error.validator_value)}.")
    return value


def fields(**properties: dict) -> dict:
    """Return the JSON schema of an object with exactly these fields, each with its own schema."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")
