"""Some events break the consumer, in the middle of all others; later the cause is gone."""

import json
from collections.abc import Callable
from typing import Any

from drill import told
from drill.definition import Drill
from drill.stage import Stage

POISON = 5
PAUSE = 3.0
WITHIN = 30.0
"""Seconds."""

# Where the consumer runs. What breaks it: somebody has written down an event that it has yet to
# write down. `made N`, `mended` or `done ID…`; prints JSON.
_CODE = """
import json, sys
from sqlalchemy import text
from chassis.database import Database
from chassis.events import new_event
from chassis.ids import new_id
from chassis.messaging.outbox import Outbox
from chat.catalogue import TOPICS
from chassis.messaging.settings import WorkerSettings

def run(work, word, given):
    if word == "mended":
        return work.connection.execute(text("DELETE FROM activity WHERE topic = 'poison'")).rowcount
    if word == "done":
        found = "SELECT count(*) FROM activity WHERE topic <> 'poison' AND event_id = ANY(:ids)"
        return work.connection.execute(text(found), {"ids": given}).scalar()
    ids = []
    for _ in range(int(given[0])):
        event = new_event("read", {"user_id": new_id(), "read_seq": 1}, conversation_id=new_id())
        row = "INSERT INTO activity (event_id, topic, occurred_at) VALUES (:id, 'poison', '')"
        work.connection.execute(text(row), {"id": event["id"]})
        work.announce(event)
        ids.append(event["id"])
    return ids

database = Database(WorkerSettings(database_connections=1), outbox=Outbox(TOPICS, 10**6))
with database.write() as work:
    said = run(work, sys.argv[1], sys.argv[2:])
print(json.dumps(said))
"""


def run(stage: Stage) -> None:
    """Poison the events, look at what is dead, remove the cause, replay."""
    with stage.load(rate=40):
        stage.wait(PAUSE)
        ids = _beside(stage, "made", str(POISON))
        stage.timeline.mark(f"{POISON} events that break the consumer")
        stage.wait(PAUSE)
        _until(stage, lambda: len(_letters(stage, "list")) >= POISON)
        letters = _letters(stage, "list")
        stage.wait(PAUSE)
    told.check(stage)
    stage.number("dead letters", len(letters), "")
    same = {one["event_id"] for one in letters} == set(ids)
    stage.claim("each of them, and no other, is a dead letter", holds=same, of=POISON)
    stage.claim("none was done", holds=_beside(stage, "done", *ids) == 0, of=POISON)
    _beside(stage, "mended")
    replayed = _letters(stage, "replay", "--all")[0]["settled"]
    stage.number("replayed", replayed, "")
    _until(stage, lambda: _beside(stage, "done", *ids) == POISON)
    done = _beside(stage, "done", *ids) == POISON
    stage.claim("replayed once its cause is gone, each is done", holds=done, of=POISON)
    left = len(_letters(stage, "list"))
    stage.claim("no dead letter is left", holds=left == 0, of=POISON)


def _beside(stage: Stage, *words: str) -> Any:
    return json.loads(stage.ask("activity", "python", "-c", _CODE, *words).splitlines()[-1])


def _letters(stage: Stage, *words: str) -> list[Any]:
    printed = stage.ask("chat", "python", "-m", "chat.dead_letters", *words)
    return [json.loads(line) for line in printed.splitlines()]


def _until(stage: Stage, condition: Callable[[], bool]) -> None:
    """Wait, and not for ever: the claims tell whether it came true."""
    end = stage.timeline.now() + WITHIN
    while not condition() and stage.timeline.now() < end:
        stage.wait(0.5)


DRILL = Drill(
    name="poison-message",
    question="Five events break the consumer, whenever it tries, in the middle of all others. Is "
    "anybody held up, and what becomes of the five once the cause is gone?",
    run=run,
    sends=200,
    alone=True,
)
