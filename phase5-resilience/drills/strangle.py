"""People register and log in while the gateway leads them to the monolith, and to auth again."""

import re
import signal
import threading
from collections import Counter
from pathlib import Path

from drill.client import PASSWORD, Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage

MOVES = 6
PAUSE = 2.0
LOOKS = 10
"""How often to look whether the old way is still used: an old worker of nginx ends what it has."""
PEOPLE = 3
LINE = re.compile(r"^(    auth +)(auth|monolith);$", re.MULTILINE)
"""Of gateway/routes.conf: whom the gateway asks about auth."""
_METRICS = """
import os, urllib.request
port = os.environ["CHAT_OPERATIONS_BIND"].rpartition(":")[2]
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode())
"""


class Newcomers:
    """People who register, log in again and refresh, one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.ends: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._run, args=[number]) for number in range(PEOPLE)
        ]
        for one in self._threads:
            one.start()

    def stop(self) -> None:
        """Finish."""
        self._stop.set()
        for one in self._threads:
            one.join()

    def _run(self, number: int) -> None:
        done = 0
        while not self._stop.is_set():
            done += 1
            name = f"new_{number}_{done}"
            said = {"username": name, "password": PASSWORD, "display_name": name}
            tokens = self._ask("POST", "/auth/register", said)
            if tokens is not None:
                said = {"refresh_token": tokens["refresh_token"]}
                tokens = self._ask("POST", "/auth/refresh", said) or tokens
                self._ask("POST", "/auth/logout", {}, tokens["access_token"])

    def _ask(self, method: str, path: str, body: object, token: str = "") -> dict[str, str] | None:
        person = Person(self._url, "")
        person.token = token
        found, end = None, "good"
        try:
            found = person.call(method, path, body)
        except (Refused, Unreachable) as problem:
            end = f"{path}: {problem}"
        with self._lock:
            self.ends[end] += 1
        return found


def run(stage: Stage) -> None:
    """Change the line, have the gateway read it, look who answers; there and back."""
    routes = _routes(stage)
    written = routes.read_text()
    newcomers = Newcomers(stage.url)
    by: dict[str, list[int]] = {"auth": [], "monolith": []}
    try:
        with stage.load(rate=20):
            for move in range(MOVES):
                way = "monolith" if move % 2 == 0 else "auth"
                routes.write_text(LINE.sub(rf"\g<1>{way};", written))
                stage.timeline.mark(f"auth by {way}")
                stage.engine.signal_service(stage.instance, "gateway", signal.SIGHUP)
                by[way].append(_passed_on_soon(stage, none=way == "auth"))
            newcomers.stop()
    finally:
        newcomers.stop()
        routes.write_text(written)
        stage.engine.signal_service(stage.instance, "gateway", signal.SIGHUP)
    _judge(stage, newcomers, by)


def _judge(stage: Stage, newcomers: Newcomers, by: dict[str, list[int]]) -> None:
    asked = newcomers.ends.total()
    stage.observe("requests to auth meanwhile", asked, 100)
    stage.number("of them by the monolith, at least", sum(by["monolith"]), "")
    words = "each time the line led to the monolith, it passed them on"
    stage.claim(words, holds=min(by["monolith"]) > 0, of=MOVES // 2)
    words = "each time it led to auth, soon none went by it"
    stage.claim(words, holds=not sum(by["auth"]), of=MOVES // 2)
    for end, count in newcomers.ends.items():
        if end != "good":
            stage.number(end, count, "")
    stage.claim("none of the requests failed", holds=newcomers.ends["good"] == asked, of=asked)


def _routes(stage: Stage) -> Path:
    """Return what the gateway reads: natively a copy with other addresses, else the file."""
    copies = [*stage.instance.directory.rglob("etc/gateway/routes.conf")]
    return copies[0] if copies else stage.instance.phase.directory / "gateway" / "routes.conf"


def _passed_on_soon(stage: Stage, *, none: bool) -> int:
    """Return how many requests the monolith passes on in one pause; wait for none, or for some."""
    count = 0
    for _ in range(LOOKS):
        before = _passed_on(stage)
        stage.wait(PAUSE)
        count = _passed_on(stage) - before
        if (count == 0) is none:
            break
    return count


def _passed_on(stage: Stage) -> int:
    """Return how many requests to auth the monolith has answered so far, as it counts them."""
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in stage.ask("chat", "python", "-c", _METRICS).splitlines()
        if line.startswith("chat_http_request_duration_seconds_count") and "/api/v1/auth/" in line
    )


DRILL = Drill(
    name="strangle",
    question="People register, refresh and log out while one line of the gateway leads them from "
    "auth to the monolith and back. Does a request fail?",
    run=run,
    sends=100,
    limits="bench",
    alone=True,
)
