"""Whoever arrives is counted by what became of them, and waits for nobody before them."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from drill.arrivals import arrive


class Handler(BaseHTTPRequestHandler):
    """Answers by the path: `/STATUS/SECONDS`."""

    protocol_version = "HTTP/1.1"
    at_once = busiest = 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        with self.lock:
            Handler.at_once += 1
            Handler.busiest = max(Handler.busiest, Handler.at_once)
        _, status, seconds = self.path.split("/")
        assert self.headers["Authorization"] == "Bearer token"
        time.sleep(float(seconds))
        with self.lock:
            Handler.at_once -= 1
        self.send_response(int(status))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Handler.busiest = 0
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_answers_are_told_apart(url: str) -> None:
    good = arrive(url, "token", "/200/0", 20, 1)
    assert (good.offered, good.good, good.refused, good.late) == (20, 20, 0, 0)
    assert 0 < good.p50 <= good.p99
    refused = arrive(url, "token", "/503/0", 20, 1)
    assert (refused.good, refused.refused, refused.late) == (0, 20, 0)
    broken = arrive(url, "token", "/500/0", 20, 1)
    assert (broken.good, broken.refused, broken.late) == (0, 0, 20)


def test_who_is_served_late_is_not_served_well_and_holds_nobody_up(url: str) -> None:
    late = arrive(url, "token", "/200/1.5", 10, 1)
    assert (late.good, late.late) == (0, 10)
    assert Handler.busiest == 10


def test_who_finds_nobody_is_late() -> None:
    assert arrive("http://127.0.0.1:1", "token", "/200/0", 10, 1).late == 10
