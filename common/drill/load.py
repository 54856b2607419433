"""A steady load through the contract that never gives a message up.

Who gets no answer sends the same message again, with the same client id, until there is one: as a
client must that has been promised that nothing is lost.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drill.client import Person, Refused, Unreachable
from drill.history import Send
from drill.timeline import Timeline

PAUSE = 0.1
"""Seconds between two attempts where the answer names no time."""
LONGEST_PAUSE = 1.0
PATIENCE = 30.0
"""Seconds that one message is tried for."""
RESENT_EVERY = 10
"""Of a person's acknowledged messages, every so many is sent once more."""
READS_PER_SEND = 0.5
FINISH = 10.0
"""Seconds beyond PATIENCE after which a thread is not waited for any more."""


Work = Callable[[Person, str, int, float], None]
"""Does something for a person, in a conversation; the count, and when it was due."""


@dataclass(frozen=True)
class Circle:
    """A conversation and its members."""

    id: str
    members: Sequence[Person]


class SteadyLoad:
    """One sending thread per person, which together send `rate` messages per second.

    One more thread per conversation reads it, so that a send that waits holds no read up.
    """

    def __init__(
        self, circles: Sequence[Circle], url: str, rate: float, timeline: Timeline, seed: int
    ) -> None:
        self._timeline = timeline
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._seed = seed
        self.sends: list[Send] = []
        places: dict[str, list[str]] = {}
        people: dict[str, Person] = {}
        for circle in circles:
            for member in circle.members:
                places.setdefault(member.id, []).append(circle.id)
                people[member.id] = member
        per_sender = len(people) / rate
        per_reader = len(circles) / (rate * READS_PER_SEND)
        self._threads = [
            self._thread(self._send, person.elsewhere(url), places[user_id], per_sender)
            for user_id, person in people.items()
        ] + [
            self._thread(self._read, circle.members[0].elsewhere(url), [circle.id], per_reader)
            for circle in circles
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask for nothing new."""
        self._stop.set()

    def finish(self) -> None:
        """Stop, and return when every message is answered or given up."""
        self.stop()
        for thread in self._threads:
            thread.join(PATIENCE + FINISH)

    def _thread(
        self, work: Work, person: Person, places: Sequence[str], interval: float
    ) -> threading.Thread:
        """Return a thread that works again and again, `interval` seconds apart on average."""
        dice = random.Random(f"{self._seed} {work.__name__} {person.name}")  # noqa: S311 - no secret

        def run() -> None:
            due = self._timeline.now() + dice.random() * interval
            count = 0
            while not self._stop.wait(max(due - self._timeline.now(), 0)):
                count += 1
                work(person, dice.choice(places), count, due)
                due += interval * dice.uniform(0.5, 1.5)
            person.close()

        return threading.Thread(target=run, name=work.__name__, daemon=True)

    def _send(self, person: Person, place: str, count: int, due: float) -> None:
        body = f"Message {count} of {person.name}"
        send = Send(place, person.id, f"{person.name}-{count}", body, self._timeline.now())
        with self._lock:
            self.sends.append(send)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            pause = self._attempt(person, send, "send", due)
            if pause is None:
                send.answered_at = self._timeline.now()
                break
            time.sleep(pause)
        if send.is_acknowledged and count % RESENT_EVERY == 0:
            self._attempt(person, send, "resend", self._timeline.now())

    def _attempt(self, person: Person, send: Send, kind: str, due: float) -> float | None:
        """Send once; return None when it was acknowledged, else the seconds to wait."""
        try:
            answer = person.send(send.conversation_id, send.client_id, send.body)
        except Unreachable as error:
            self._timeline.add(kind, due, str(error))
            return PAUSE
        except Refused as error:
            self._timeline.add(kind, due, str(error.status))
            return min(error.retry_after or PAUSE, LONGEST_PAUSE)
        send.answers.append(answer)
        self._timeline.add(kind, due)
        return None

    def _read(self, person: Person, place: str, _count: int, due: float) -> None:
        try:
            person.call("GET", f"/conversations/{place}/messages?limit=20")
        except Unreachable as error:
            self._timeline.add("read", due, str(error))
        except Refused as error:
            self._timeline.add("read", due, str(error.status))
        else:
            self._timeline.add("read", due)
