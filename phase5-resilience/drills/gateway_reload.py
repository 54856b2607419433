"""The gateway reads its configuration again under load, then the monolith is restarted."""

import signal
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from urllib.parse import urlsplit

from drill.definition import Drill
from drill.stage import Stage

RELOADS = 10
PAUSE = 1.0
CLIENTS = 4


class Askers:
    """Clients that ask as fast as they are answered, each time over a connection of its own.

    A kept connection may be closed whenever nothing is asked on it; clients of HTTP make it anew,
    as the senders of the load do. They count it as an error all the same, because they do not look
    first. What is looked for here are requests that were taken and not answered.
    """

    def __init__(self, stage: Stage) -> None:
        parts = urlsplit(stage.url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.ends: Counter[str] = Counter()
        self.times: list[float] = []
        """When a good answer came."""
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """Finish."""
        self._stop.set()
        for one in self._threads:
            one.join()

    def longest_gap(self) -> float:
        """Return the seconds between two good answers, whoever got them."""
        return max(later - earlier for earlier, later in pairwise(sorted(self.times)))

    def _run(self) -> None:
        while not self._stop.is_set():
            end = self._ask()
            with self._lock:
                self.ends[end] += 1
                if end == "200":
                    self.times.append(time.monotonic())
            time.sleep(0.005 if end == "200" else 0.05)

    def _ask(self) -> str:
        connection = HTTPConnection(*self._address, timeout=8)
        try:
            connection.request("GET", "/api/v1/system")
            answer = connection.getresponse()
            answer.read()
            return str(answer.status)
        except (OSError, HTTPException):
            return "no answer"
        finally:
            connection.close()


def run(stage: Stage) -> None:
    """Reload while everybody asks; then restart what stands behind."""
    gateway = stage.has("gateway")
    with stage.load(rate=40):
        stage.wait(PAUSE)
        if gateway:
            _reload(stage)
        _restart(stage, gateway=gateway)
        stage.wait(PAUSE)
    stage.latency("send, from due to acknowledged", "send")


def _reload(stage: Stage) -> None:
    askers = Askers(stage)
    for number in range(RELOADS):
        stage.timeline.mark(f"reload {number + 1}")
        stage.engine.signal_service(stage.instance, "gateway", signal.SIGHUP)
        stage.wait(PAUSE)
    askers.stop()
    asked = askers.ends.total()
    stage.observe("requests while the gateway was reloaded", asked, 500)
    stage.number("reloads", RELOADS, "")
    good = askers.ends["200"] == asked
    stage.claim("each of them was answered as if nothing were", holds=good, of=asked)
    stage.number("longest time without an answer then", 1000 * askers.longest_gap(), "ms")


def _restart(stage: Stage, *, gateway: bool) -> None:
    askers = Askers(stage)
    stage.wait(PAUSE)
    stage.restart("chat")
    stage.until_ready()
    stage.timeline.mark("ready again")
    stage.wait(PAUSE)
    askers.stop()
    stage.number("without service while chat was restarted", askers.longest_gap(), "s")
    stage.number("requests that got no answer then", askers.ends["no answer"], "")
    stage.number("requests that were told to come again (503)", askers.ends["503"], "")
    if gateway:
        told = askers.ends["no answer"] == 0
        words = "while the monolith was away, everybody was told when to come again"
        stage.claim(words, holds=told, of=askers.ends["503"])


DRILL = Drill(
    name="gateway-reload",
    question=f"The gateway reads its configuration again {RELOADS} times under load, then the "
    "monolith is restarted behind it. Who notices?",
    run=run,
    sends=200,
)
