"""One process and its greenlets filled with open sockets."""

import time
from collections import defaultdict

from drill.client import Person
from drill.definition import Drill
from drill.sockets import Event, Full, Sockets
from drill.stage import Stage
from load.recorder import percentile

MOST = 2100
PEOPLE = 20
IDLE = 10.0
"""Seconds over which the cost of sockets on which nothing happens is measured."""
MESSAGES = 20
LAST_WITHIN = 10.0
"""Seconds in which a message must have reached every socket."""


class Arrivals:
    """When each message reached how many sockets."""

    def __init__(self) -> None:
        self.at: defaultdict[str, list[float]] = defaultdict(list)

    def __call__(self, name: str, event: Event) -> None:
        """Take an event."""
        if name == "message.created":
            self.at[event["data"]["message"]["client_id"]].append(time.monotonic())


def run(stage: Stage) -> None:
    """Open sockets until the next is refused; see what still works, and what they cost."""
    idle = _cpu_at_rest(stage)
    people = stage.people(PEOPLE)
    group = people[0].group(people[1:])
    arrivals = Arrivals()
    sockets = Sockets(stage.url, arrivals)
    try:
        with stage.load(rate=20, groups=2):
            stage.wait(2)
            before = stage.usage("realtime").memory
            status = _fill(stage, sockets, people)
            grown = stage.usage("realtime").memory - before
            stage.number("sockets open when the next was refused", sockets.open, "")
            stage.number("memory per socket", grown / sockets.open / 1024, "KiB")
            words = "the one too many was refused with 503"
            stage.claim(words, holds=status == 503, of=sockets.open)
            _log_in_again(stage)
            _fan_out(stage, sockets, people[0], group, arrivals)
        stage.timeline.mark("nothing but open sockets")
        resting = _cpu_at_rest(stage) - idle
        stage.number("CPU of an idle socket", 1e6 * resting / sockets.open, "µs/s")
    finally:
        sockets.close()


def _fill(stage: Stage, sockets: Sockets, people: list[Person]) -> int:
    """Open sockets; return the status of the first refusal, 0 if there was none."""
    stage.timeline.mark("sockets are opened, one after the other")
    for number in range(MOST):
        try:
            sockets.add(people[number % len(people)])
        except Full as full:
            stage.timeline.mark(f"socket {number + 1} is refused")
            return full.status
    return 0


def _log_in_again(stage: Stage) -> None:
    """Register while every place for a socket is taken: at another service by now."""
    began = time.monotonic()
    stage.people(1)
    stage.number("registering with a full house", 1000 * (time.monotonic() - began), "ms")


def _fan_out(
    stage: Stage, sockets: Sockets, sender: Person, group: str, arrivals: Arrivals
) -> None:
    stage.timeline.mark(f"{MESSAGES} messages to everybody")
    used = stage.usage("realtime").cpu_seconds
    last: list[float] = []
    for number in range(MESSAGES):
        client_id = f"fan-out-{number}"
        began = time.monotonic()
        sender.send(group, client_id, "to everybody")
        while len(arrivals.at[client_id]) < sockets.open:
            if time.monotonic() - began > LAST_WITHIN:
                stage.claim("every message reached every socket", holds=False, of=sockets.open)
                return
            time.sleep(0.001)
        last.append(1000 * (max(arrivals.at[client_id]) - began))
    per_receipt = (stage.usage("realtime").cpu_seconds - used) / (MESSAGES * sockets.open)
    stage.number("CPU of bringing a message to one socket", 1e6 * per_receipt, "µs")
    stage.number("send until the last socket has it, p50", percentile(sorted(last), 0.5), "ms")
    stage.number("send until the last socket has it, longest", max(last), "ms")


def _cpu_at_rest(stage: Stage) -> float:
    """Return the cores used while nothing is asked for."""
    used = stage.usage("realtime").cpu_seconds
    stage.wait(IDLE)
    return (stage.usage("realtime").cpu_seconds - used) / IDLE


DRILL = Drill(
    name="sockets",
    question="Sockets are opened until the process takes no more. How many are that, what does "
    "each cost, and what still works for everybody else?",
    run=run,
    sends=50,
)
