"""What is done in the application is in the outbox, or neither is; and the schemas describe it."""

import json
from pathlib import Path
from typing import Any

import pytest
from brokers import rows
from flask import Flask
from people import Somebody
from postgres import address_of, settings_for
from stand_in import create_app

from chassis.database import Database
from chassis.errors import StorageFull
from chassis.events import new_event
from chassis.messaging.outbox import Outbox
from chassis.messaging.schemas import Unacceptable
from chat.catalogue import TOPICS, schemas

OUTBOX = "SELECT event, topic, lane FROM outbox ORDER BY id"


def _do_everything(app: Flask) -> None:
    """Do each thing that is announced, at least once."""
    client = app.test_client()
    ada, bob, cyd = (Somebody(client, name) for name in ("ada", "bob", "cyd"))
    group = ada.group(bob)
    ada.do("POST", "/conversations", {"kind": "direct", "member_ids": [bob.id]})
    ada.do("PATCH", group, {"name": "H"})
    ada.do("POST", f"{group}/members", {"user_ids": [cyd.id]})
    ada.do("PATCH", f"{group}/members/{bob.id}", {"role": "admin"})
    message = ada.send(group, "one")
    at = f"{group}/messages/{message['id']}"
    ada.do("PATCH", at, {"body": "two"})
    bob.do("PUT", f"{at}/reactions/👍")
    bob.do("DELETE", f"{at}/reactions/👍")
    bob.do("PUT", f"{group}/read", {"seq": message["seq"]})
    ada.do("DELETE", at)
    ada.ask("DELETE", f"{group}/members/{cyd.id}")
    cyd.do("POST", "/jobs", {"kind": "export"})


def test_all_that_is_announced_is_there_in_order_and_as_its_schema_says(
    app: Flask, tmp_path: Path
) -> None:
    _do_everything(app)
    found = rows(address_of(tmp_path / "data"), OUTBOX)
    events = [schemas().read(event.encode()) for event, _, _ in found]
    asked = {"notification.digest_due"}  # by another process
    types = {event["type"] for event in events}
    by_messages = {one for one in types if one.startswith("conversation.")} - {"conversation.read"}
    assert types - by_messages == set(TOPICS.values()) - asked
    assert len(by_messages) == 10
    assert [event["type"] for event in events] == [topic for _, topic, _ in found]
    for event in events:
        assert event["traceparent"][3:35] == event["requestid"].replace("-", "")
    revs: dict[str, list[int]] = {}
    for event in events:
        if event["type"] == "conversation.message.created":
            revs.setdefault(event["subject"], []).append(event["rev"])
    assert all(sorted(of_one) == of_one for of_one in revs.values())
    everything = "".join(event for event, _, _ in found)
    assert "password" not in everything
    assert "argon2" not in everything
    lanes = {(json.loads(event).get("subject"), lane) for event, _, lane in found}
    conversations = [subject for subject, _ in lanes if subject]
    assert len(conversations) == len(set(conversations)), "a conversation has one lane"


def test_a_send_does_not_read_who_is_to_hear_of_it(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    ada, others = Somebody(client, "ada"), [Somebody(client, f"other{n}") for n in range(9)]
    for group in (ada.group(), ada.group(*others)):
        body = {"client_id": "c1", "body": "hello"}
        timing = ada.ask("POST", f"{group}/messages", body).headers["Server-Timing"]
        assert '"3 queries"' in timing
    ((event,), *_) = rows(
        address_of(tmp_path / "data"), "SELECT event FROM outbox ORDER BY id DESC LIMIT 1"
    )
    assert not any(one.id in event for one in others)


def test_what_is_rolled_back_is_not_there(database: Database, url: str) -> None:
    def fail() -> None:
        with database.write() as work:
            work.announce(new_event("read", {}, conversation_id="x"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(url, OUTBOX) == []


def test_when_too_much_waits_nothing_is_acknowledged_that_would_not_be_told(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path / "data", outbox_max=5))
    ada = Somebody(app.test_client(), "ada")
    group = ada.group()
    codes = {
        ada.ask("POST", f"{group}/messages", {"client_id": f"c{n}", "body": "x"}).status_code
        for n in range(3)
    }
    url = address_of(tmp_path / "data")
    told = len(rows(url, OUTBOX))
    rows(
        url,
        "INSERT INTO outbox (lane, topic, event, created_at) SELECT 0, 'x', '', 0 FROM"
        " generate_series(1, 9)",
    )
    outbox = Outbox(TOPICS, 5)
    database = Database(settings_for(tmp_path / "data"), outbox=outbox)
    with pytest.raises(StorageFull), database.write() as work:
        work.announce(new_event("read", {}, conversation_id="x"))
    database.close()
    assert codes == {201}
    assert len(rows(url, "SELECT topic FROM outbox WHERE topic <> 'x'")) == told


def _valid() -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "019ab2c9-47f0-7e15-8066-5f60718293a4",
        "source": "/chat",
        "type": "conversation.read",
        "time": "2026-11-23T21:05:30.251Z",
        "dataschema": "urn:chat:conversation.read.v1",
        "datacontenttype": "application/json",
        "subject": "019ab2c6-1000-7c13-8e44-3d4f5e6f7081",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "data": {"user_id": "019ab2c5-0a00-7d14-9f55-4e5f60718293", "read_seq": 3},
    }


def test_a_reader_takes_fields_that_it_does_not_know() -> None:
    event = _valid() | {"new": 1}
    event["data"]["new"] = 1
    assert schemas().read(json.dumps(event).encode())["id"] == event["id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": {"user_id": "secret", "read_seq": 3}}, "data/user_id breaks"),
        ({"data": {}}, "data breaks"),
        ({"type": "conversation.renamed"}, "type breaks"),
        ({"dataschema": "urn:chat:conversation.nothing.v1"}, "nobody here knows"),
        ({"subject": None}, "subject breaks"),
        ({"traceparent": "x"}, "traceparent breaks"),
    ],
)
def test_what_no_schema_allows_is_unacceptable_and_is_not_quoted(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unacceptable, match=said) as error:
        schemas().read(json.dumps(_valid() | change).encode())
    assert "secret" not in str(error.value)
