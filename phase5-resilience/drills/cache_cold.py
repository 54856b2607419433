"""Everybody opens the list at the same moment, of a cache that is warm and of one that is empty."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

from drill.client import Person
from drill.definition import Drill
from drill.stage import Stage
from load.recorder import percentile

PEOPLE, GROUPS, SIZE = 60, 120, 20
PAUSE = 3.0
"""Seconds; the system does without a cache that has failed for a little less."""
AT_ONCE = 8
"""Connections; more would measure this machine's queue, not the system."""


def run(stage: Stage) -> None:
    """Restart the cache, and let everybody come back."""
    people = stage.people(PEOPLE)
    dice = random.Random(1)  # noqa: S311 - no secret
    for number in range(GROUPS):
        first, *others = dice.sample(people, SIZE)
        first.send(first.group(others), f"first-{number}", "Good morning.")
    with stage.load(rate=10):
        _open(stage, people, "to begin with")
        _open(stage, people, "again")
        if stage.has("cache"):
            stage.restart("cache")
        else:
            stage.timeline.mark("there is no cache to empty")
        _open(stage, people, "after the cache was emptied")
        stage.wait(PAUSE)
        _open(stage, people, f"{PAUSE:g} seconds later")
        _open(stage, people, "and again")


def _open(stage: Stage, people: list[Person], when: str) -> None:
    """Let everybody ask for their list; keep how long they waited, and what it cost."""
    stage.timeline.mark(f"{len(people)} people open their list, {when}")
    used = stage.usage("chat").cpu_seconds
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = sorted(pool.map(_timed, [one.elsewhere(stage.url) for one in people]))
    cost = 1000 * (stage.usage("chat").cpu_seconds - used) / len(people)
    stage.number(f"{when}: p50", percentile(taken, 0.5), "ms")
    stage.number(f"{when}: p99", percentile(taken, 0.99), "ms")
    stage.number(f"{when}: CPU of a list, with the load", cost, "ms")


def _timed(person: Person) -> float:
    began = time.monotonic()
    person.call("GET", "/conversations?limit=50")
    person.close()
    return 1000 * (time.monotonic() - began)


DRILL = Drill(
    name="cache-cold",
    question="Everybody opens the list at the same moment, and the cache has just lost everything. "
    "What do people wait, beside a warm cache and none at all?",
    run=run,
    sends=10,
)
