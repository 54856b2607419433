"""Writers and readers of messages are rolled from version 1 to version 2 and back, in any order."""

import json
from typing import Any

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
from events.versions import V2

schemas = catalogue.schemas()
del schemas._validators[V2]
schemas._upcasts = {}
catalogue.schemas = lambda: schemas
runpy.run_module(sys.argv[-1], run_name="__main__")
"""
OLD = ["python", "-c", _OLD]

# Where messages are: what was written, and told of. `rev` is a message's, as nobody edits it.
_WRITTEN = """
import json
from sqlalchemy import text
from chassis.database import Database
from chassis.messaging.settings import WorkerSettings

ASKED = {
    "events": "SELECT id, event::json->>'id', event::json->>'dataschema' FROM outbox"
    " WHERE topic = 'conversation.message.created'",
    "newest": "SELECT max(id) FROM outbox",
    "messages": "SELECT conversation_id, rev, id, seq, sender_id, coalesce(body, '') LIKE '@%'"
    " FROM messages",
}
with Database(WorkerSettings(database_connections=1)).read() as connection:
    found = {name: connection.execute(text(sql)).all() for name, sql in ASKED.items()}
print(json.dumps({name: [[*row] for row in rows] for name, rows in found.items()}))
"""
# Where readers are: what they have dealt with, and what came of it.
_READ = """
import json
from sqlalchemy import text
from chassis.database import Database
from chassis.messaging.settings import WorkerSettings

ASKED = {
    "read": "SELECT event_id FROM inbox WHERE consumer IN ('activity', 'notifications')"
    " GROUP BY event_id HAVING count(*) = 2",
    "told": "SELECT conversation_id, rev FROM activity"
    " WHERE topic = 'conversation.message.created'",
    "notified": "SELECT message_id, conversation_id, seq, sender_id FROM notifications",
}
with Database(WorkerSettings(database_connections=1)).read() as connection:
    found = {name: connection.execute(text(sql)).all() for name, sql in ASKED.items()}
print(json.dumps({name: [[*row] for row in rows] for name, rows in found.items()}))
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
    stage.restart("messages", HELD_BACK if version == 1 else (), f"write version {version}:")
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
    """Compare what was written with what was read of it, up to a place in the outbox."""
    read, written = _asked(stage, "activity", _READ), _asked(stage, "messages", _WRITTEN)
    dealt_with = {one for (one,) in read["read"]}
    told, notified = {(*one,) for one in read["told"]}, {(*one,) for one in read["notified"]}
    versions = [version.rpartition(".")[2] for _, _, version in written["events"]]
    mentions = {
        (id_, conversation_id, seq, sender_id)
        for conversation_id, _, id_, seq, sender_id, is_mention in written["messages"]
        if is_mention
    }
    return {
        "in_1": versions.count("v1"),
        "in_2": versions.count("v2"),
        "stored": len(written["messages"]),
        "newest": written["newest"][0][0] or 0,
        "unread": sum(
            place <= until and event_id not in dealt_with
            for place, event_id, _ in written["events"]
        ),
        "exactly": sum((one[0], one[1]) in told for one in written["messages"]),
        "notified": len(notified),
        "rightly": len(mentions & notified),
    }


def _asked(stage: Stage, service: str, code: str) -> dict[str, list[Any]]:
    printed = stage.ask(service, "python", "-c", code)
    found: dict[str, list[Any]] = json.loads(printed.splitlines()[-1])
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
