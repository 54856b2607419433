"""Static files: the browser client, the API documents, this phase's lesson."""

from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from chassis import services

OWN_FILES_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Besides, text becomes markup through DOMPurify or not at all.
CLIENT_POLICY = f"{OWN_FILES_ONLY}; require-trusted-types-for 'script'; trusted-types dompurify"
# The vendored renderers of the API documents write style attributes.
DOCS_POLICY = OWN_FILES_ONLY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

CLIENT_FILES = {".html", ".js", ".css", ".svg", ".png", ".webmanifest", ".woff2"}

site = Blueprint("site", __name__)


@dataclass(frozen=True)
class Directories:
    """Where the files are."""

    web: Path
    contract: Path
    phase: Path


def _send(directory: Path, name: str, policy: str | None = None) -> Response:
    """Send a file. Pages need a policy of their own; what they load keeps the strictest one."""
    response = send_from_directory(directory.resolve(), name)
    # Kept by the browser, and asked after by ETag each time: a new version shows at once.
    response.headers["Cache-Control"] = "no-cache"
    if policy:
        response.headers["Content-Security-Policy"] = policy
    return response


@site.get("/")
def index() -> Response:
    """Send the browser client's page."""
    return _send(services.get(Directories).web, "index.html", CLIENT_POLICY)


@site.get("/web/<path:name>")
def client_file(name: str) -> Response:
    """Send a file of the browser client; its tests and notes stay at home."""
    if Path(name).suffix not in CLIENT_FILES or "tests" in Path(name).parts:
        raise NotFound
    return _send(services.get(Directories).web, name)


@site.get("/api/docs")
def docs_without_slash() -> BaseResponse:
    """Send people to where the page's relative links work."""
    return redirect("/api/docs/")


@site.get("/api/docs/")
def docs() -> Response:
    """Send the page that renders the API documents."""
    return _send(services.get(Directories).contract / "docs", "index.html", DOCS_POLICY)


@site.get("/api/docs/<path:name>")
def docs_file(name: str) -> Response:
    """Send a file of that page, or the page of problem types."""
    name = "problems.html" if name == "problems" else name
    return _send(services.get(Directories).contract / "docs", name, DOCS_POLICY)


@site.get("/api/<any('openapi.yaml', 'asyncapi.yaml'):name>")
def document(name: str) -> Response:
    """Send one of the API documents."""
    response = _send(services.get(Directories).contract, name)
    response.mimetype = "application/yaml"  # RFC 9512; Python's table does not know it yet
    return response


@site.get("/lesson")
def lesson() -> Response:
    """Send the page that renders the lesson."""
    return _send(services.get(Directories).web, "lesson.html", CLIENT_POLICY)


@site.get("/lesson.md")
def lesson_text() -> Response:
    """Send the lesson of this phase."""
    return _send(services.get(Directories).phase, "README.md")


@site.get("/architecture.svg")
def picture() -> Response:
    """Send the picture of this phase's architecture."""
    return _send(services.get(Directories).phase, "architecture.svg", PICTURE_POLICY)
