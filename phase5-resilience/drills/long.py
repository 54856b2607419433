"""A very long conversation, and a list of thousands."""

import time
from collections.abc import Callable
from typing import Any, BinaryIO

from drill.client import Person
from drill.definition import Drill
from drill.giant import NAME, PASSWORD, SMALL, write
from drill.stage import Stage
from load.recorder import percentile

MESSAGES = 200_000
CONVERSATIONS = 5_000
TIMES = 200
"""How often each thing is done."""


def world(archive: BinaryIO) -> None:
    """Write somebody with thousands of conversations, one of which is very long."""
    write(archive, conversations=CONVERSATIONS, messages=MESSAGES)


def run(stage: Stage) -> None:
    """Do the same to somebody with much and to somebody with little."""
    with stage.load(rate=10):
        much, little = (Person.log_in(stage.url, name, PASSWORD) for name in (NAME, SMALL))
        for who, label in ((little, "little"), (much, "much")):
            _measure(stage, who, label)
        _page_through(stage, much)


def _measure(stage: Stage, who: Person, label: str) -> None:
    page = who.call("GET", "/conversations?limit=100")["items"]
    longest = max(page, key=lambda one: int(one["last_seq"]))
    place, last = f"/conversations/{longest['id']}", int(longest["last_seq"])
    numbers = iter(range(10**6))
    asked: dict[str, Callable[[], Any]] = {
        "the first page of the list": lambda: who.call("GET", "/conversations?limit=50"),
        "the newest page of history": lambda: who.call("GET", f"{place}/messages?limit=50"),
        "a page from the middle": lambda: who.call(
            "GET", f"{place}/messages?before={last // 2 + 1}&limit=50"
        ),
        "a send": lambda: who.send(longest["id"], f"{label}-{next(numbers)}", "one more"),
    }
    for what, ask in asked.items():
        stage.timeline.mark(f"{what}, {label}")
        used = stage.usage("chat").cpu_seconds
        taken = sorted(_timed(ask) for _ in range(TIMES))
        cost = 1000 * (stage.usage("chat").cpu_seconds - used) / TIMES
        stage.number(f"{what}, {label}: p50", percentile(taken, 0.5), "ms")
        stage.number(f"{what}, {label}: CPU", cost, "ms")


def _page_through(stage: Stage, who: Person) -> None:
    began, cursor, found = time.monotonic(), "", 0
    while True:
        page = who.call("GET", f"/conversations?limit=100{cursor}")
        found += len(page["items"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    stage.number("the whole list, page by page", time.monotonic() - began, "s")
    stage.claim(f"the whole list has {CONVERSATIONS}", holds=found == CONVERSATIONS, of=found)


def _timed(ask: Callable[[], Any]) -> float:
    began = time.monotonic()
    ask()
    return 1000 * (time.monotonic() - began)


DRILL = Drill(
    name="long",
    question="Somebody has 5,000 conversations, one of them with 200,000 messages. What does that "
    "cost, beside somebody who has three, with 150?",
    run=run,
    sends=10,
    world=world,
)
