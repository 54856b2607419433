"""Somebody logs out everywhere, while every one of the devices asks all the time."""

import threading
import time

from drill.client import PASSWORD, Person, Refused
from drill.definition import Drill
from drill.sockets import Event, Sockets
from drill.stage import Stage

DEVICES, ROUNDS = 12, 4
BOUND = 2.0
"""Seconds in which a logout takes effect, everywhere (the contract)."""
PAUSE = 0.05


class Device:
    """A login that asks again and again, and the moments of the first and last refusals."""

    def __init__(self, url: str, name: str) -> None:
        self.person = Person.log_in(url, name, PASSWORD)
        self.answered_at = 0.0
        self.refused_at = 0.0
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until it is refused, or for too long."""
        self._thread.join()

    def _ask(self) -> None:
        end = time.monotonic() + 4 * BOUND
        while time.monotonic() < end:
            try:
                self.person.call("GET", "/profiles/me")
                self.answered_at = time.monotonic()
            except Refused as refusal:
                if refusal.status == 401:
                    self.refused_at = time.monotonic()
                    return
                raise
            time.sleep(PAUSE)


def run(stage: Stage) -> None:
    """Log somebody out on every device, several times over."""
    took: list[float] = []
    closed: list[float] = []
    with stage.load(rate=40):
        for _ in range(ROUNDS):
            _round(stage, took, closed)
    stage.observe("devices that were logged out", len(took), DEVICES * ROUNDS // 2)
    stage.number("until the last request of one was answered, longest", max(took), "s")
    stage.number("the same, on average", sum(took) / len(took), "s")
    words = "no device got an answer 2 s after the logout was acknowledged"
    stage.claim(words, holds=max(took) <= BOUND, of=len(took))
    stage.number("until a socket was told, longest", max(closed, default=0), "s")
    words = "each open socket was told within 2 s"
    told = len(closed) == DEVICES * ROUNDS and max(closed) <= BOUND
    stage.claim(words, holds=told, of=len(closed))
    others = [one for one in stage.timeline.samples if "401" in one.error]
    words = "nobody else was turned away"
    stage.claim(words, holds=not others, of=len(stage.timeline.samples))


def _round(stage: Stage, took: list[float], closed: list[float]) -> None:
    (somebody,) = stage.people(1)
    told: list[float] = []

    def on_event(name: str, _event: Event) -> None:
        if name == "connection.closing":
            told.append(time.monotonic())

    sockets = Sockets(stage.url, on_event)
    try:
        devices = [Device(stage.url, somebody.name) for _ in range(DEVICES)]
        for device in devices:
            sockets.add(device.person)
            device.start()
        stage.wait(1)
        stage.timeline.mark("log out everywhere")
        somebody.call("POST", "/auth/logout-all")
        acknowledged = time.monotonic()
        for device in devices:
            device.join()
        stage.wait(max(acknowledged + BOUND - time.monotonic(), 0))
    finally:
        sockets.close()
    took.extend(
        max(device.answered_at - acknowledged, 0) if device.refused_at else 9.0
        for device in devices
    )
    closed.extend(max(at - acknowledged, 0) for at in told)


DRILL = Drill(
    name="logout-everywhere",
    question="Access tokens are good by themselves for a quarter of an hour. Somebody logs out "
    "everywhere: how long do they go on working, and the sockets?",
    run=run,
    sends=300,
)
