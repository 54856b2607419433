"""Events change their shape, readers and writers are rolled in any order, and nothing is lost."""

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from brokers import Host, Worker, rows
from compatible import RELEASED, broken, promises, tree
from waiting import wait_for

from chassis.clock import now_ms, rfc3339
from chassis.database import Database
from chassis.events import new_event
from chassis.ids import new_id
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.outbox import Outbox
from chassis.messaging.schemas import Schemas
from chassis.messaging.settings import WorkerSettings
from chassis.work import Work
from chat.catalogue import schemas
from events import versions
from events.topology import ACTIVITY, TOPOLOGY

Start = Callable[..., Worker]
TOPICS = {"message.created": "conversation.message.created"}
HELD_BACK = "conversation.message.created.v1"
EACH = 150


class Old(Schemas):
    """What readers knew before there was version 2."""

    def __init__(self) -> None:
        super().__init__(Path(__file__).parents[2] / "events" / "schemas", {})
        del self._validators[versions.V2]


class Roll:
    """Writers and readers of either release, over one broker."""

    def __init__(self, host: Host, url: str) -> None:
        self._host = host
        self._url = url
        self.read: list[str] = []
        self.conversation = new_id()
        self.seq = 0

    def write(self, held_back: str, count: int) -> None:
        """Send so many messages as a process with that setting does."""
        settings = WorkerSettings.model_validate({"database_url": self._url})
        upcasts = {} if held_back else versions.UPCASTS
        database = Database(settings, outbox=Outbox(TOPICS, 100_000, upcasts))
        for _ in range(count):
            self.seq += 1
            told = {"message": self._message()}
            with database.write() as work:
                work.announce(
                    new_event(
                        "message.created", told, conversation_id=self.conversation, rev=self.seq
                    )
                )
            time.sleep(0.005)
        database.close()

    def _message(self) -> dict[str, Any]:
        nothing = dict.fromkeys(("reply_to", "notice", "edited_at", "deleted_at"))
        return nothing | {
            "id": new_id(),
            "conversation_id": self.conversation,
            "seq": self.seq,
            "rev": self.seq,
            "kind": "text",
            "sender_id": new_id(),
            "client_id": "c",
            "body": f"text {self.seq}",
            "reactions": [],
            "created_at": rfc3339(now_ms()),
        }

    @contextmanager
    def reader(self, *, old: bool) -> Iterator[None]:
        """Read as a process of either release does, until the end."""
        database = Database(WorkerSettings.model_validate({"database_url": self._url}))
        stopping = threading.Event()
        consumer = Consumer(
            ACTIVITY,
            self._read_old if old else self._read_new,
            database=database,
            broker=self._host.settings.parameters("reader"),
            topology=TOPOLOGY,
            schemas=Old() if old else schemas(),
        )
        thread = threading.Thread(target=consumer.run, args=[stopping])
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()
            database.close()

    def _read_old(self, _work: Work, event: CloudEvent) -> None:
        self.read.append(event["data"]["message"]["body"])

    def _read_new(self, _work: Work, event: CloudEvent) -> None:
        (part,) = event["data"]["content"]
        self.read.append(part["text"])

    def is_whole(self) -> bool:
        """Return whether each message was read, in order; nothing was given up."""
        return self.read == [f"text {number}" for number in range(1, self.seq + 1)]


@pytest.mark.parametrize("held_back", ["", HELD_BACK])
def test_people_get_what_they_always_got_whichever_version_is_written(
    host: Host, url: str, database: Database, held_back: str
) -> None:
    roll = Roll(host, url)
    roll.write(held_back, 1)
    ((written,),) = rows(url, "SELECT event FROM outbox")
    version = held_back or "conversation.message.created.v2"
    assert json.loads(written)["dataschema"] == f"urn:chat:{version}"
    message = versions.message_of(schemas().read(written.encode()))
    assert (message["seq"], message["body"], message["notice"]) == (1, "text 1", None)


@pytest.mark.parametrize("first", ["readers", "writers"])
def test_rolled_in_either_order_under_load_nothing_is_lost_or_misread(
    host: Host, url: str, database: Database, start: Start, first: str
) -> None:
    """Each release writes its own version at once: nobody holds anything back."""
    roll = Roll(host, url)
    host.declare()
    start("chat.relay")

    def write() -> None:
        roll.write(HELD_BACK, EACH)
        roll.write("", EACH)

    writing = threading.Thread(target=write)
    with roll.reader(old=True):
        writing.start()
        if first == "writers":
            writing.join()
            wait_for(lambda: len(roll.read) == EACH, 20)
            time.sleep(0.5)
            assert len(roll.read) == EACH, "it waits for its successor"
        else:
            wait_for(lambda: len(roll.read) > EACH // 3, 20)
    with roll.reader(old=False):
        writing.join()
        wait_for(lambda: len(roll.read) >= roll.seq, 20)
    assert roll.is_whole()
    assert host.take(TOPOLOGY.dead.name) == []
    assert host.take(ACTIVITY) == []


def _released() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RELEASED.read_text())
    return found


def test_what_was_released_is_still_promised() -> None:
    assert broken(_released(), promises(tree())) == []


def test_each_version_is_recorded() -> None:
    assert _released().keys() == promises(tree()).keys(), "run tests/compatible.py"


READ, DATA = "urn:chat:conversation.read.v1", ("properties", "data")


def _at(document: Any, *path: str) -> Any:
    for step in path:
        document = document[step]
    return document


def _add_required(schemas: dict[str, Any]) -> None:
    _at(schemas[READ], *DATA, "required").append("device")
    _at(schemas[READ], *DATA, "properties")["device"] = {"type": "string"}


def _remove(schemas: dict[str, Any]) -> None:
    del _at(schemas[READ], *DATA, "properties")["read_seq"]
    _at(schemas[READ], *DATA, "required").remove("read_seq")


def _narrow(schemas: dict[str, Any]) -> None:
    _at(schemas["urn:chat:common"], "$defs", "role", "enum").remove("admin")


def _retype(schemas: dict[str, Any]) -> None:
    _at(schemas[READ], *DATA, "properties")["read_seq"] = {"type": "string"}


def _make_optional(schemas: dict[str, Any]) -> None:
    _at(schemas[READ], *DATA, "required").remove("user_id")


def _drop(schemas: dict[str, Any]) -> None:
    del schemas[READ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_add_required, "/data/device is required"),
        (_remove, "/data/read_seq is gone"),
        (_narrow, "conversation.role_changed.v1: /data/role was"),
        (_retype, "/data/read_seq was"),
        (_make_optional, "/data/user_id was"),
        (_drop, "is gone"),
    ],
)
def test_a_breaking_change_without_a_new_version_is_refused(
    change: Callable[[dict[str, Any]], None], said: str
) -> None:
    changed = copy.deepcopy(tree())
    change(changed)
    faults = broken(_released(), promises(changed))
    assert any(said in fault for fault in faults), faults


def test_an_optional_field_and_a_new_version_are_not() -> None:
    changed = copy.deepcopy(tree())
    _at(changed[READ], *DATA, "properties")["device"] = {"type": "string"}
    second = copy.deepcopy(changed[READ]) | {"$id": "urn:chat:conversation.read.v2"}
    _remove({READ: second})
    changed["urn:chat:conversation.read.v2"] = second
    assert broken(_released(), promises(changed)) == []
