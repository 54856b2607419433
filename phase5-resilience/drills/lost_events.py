"""Events about people are thrown away; what is not known then is found, counted and mended."""

import json

from drill.client import Person, Refused
from drill.definition import Drill
from drill.stage import Stage

NEWCOMERS, RENAMED = 60, 40
LEAST = 20

# Where the consumer's settings are: empties its queue, and prints how many events that were.
_CODE = """
from contextlib import closing
from pika import BlockingConnection
from chassis.messaging.settings import WorkerSettings
with closing(BlockingConnection(WorkerSettings().parameters("drill"))) as connection:
    print(connection.channel().queue_purge("people").method.message_count)
"""


def run(stage: Stage) -> None:
    """Lose what a consumer that stands still has not fetched yet; then reconcile."""
    old = stage.people(RENAMED)
    stage.wait(2)
    stage.claim("nothing was wrong before", holds=_drift(stage) == 0, of=RENAMED)
    with stage.paused("people"):
        new = stage.people(NEWCOMERS)
        for person in old:
            person.call("PATCH", "/profiles/me", {"display_name": f"Renamed {person.name}"})
        stage.wait(1)  # for the relays
        lost = int(stage.ask("chat", "python", "-c", _CODE).splitlines()[-1])
        stage.timeline.mark(f"{lost} events thrown away")
    stage.observe("events lost", lost, LEAST)
    stage.wait(2)
    reached = sum(_begins(old[0], one) for one in new[: NEWCOMERS // 2])
    asked = "half of the newcomers could be talked to: in doubt it is asked"
    stage.claim(asked, holds=reached == NEWCOMERS // 2, of=reached)
    found = _drift(stage)
    stage.number("people known wrongly, or not at all", found, "")
    stage.claim("the check finds drift", holds=0 < found <= NEWCOMERS + RENAMED, of=found)
    stage.claim("it has mended all of it", holds=_drift(stage) == 0, of=found)
    stage.ask("chat", "python", "-m", "chat.cli", "people", "rebuild")
    everybody = NEWCOMERS + RENAMED
    stage.claim("made anew it is the same", holds=_drift(stage) == 0, of=everybody)


def _drift(stage: Stage) -> int:
    """Return how many people the check finds to be known wrongly; it mends them, too."""
    printed = stage.ask("chat", "python", "-m", "chat.cli", "people", "check")
    found: dict[str, int] = json.loads(printed.splitlines()[-1])
    return sum(number for name, number in found.items() if name != "people")


def _begins(person: Person, other: Person) -> bool:
    try:
        person.call("POST", "/conversations", {"kind": "direct", "member_ids": [other.id]})
    except Refused:
        return False
    return True


DRILL = Drill(
    name="lost-events",
    question="Events about people are thrown away on purpose. Is it found who is not known, or "
    "known under an old name, and is that mended?",
    run=run,
    sends=0,  # it asks about people, and says nothing of messages
    limits="bench",
    alone=True,
)
