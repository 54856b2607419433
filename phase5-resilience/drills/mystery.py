"""One of several things is wrong. Which? Prometheus and the dashboards are all there is to look at.

At a terminal it asks whoever runs it; `MYSTERY=3` chooses the fault, else chance does. Without a
terminal it breaks each in turn, and looks whether the numbers tell them apart.
"""

import os
import secrets
import sys
from typing import NamedTuple

from drill.definition import Drill
from drill.stage import Stage
from drill.watched import Watching, seconds_until, until_watched

from lab.errors import UsageError

CALM = 20.0
SEEN_WITHIN = 60.0
"""Seconds until the numbers tell."""


class Fault(NamedTuple):
    """What hangs, and the numbers that show it and no other."""

    service: str
    shown_by: str


FAULTS = (
    Fault("profiles", 'up{service="profiles"} == 0'),
    Fault("messages-relay", 'chat_outbox_oldest_seconds{service="messages"} > 10'),
    Fault("lists", 'chat_queue_messages{queue="lists"} > 50'),
    Fault("replica", 'chat_postgres_up{server="replica"} == 0'),
    Fault("cache", "chat_redis_up == 0"),
)


def run(stage: Stage) -> None:
    """Break something, and have it found."""
    watching = Watching(stage)
    until_watched(stage, watching)
    asks = sys.stdin.isatty()
    chosen = _chosen(at_terminal=asks)
    right = 0
    with stage.load(rate=20):
        stage.wait(CALM)
        for fault in chosen:
            with stage.paused(fault.service):
                answer = _asked(watching) if asks else _found(watching, fault)
            right += answer == fault.service
            stage.timeline.mark(f"answer: {answer}; it was {fault.service}")
            _until_over(watching, fault)
    stage.number("faults that were found", right, "")
    stage.claim(
        "what is wrong was found by the numbers alone", holds=right == len(chosen), of=right
    )


def _chosen(*, at_terminal: bool) -> tuple[Fault, ...]:
    number = os.environ.get("MYSTERY", "")
    if number:
        if number not in {str(one) for one in range(1, len(FAULTS) + 1)}:
            raise UsageError(f"MYSTERY={number}: there are faults 1 to {len(FAULTS)}")
        return (FAULTS[int(number) - 1],)
    return (secrets.choice(FAULTS),) if at_terminal else FAULTS


def _asked(watching: Watching) -> str:
    """Ask whoever sits there, until the answer is one of those that can be."""
    names = [one.service for one in FAULTS]
    print(f"\nSomething hangs. Look at http://{watching.prometheus}/graph; people go on sending.")
    while True:
        answer = input(f"What is it? {', '.join(names)}: ").strip()
        if answer in names:
            return answer


def _found(watching: Watching, fault: Fault) -> str:
    """Return what the numbers show, once they show anything of it; "" if not that alone."""
    seconds_until(lambda: watching.query(fault.shown_by), SEEN_WITHIN)
    found = [one.service for one in FAULTS if watching.query(one.shown_by)]
    return found[0] if len(found) == 1 else ""


def _until_over(watching: Watching, fault: Fault) -> None:
    seconds_until(lambda: not watching.query(fault.shown_by), SEEN_WITHIN)


DRILL = Drill(
    name="mystery",
    question="Something hangs, and nobody says what. Do the numbers tell? At a terminal you are "
    "asked, and MYSTERY=1 to 5 chooses what it is.",
    run=run,
    sends=200,
    alone=True,
)
