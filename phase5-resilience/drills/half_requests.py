"""Clients that send half a request and wait."""

import socket
import time
from urllib.parse import urlsplit

from drill.definition import Drill
from drill.stage import Stage

HALVES = 400
"""More than there are threads in the monolith."""
HALF = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
CALM, HELD = 4.0, 16.0


class Waiting:
    """One client: half a request on a connection, again and again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._connection: socket.socket | None = None
        self.ended = 0

    def look(self) -> None:
        """Send half a request if there is no connection; notice if it was ended."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, timeout=1)
                self._connection.sendall(HALF)
                self._connection.setblocking(False)  # noqa: FBT003 - its only argument
            elif not self._connection.recv(4096):
                self._again()
        except BlockingIOError:
            return
        except OSError:
            self._again()

    def close(self) -> None:
        """Give up."""
        if self._connection is not None:
            self._connection.close()

    def _again(self) -> None:
        if self._connection is not None:
            self.ended += 1
            self._connection.close()
        self._connection = None


def run(stage: Stage) -> None:
    """Hold the halves for a while, and ask meanwhile as somebody else would."""
    clients = [Waiting(stage.url) for _ in range(HALVES)]
    answered = asked = 0
    with stage.load(rate=20):
        stage.wait(CALM)
        began = stage.timeline.now()
        stage.timeline.mark(f"{HALVES} clients send half a request each")
        end = time.monotonic() + HELD
        while time.monotonic() < end:
            for one in clients:
                one.look()
            asked += 1
            answered += stage.is_ready()
            time.sleep(0.2)
        ended = stage.timeline.now()
        stage.timeline.mark("they go away")
        for one in clients:
            one.close()
        stage.wait(CALM)
    stage.observe("times that somebody else asked", asked, 5)
    stage.number("of those answered within 2 s", answered, "")
    stage.number("halves that the system has ended", sum(one.ended for one in clients), "")
    stage.latency("send before", "send", 1, began)
    stage.latency("send meanwhile", "send", began, ended)
    stage.claim("everybody else was answered all the while", holds=answered == asked, of=asked)


DRILL = Drill(
    name="half-requests",
    question=f"{HALVES} clients send half a request each, wait, and begin again when they are sent "
    "away. Who else is served?",
    run=run,
    sends=100,
)
