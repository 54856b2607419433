"""Each service is killed in turn under load: what stops, and what goes on."""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from drill.client import Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage

SERVICES = (
    *("auth", "profiles", "messages", "realtime", "chat"),
    *("lists", "people", "memberships", "messages-relay", "relay"),
)
"""Those of them that a phase has."""
NEEDED = {
    "send": ("messages",),
    "history": ("messages",),
    "list": ("chat",),
    "group": ("chat",),
    "log in": ("auth",),
}
"""What each act needs: whatever else is away, it goes on. The lesson has the same table."""
LOOK, AFTER = 0.1, 3.0
AWAY_WITHIN = 60.0


class Looking:
    """Does one thing again and again; notes for how long it did not work."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self.worst = 0.0
        self.tries = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Stop; return the longest time without success, in seconds."""
        self._stop.set()
        self._thread.join()
        return self.worst

    def _run(self) -> None:
        worked = time.monotonic()
        while not self._stop.wait(LOOK):
            began = time.monotonic()
            with contextlib.suppress(Refused, Unreachable):
                self._act()
                self.worst = max(self.worst, time.monotonic() - worked)
                worked = time.monotonic()
                self.tries += 1
            if time.monotonic() - began > AWAY_WITHIN:
                return


def run(stage: Stage) -> None:
    """Kill them one after the other."""
    services = [one for one in SERVICES if stage.has(one)]
    ann, ben = stage.people(2)
    acts = _acts(stage, ann, ben, ann.group([ben]))
    stopped: dict[str, dict[str, float]] = {}
    with stage.load(rate=30):
        stage.wait(AFTER)
        usual = _without(stage, None, acts)
        for service in services:
            stopped[service] = _without(stage, service, acts)
    for service, found in stopped.items():
        for act, seconds in found.items():
            stage.number(f"{service} killed: longest without a {act}", seconds, "s")
    own = [
        seconds
        for service, found in stopped.items()
        for act, seconds in found.items()
        if service not in _needed(stage, act)
    ]
    bearable = max(2.0, 3 * max(usual.values()))
    words = "whatever did not need the service that was killed went on"
    stage.claim(words, holds=max(own, default=0) <= bearable, of=len(own))
    stage.observe("services that were killed", len(services), 2)
    stage.latency("send, from due to acknowledged", "send")


def _needed(stage: Stage, act: str) -> Sequence[str]:
    """Return what an act needs; where that has no service yet, the monolith does it."""
    return [one for one in NEEDED[act] if stage.has(one)] or ["chat"]


def _without(
    stage: Stage, service: str | None, acts: Mapping[str, Callable[[], object]]
) -> dict[str, float]:
    """Return for how long each act did not work, while a service was killed; None: none was."""
    looking = {name: Looking(act) for name, act in acts.items()}
    stage.wait(1)
    if service is not None:
        stage.until_ready(since=stage.kill(service))
    stage.wait(2 * AFTER)
    return {name: one.end() for name, one in looking.items()}


def _acts(stage: Stage, ann: Person, ben: Person, group: str) -> dict[str, Callable[[], object]]:
    def alone() -> Person:
        return ann.elsewhere(stage.url)

    sender, reader, lister, maker, comer = (alone() for _ in range(5))
    return {
        "send": lambda: sender.send(group, f"s-{time.monotonic_ns()}", "hello"),
        "history": lambda: reader.call("GET", f"/conversations/{group}/messages"),
        "list": lambda: lister.call("GET", "/conversations"),
        "group": lambda: maker.group([ben]),
        "log in": lambda: comer.call("POST", "/auth/login", _credentials(ann)),
    }


def _credentials(person: Person) -> dict[str, str]:
    return {"username": person.name, "password": "correct horse"}


DRILL = Drill(
    name="service-killed",
    question="Each service is killed in turn under load. What stops and for how long, and is a "
    "message lost, doubled or out of order?",
    run=run,
    sends=500,
)
