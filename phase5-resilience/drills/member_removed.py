"""People are removed from groups, and ask and listen all the time; messages dies in between."""

import threading
import time

from drill.client import Person, Refused, Unreachable
from drill.definition import Drill
from drill.sockets import Event, Sockets
from drill.stage import Stage

ROUNDS, EACH = 4, 3
BOUND = 2.0
"""Seconds in which a removal takes effect, everywhere (the contract)."""
PAUSE = 0.05
GONE = 404


class Reader:
    """Somebody who reads a group again and again, and when that worked for the last time."""

    def __init__(self, person: Person, group: str) -> None:
        self.person = person
        self.answered_at = 0.0
        self.refused_at = 0.0
        self.stop = threading.Event()
        self._path = f"/conversations/{group}/messages"
        self.thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self.stop.wait(PAUSE):
            try:
                self.person.call("GET", self._path)
                self.answered_at = time.monotonic()
            except Refused as refusal:
                if refusal.status == GONE:
                    self.refused_at = self.refused_at or time.monotonic()
            except Unreachable:
                continue


def run(stage: Stage) -> None:
    """Remove people, with messages running and with messages killed at that moment."""
    took: list[float] = []
    heard: list[float] = []
    recovered: list[float] = []
    with stage.load(rate=30):
        for number in range(ROUNDS):
            kills = number % 2 == 1 and stage.has("messages")
            _round(stage, took, heard, recovered if kills else None)
    stage.observe("people who were removed", len(took), ROUNDS * EACH)
    stage.number("until the last one could read no more, longest", max(took), "s")
    words = "nobody read anything 2 s after the removal, messages killed or not"
    stage.claim(words, holds=max(took) <= BOUND, of=len(took))
    stage.number("last event to who was removed, longest", max(heard, default=0), "s")
    stage.claim(
        "no socket heard anything 2 s after", holds=max(heard, default=0) <= BOUND, of=len(took)
    )
    if recovered:
        stage.number("messages away after a kill, longest", max(recovered), "s")


def _round(
    stage: Stage, took: list[float], heard: list[float], recovered: list[float] | None
) -> None:
    owner, witness, *people = stage.people(EACH + 2)
    group = owner.group([witness, *people])
    events: list[float] = []

    def on_event(name: str, event: Event) -> None:
        told = event.get("conversation_id") == group
        if told and name.startswith("message"):
            events.append(time.monotonic())

    sockets = Sockets(stage.url, on_event)
    readers = [Reader(one, group) for one in people]
    try:
        for one in readers:
            sockets.add(one.person)
            one.thread.start()
        stage.wait(1)
        stage.timeline.mark("remove")
        killed = stage.kill("messages") if recovered is not None else None
        for person in people:
            owner.call("DELETE", f"/conversations/{group}/members/{person.id}")
        removed = time.monotonic()
        if killed is not None and recovered is not None:
            recovered.append(_until_sent(stage, owner, group) - killed)
        end = removed + 2 * BOUND
        while time.monotonic() < end:
            owner.send(group, f"w-{time.monotonic_ns()}", "a secret")
            stage.wait(0.2)
    finally:
        for one in readers:
            one.stop.set()
            one.thread.join()
        sockets.close()
    took.extend(max(one.answered_at - removed, 0) for one in readers)
    heard.extend(max(at - removed, 0) for at in events)


def _until_sent(stage: Stage, owner: Person, group: str) -> float:
    """Send until it is taken again; return when that was."""
    client_id = f"r-{time.monotonic_ns()}"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            owner.send(group, client_id, "back")
            break
        except (Refused, Unreachable):
            stage.wait(PAUSE)
    return time.monotonic()


DRILL = Drill(
    name="member-removed",
    question="People are removed from groups while they read and listen, every other time with "
    "messages killed at that moment. Does anybody read or hear anything 2 s later?",
    run=run,
    sends=200,
)
