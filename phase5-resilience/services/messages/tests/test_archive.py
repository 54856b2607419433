"""Messages of an archive come back byte for byte, or are refused, naming the bad line."""

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from playing import Somebody
from records import ANN, DIRECT, EVE, GROUP, NOBODY, message, sealed, small

from chassis import services, transfer
from chassis.archive import Refused
from chassis.database import Database
from messages.archive import sections

HEART, FULL_HEART = "\u2764", "\u2764\ufe0f"
Records = list[dict[str, Any]]


def _load(app: Flask, records: Records) -> None:
    database, archive = services.of(app).get(Database), io.BytesIO(b"".join(sealed(records)))
    transfer.import_archive(database, sections, archive, lambda _done: None)


def test_export_after_import_gives_the_same_messages_and_how_far_they_go(app: Flask) -> None:
    _load(app, small())
    target = io.BytesIO()
    transfer.export_archive(services.of(app).get(Database), sections, target, lambda _done: None)
    ends = [
        {"type": "timeline", "conversation_id": one["id"]}
        | {name: one[name] for name in ("last_seq", "rev")}
        for one in small()
        if one["type"] == "conversation"
    ]
    texts = [one for one in small() if one["type"] == "message"]
    assert target.getvalue().splitlines()[1:-1] == [
        one.rstrip() for one in sealed([*ends, *texts])[1:-1]
    ]


def _set(position: int, **fields: Any) -> Callable[[Records], None]:
    """Return a change of the record on line `position`."""
    return lambda records: records[position - 2].update(fields)


def _swap(one: int, other: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        records[one - 2], records[other - 2] = records[other - 2], records[one - 2]

    return change


def _drop(position: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        del records[position - 2]

    return change


def _double(position: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        records.insert(position - 1, dict(records[position - 2]))

    return change


# Lines of small(): profiles 2-4, group 5-7, direct 8-10, messages 11-15.
CONTRADICTIONS: list[tuple[str, Callable[[Records], None], int, str]] = [
    ("a gap", _drop(12), 12, f"belongs message 2 of 3 of {GROUP}"),
    ("messages out of order", _swap(14, 15), 14, f"belongs message 1 of 2 of {DIRECT}"),
    ("the last message missing", _drop(15), 15, f"belongs message 2 of 2 of {DIRECT}"),
    ("a message too many", _double(15), 16, "every timeline is complete already"),
    ("a rev beyond", _set(13, rev=7), 13, "message.rev: must be from seq"),
    ("a rev not reached", _set(5, rev=8), 13, "the timeline ends at 6, the conversation says 8"),
    ("a rev twice", _set(13, rev=5), 13, "the timeline ends at 5"),
    ("a sender who is nobody", _set(14, sender_id=NOBODY), 14, "message: there is no user"),
    (
        "a client id twice",
        _set(15, client_id="c1"),
        15,
        "messages: Key (conversation_id, sender_id, client_id)",
    ),
    ("an id twice", _set(15, id=message(DIRECT, 1)["id"]), 15, "messages: Key (id)"),
    ("a reply into the blue", _set(15, reply_to=NOBODY), 15, "message.reply_to"),
    ("a reply across", _set(15, reply_to=message(GROUP, 2)["id"]), 15, "message.reply_to"),
    ("a tombstone that talks", _set(13, body="boo"), 13, "message.body"),
    ("a blank message", _set(14, body=" \n"), 14, "message.body: must not be blank"),
    ("a control character", _set(14, body="\x07"), 14, "message.body"),
    ("a message without its hash", _set(14, sent_hash=None), 14, "message.client_id"),
    ("a notice with a body", _set(11, body="boo"), 11, "message.body"),
    ("a notice changed", _set(11, edited_at=1), 11, "message.kind"),
    (
        "reactions in another order",
        lambda records: records[10]["reactions"].reverse(),
        12,
        "message.reactions: revs must grow",
    ),
    ("another service's record", _set(11, type="user"), 11, "does not know records of type 'user'"),
]


@pytest.mark.parametrize(
    ("change", "bad_line", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in CONTRADICTIONS],
)
def test_a_contradiction_is_refused_by_line_and_leaves_nothing(
    app: Flask, change: Callable[[Records], None], bad_line: int, reason: str
) -> None:
    records = [dict(record) for record in small()]
    change(records)
    with pytest.raises(Refused) as refusal:
        _load(app, records)
    assert refusal.value.line == bad_line, refusal.value
    assert reason in refusal.value.reason
    with services.of(app).get(Database).read() as connection:
        assert transfer.is_empty(connection)


def test_texts_and_reactions_from_before_there_were_rules_go_on_being_used(
    app: Flask, ann: Somebody
) -> None:
    records, ann.id = small(), ANN
    reacted = records[10]
    reacted["body"] = "\u200b"
    reacted["reactions"] = [
        {"emoji": HEART, "user_id": ANN, "rev": 3},
        {"emoji": FULL_HEART, "user_id": ANN, "rev": 4},
        {"emoji": FULL_HEART, "user_id": EVE, "rev": 5},
    ]
    _load(app, records)
    there = ann.do("GET", f"/{GROUP}/messages")["items"][1]
    assert there["body"] == "\u200b"
    assert there["reactions"] == [{"emoji": FULL_HEART, "user_ids": [ANN, EVE]}]
    at = f"/{GROUP}/messages/{there['id']}/reactions/{quote(HEART)}"
    assert ann.do("PUT", at)["rev"] == there["rev"], "she has given it already"
    assert ann.do("DELETE", at)["reactions"] == [{"emoji": FULL_HEART, "user_ids": [EVE]}]
