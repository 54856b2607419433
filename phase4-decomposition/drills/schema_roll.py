"""Writers and readers of messages are rolled from version 1 to version 2 and back, in any order."""

import json

from drill import told
from drill.client import Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage

READERS = ("activity", "notifications")
HELD_BACK = ["env", "CHAT_EVENTS_HELD_BACK=conversation.message.created.v1"]
PAUSE = 2.5
"""Seconds in each state of the roll."""
WITHIN = 120.0
MENTION_EVERY, ATTEMPTS = 0.2, 150

# In front of a reader's command: it knows what there was before version 2. What reads a message's
# text still does as it did then, if it gets an event as it was then.
_OLD = """
import runpy, sys
from chat import catalogue
from chat.messages.versions import V2

schemas = catalogue.schemas()
del schemas._validators[V2]
schemas._upcasts = {}
catalogue.schemas = lambda: schemas
runpy.run_module(sys.argv[-1], run_name="__main__")
"""
OLD = ["python", "-c", _OLD]

# Where a reader runs. `rev` is a message's as long as nobody edits it.
_CODE = """
import json, sys
from sqlalchemy import text
from chassis.database import Database
from chat.settings import WorkerSettings

CREATED = "FROM outbox WHERE topic = 'conversation.message.created' AND event LIKE"
ASKED = {
    "in_1": f"SELECT count(*) {CREATED} '%message.created.v1\\"%'",
    "in_2": f"SELECT count(*) {CREATED} '%message.created.v2\\"%'",
    "stored": "SELECT count(*) FROM messages",
    "newest": "SELECT max(id) FROM outbox",
    "unread": f"SELECT count(*) {CREATED} '%' AND id <= :until AND 2 > (SELECT count(*) FROM inbox"
    " WHERE event_id = event::json->>'id' AND consumer IN ('activity', 'notifications'))",
    "exactly": "SELECT count(*) FROM messages m JOIN activity a USING (conversation_id, rev)"
    " WHERE a.topic = 'conversation.message.created'",
    "notified": "SELECT count(*) FROM notifications",
    "rightly": "SELECT count(*) FROM messages m JOIN notifications n ON n.message_id = m.id AND"
    " (n.conversation_id, n.seq, n.sender_id) = (m.conversation_id, m.seq, m.sender_id)"
    " WHERE body LIKE '@%'",
}
with Database(WorkerSettings(database_connections=1)).read() as connection:
    until = {"until": int(sys.argv[1])}
    print(json.dumps({k: connection.scalar(text(sql), until) for k, sql in ASKED.items()}))
"""


def run(stage: Stage) -> None:
    """Roll there and back, readers first and last; then there and back the other way round."""
    _write(stage, 1)
    ada, bob = stage.people(2)
    group = ada.group([bob])
    mentions: list[str] = []
    _know(stage, 1)
    with (
        stage.load(rate=15),
        stage.meanwhile(lambda: _mention(stage, ada, bob, group, mentions), MENTION_EVERY),
    ):
        stage.wait(PAUSE)
        _know(stage, 2)
        _write(stage, 2)
        _write(stage, 1)
        _until_read(stage)  # an old reader would wait with what is still on its way
        _know(stage, 1)
        early = _waits(stage)
        _write(stage, 2)
        behind = _seen(stage)["unread"]
        _know(stage, 2)
        _until_read(stage)
        _know(stage, 1)
        _write(stage, 1)  # which is no help to them: what they wait with comes first
        waits = _waits(stage)
        _know(stage, 2)
    _until_read(stage)
    told.check(stage)
    stage.claim("readers first, then writers: no reader waited", holds=early == 0, of=1)
    stage.claim("writers first: old readers waited", holds=waits > early and behind > 0, of=1)
    stage.number("messages unread while old readers waited", behind, "")
    _judge(stage, len(mentions))


def _judge(stage: Stage, mentions: int) -> None:
    found = _seen(stage)
    stage.observe("messages written in version 1", found["in_1"], 100)
    stage.observe("messages written in version 2", found["in_2"], 100)
    stored = found["stored"]
    stage.claim("each told of by its own rev", holds=found["exactly"] == stored, of=stored)
    words = "each mention in a text was notified once, with its message and sender"
    stage.claim(words, holds=mentions == found["rightly"] == found["notified"], of=mentions)
    dead = stage.ask("chat", "python", "-m", "chat.dead_letters", "list").splitlines()
    stage.claim("nothing was given up", holds=not dead, of=stored)
    stage.latency("send, from due to acknowledged", "send")


def _write(stage: Stage, version: int) -> None:
    stage.restart("chat", HELD_BACK if version == 1 else (), f"write version {version}:")
    stage.until_ready()
    stage.wait(PAUSE)


def _know(stage: Stage, version: int) -> None:
    for reader in READERS:
        stage.restart(reader, OLD if version == 1 else (), f"know version {version}:")
    stage.wait(PAUSE)


def _mention(stage: Stage, ada: Person, bob: Person, group: str, mentions: list[str]) -> None:
    client_id = f"mention-{len(mentions)}"
    for _ in range(ATTEMPTS):
        try:
            ada.send(group, client_id, f"@{bob.name} {client_id}")
        except (Unreachable, Refused):
            stage.wait(MENTION_EVERY)
        else:
            mentions.append(client_id)
            return


def _waits(stage: Stage) -> int:
    """Return how often a reader has said that it waits for its successor."""
    lines = stage.engine.logs(stage.instance, READERS, None, follow=False)
    return sum(line is not None and "event.newer" in line.text for line in lines)


def _seen(stage: Stage, until: int = 2**62) -> dict[str, int]:
    printed = stage.ask("activity", "python", "-c", _CODE, str(until))
    found: dict[str, int] = json.loads(printed.splitlines()[-1])
    return found


def _until_read(stage: Stage) -> None:
    """Wait until both readers have read what is written by now, and not for ever."""
    until, end = _seen(stage)["newest"], stage.timeline.now() + WITHIN
    while _seen(stage, until)["unread"] and stage.timeline.now() < end:
        stage.wait(0.5)


DRILL = Drill(
    name="schema-roll",
    question="Under load, writers and readers of messages are rolled from version 1 of their event "
    "to version 2 and back, in either order. Is an event lost, told twice, misread or given up?",
    run=run,
    sends=500,
    alone=True,
)
