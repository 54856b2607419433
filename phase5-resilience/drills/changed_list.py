"""A list of which more and more has just changed: what the cache saves, and where it costs."""

import random
import time

from drill.client import Person
from drill.definition import Drill
from drill.stage import Stage
from load.recorder import percentile

CONVERSATIONS = 50
CHANGED = (0, 1, 5, 20, CONVERSATIONS)
ROUNDS = 40


def run(stage: Stage) -> None:
    """Let something be said in some conversations, ask for the list, and see what it takes."""
    ann, ben = stage.people(2)
    groups = [ann.group([ben]) for _ in range(CONVERSATIONS)]
    taken: dict[int, list[float]] = {changed: [] for changed in CHANGED}
    with stage.load(rate=5):
        for number in range(ROUNDS):
            # In turns, so that a slow moment of this machine is nobody's alone.
            for changed in random.sample(CHANGED, len(CHANGED)):
                for group in random.sample(groups, changed):
                    ben.send(group, f"{number}-{changed}", "News.")
                taken[changed].append(_ask(ann))
    for changed, times in taken.items():
        what = f"a list, {changed} of {CONVERSATIONS} just changed: p50"
        stage.number(what, percentile(sorted(times), 0.5), "ms")


def _ask(person: Person) -> float:
    """Return how long a list took, in ms."""
    began = time.monotonic()
    person.call("GET", f"/conversations?limit={CONVERSATIONS}")
    return 1000 * (time.monotonic() - began)


DRILL = Drill(
    name="changed-list",
    question="In how much of a list may something have just been said before the cache costs more "
    "than it saves?",
    run=run,
    sends=10,
)
