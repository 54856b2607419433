"""What drills hear of Prometheus, of Alertmanager and in the chat."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from drill.client import Unreachable
from drill.watched import Watching, posted, seconds_until


class Both(BaseHTTPRequestHandler):
    """Stands for Prometheus and Alertmanager."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        document: Any = [{"labels": {"alertname": "ServiceDown"}, "status": {"state": "active"}}]
        if parts.path == "/api/v1/query":
            (expression,) = parse_qs(parts.query)["query"]
            found = [{"metric": {"asked": expression}, "value": [0, "1"]}]
            document = {"status": "success", "data": {"result": found}}
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def both() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Both)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def watching(server: ThreadingHTTPServer) -> Watching:
    address = f"127.0.0.1:{server.server_port}"
    services = dict.fromkeys(("prometheus", "alertmanager"), SimpleNamespace(address=address))
    status = SimpleNamespace(services=services)
    stage: Any = SimpleNamespace(engine=SimpleNamespace(status=lambda _: status), instance=None)
    return Watching(stage)


def test_questions_arrive_as_they_were_put(both: ThreadingHTTPServer) -> None:
    asked = 'up{service="a b"} == 0 and rate(x[1m]) > 1 % 2'
    assert watching(both).query(asked)[0]["metric"] == {"asked": asked}


def test_alerts_are_their_labels(both: ThreadingHTTPServer) -> None:
    assert watching(both).firing() == [{"alertname": "ServiceDown"}]


def test_who_does_not_answer_has_found_nothing(both: ThreadingHTTPServer) -> None:
    gone = watching(both)
    both.shutdown()
    both.server_close()
    assert (gone.query("up"), gone.firing()) == ([], [])


def test_only_texts_in_the_conversation_of_that_name_are_posted() -> None:
    def call(_method: str, _path: str) -> Any:
        return {"items": [{"id": "1", "name": "other"}, {"id": "2", "name": "operations"}]}

    def timeline(conversation_id: str) -> Any:
        assert conversation_id == "2"
        return [{"kind": "created", "body": None}, {"kind": "text", "body": "hello"}]

    person: Any = SimpleNamespace(call=call, timeline=timeline)
    assert posted(person) == ["hello"]

    def away(*_: object) -> Any:
        raise Unreachable

    person.call = away
    assert posted(person) == []


def test_what_comes_true_at_once_takes_no_time_and_what_never_does_takes_all() -> None:
    assert seconds_until(lambda: True, 5) < 5
    assert seconds_until(lambda: False, 0.1) == 0.1
