"""Each operation leaves the trace that it should: every service, queues included."""

import http.client
import json
import runpy
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drill.client import PASSWORD, Person
from drill.definition import Drill
from drill.stage import Stage

from lab.errors import LabError

# A file beside: a drill imports nothing of its phase, of which several may be loaded.
_TREES = runpy.run_path(str(Path(__file__).with_name("trees.py")))
TREES, missing = _TREES["TREES"], _TREES["missing"]
STARTS = 180.0
"""Seconds until the backend is there: nobody waits for it, and so `lab up` does not."""
WITHIN = 15.0
"""Seconds until the last consumer's spans are at the backend."""
SECRET = "the-text-of-a-message"  # noqa: S105 - no password
"""What is written here must be in no span."""


class Backend:
    """The Zipkin of the phase."""

    def __init__(self, stage: Stage) -> None:
        status = stage.engine.status(stage.instance)
        found = status.services.get("zipkin") if status else None
        if found is None or not found.address:
            raise LabError("this phase has no zipkin")
        self._address = urlsplit(f"http://{found.address.split(', ')[0]}")

    def is_there(self) -> bool:
        """Return whether it takes spans."""
        try:
            return self._get("/health")[0] == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """Return its spans; none if it has none."""
        status, body = self._get(f"/api/v2/trace/{trace_id}")
        spans: list[dict[str, Any]] = json.loads(body) if status == HTTPStatus.OK else []
        return spans

    def _get(self, path: str) -> tuple[int, bytes]:
        host, port = self._address.hostname or "", self._address.port
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def chosen_id() -> str:
    """Return an id for a request that is sampled at any rate: its last digits say so."""
    return f"{str(uuid.uuid4())[:-8]}{0:08x}"


def run(stage: Stage) -> None:
    """Do each operation once, under an id of ours, and look at what it has left."""
    backend = Backend(stage)
    _until_there(stage, backend)
    ann, ben = stage.people(2)
    group = ann.group([ben])
    ann.send(group, "before", SECRET)
    stage.wait(2)
    made = {name: _do(act) for name, act in _acts(ann, ben, group, stage.url).items()}
    lacking, spans = _await(stage, backend, made)
    for name, steps in lacking.items():
        for one in steps:
            stage.timeline.mark(f"{name}: there is no {one}")
        stage.claim(f"{name}: every span is there, below its parent", holds=not steps, of=1)
    stage.observe("operations looked at", len(made), len(TREES))
    stage.number("spans of all of them", len(spans), "")
    written = json.dumps(spans)
    quoted = [one for one in (SECRET, PASSWORD, ann.name, ann.token) if one in written]
    stage.claim("no span quotes anybody, or has what lets in", holds=not quoted, of=len(spans))


def _until_there(stage: Stage, backend: Backend) -> None:
    """Wait: what is sent before is lost."""
    end = stage.timeline.now() + STARTS
    while not backend.is_there():
        if stage.timeline.now() > end:
            raise LabError(f"zipkin does not answer within {STARTS:.0f} s")
        stage.wait(0.5)


def _do(act: Callable[[dict[str, str]], object]) -> str:
    request_id = chosen_id()
    act({"X-Request-ID": request_id})
    return request_id.replace("-", "")


def _acts(
    ann: Person, ben: Person, group: str, url: str
) -> dict[str, Callable[[dict[str, str]], object]]:
    messages = f"/conversations/{group}/messages"
    sent = {"client_id": uuid.uuid4().hex, "body": SECRET}
    new = {"kind": "group", "name": "G", "member_ids": [ben.id]}
    name = f"drill-{uuid.uuid4().hex[:10]}"
    comer = {"username": name, "password": PASSWORD, "display_name": "Drill"}
    return {
        "register": lambda named: Person(url, name).call("POST", "/auth/register", comer, named),
        "create a group": lambda named: ann.call("POST", "/conversations", new, named),
        "send": lambda named: ann.call("POST", messages, sent, named),
        "read the history": lambda named: ben.call("GET", messages, None, named),
        "list": lambda named: ben.call("GET", "/conversations", None, named),
        "edit the profile": lambda named: ann.call("PATCH", "/profiles/me", {"bio": SECRET}, named),
    }


def _await(
    stage: Stage, backend: Backend, made: dict[str, str]
) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """Return what each operation's trace lacks in the end, and all spans."""
    end = stage.timeline.now() + WITHIN
    while True:
        found = {name: backend.trace(trace_id) for name, trace_id in made.items()}
        lacking = {name: missing(TREES[name], spans) for name, spans in found.items()}
        if not any(lacking.values()) or stage.timeline.now() > end:
            return lacking, [span for spans in found.values() for span in spans]
        stage.wait(0.5)


DRILL = Drill(
    name="span-trees",
    question="Does each operation leave the trace that it should, in every service that it came "
    "through, queues included; and does no span quote anybody?",
    run=run,
    sends=0,
    alone=True,
)
