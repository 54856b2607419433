"""An archive brings everything back, byte for byte, or is refused whole, naming the bad line."""

import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import (
    ANN,
    DIRECT,
    EVE,
    HEADER,
    NOBODY,
    database_in,
    dull,
    dump,
    is_empty,
    line,
    load,
    sealed,
    small,
)
from flask import Flask
from flask.testing import FlaskClient
from postgres import settings_for
from pydantic_core import from_json
from sqlalchemy import event
from stand_in import create_app

from chassis.archive import Refused
from chassis.database import Database
from chassis.mode import Mode
from chassis.transfer import NotPossible

Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Return a database that stays empty: whoever uses it asserts so."""
    return database_in(tmp_path_factory.mktemp("empty"))


def test_export_after_import_gives_the_same_bytes(tmp_path: Path) -> None:
    archive = b"".join(sealed(small()))
    database = database_in(tmp_path)
    counts = load(database, io.BytesIO(archive))
    again = io.BytesIO()
    assert dump(database, again) == counts
    assert again.getvalue() == archive


def test_an_empty_system_can_be_carried_over_too(tmp_path: Path) -> None:
    database, target = database_in(tmp_path), io.BytesIO()
    assert dump(database, target) == {}
    target.seek(0)
    assert load(database, target) == {}
    assert database.mode() is Mode.OPEN


def _register(client: FlaskClient, name: str) -> tuple[str, dict[str, str]]:
    answer = client.post(
        "/api/v1/auth/register",
        json={"username": name, "password": "correct horse", "display_name": name.title()},
    )
    tokens = answer.get_json()
    return tokens["user_id"], {"Authorization": f"Bearer {tokens['access_token']}"}


def _live_a_little(client: FlaskClient) -> tuple[dict[str, str], str]:
    """Do every kind of write through HTTP; return Ann's headers and a group."""
    ann_id, ann = _register(client, "ann")
    bob_id, bob = _register(client, "bob")
    api = "/api/v1/conversations"
    body = {"kind": "group", "name": "Gruppe", "member_ids": [bob_id]}
    group = client.post(api, json=body, headers=ann).get_json()["id"]
    direct = {"kind": "direct", "member_ids": [ann_id]}
    client.post(api, json=direct, headers=bob)
    messages = f"{api}/{group}/messages"
    sent = [
        client.post(
            messages, json={"client_id": f"c{n}", "body": f"mot {n} 🙂"}, headers=ann
        ).get_json()["id"]
        for n in range(4)
    ]
    reply = {"client_id": "r", "body": "réponse", "reply_to": sent[0]}
    client.post(messages, json=reply, headers=bob)
    client.patch(f"{messages}/{sent[1]}", json={"body": "edited"}, headers=ann)
    client.delete(f"{messages}/{sent[2]}", headers=ann)
    client.put(f"{messages}/{sent[3]}/reactions/👍", headers=bob)
    client.put(f"{messages}/{sent[3]}/reactions/🎉", headers=ann)
    client.patch(f"{api}/{group}", json={"name": "Neuer Name"}, headers=ann)
    return ann, group


def _read(client: FlaskClient, headers: dict[str, str], path: str) -> Any:
    answer = client.get(f"/api/v1{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_what_was_lived_reads_the_same_in_the_next_system(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    ann, group = _live_a_little(client)
    archive = io.BytesIO()
    dump(database_in(tmp_path / "data"), archive)
    archive.seek(0)
    load(database_in(tmp_path / "next"), archive)
    other = create_app(settings_for(tmp_path / "next")).test_client()
    messages = f"/conversations/{group}/messages"
    for path in ("/conversations", messages, f"/conversations/{group}/changes?after=0"):
        assert _read(other, ann, path) == _read(client, ann, path)
    resend = {"client_id": "c1", "body": "mot 1 🙂"}
    assert other.post(f"/api/v1{messages}", json=resend, headers=ann).status_code == 200
    resend["body"] = "edited"
    assert other.post(f"/api/v1{messages}", json=resend, headers=ann).status_code == 409


def _set(position: int, **fields: Any) -> Callable[[Records], None]:
    """Return a change of the record on line `position`."""

    def change(records: Records) -> None:
        records[position - 2].update(fields)

    return change


def _swap(one: int, other: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        records[one - 2], records[other - 2] = records[other - 2], records[one - 2]

    return change


def _turn_round(begin: int, middle: int, end: int) -> Callable[[Records], None]:
    """Return a change that puts the lines from `middle` to `end` before those from `begin`."""

    def change(records: Records) -> None:
        one, other = records[begin - 2 : middle - 2], records[middle - 2 : end - 1]
        records[begin - 2 : end - 1] = other + one

    return change


def _double(position: int) -> Callable[[Records], None]:
    def change(records: Records) -> None:
        records.insert(position - 1, dict(records[position - 2]))

    return change


# Lines of small(): profiles 2-4, group 5-7, direct 8-10.
CONTRADICTIONS: list[tuple[str, Callable[[Records], None], int, str]] = [
    ("auth's record", _set(2, type="user"), 2, "does not know records of type 'user'"),
    ("a person twice", _double(2), 3, "people: Key (user_id)"),
    ("an unknown field", _set(5, admin=True), 5, "conversation.admin"),
    ("a text for a number", _set(5, created_at="1"), 5, "conversation.created_at"),
    ("a section too late", _swap(4, 5), 5, "a record of type 'profile' stands too late"),
    ("messages' record", _set(8, type="message"), 8, "does not know records of type 'message'"),
    ("a later phase's record", _set(8, type="media"), 8, "does not know records of type 'media'"),
    ("conversations out of order", _turn_round(5, 8, 10), 8, "stands in the wrong place"),
    ("a conversation's members gone astray", _swap(5, 8), 6, "member.conversation_id"),
    ("a member first", _swap(5, 6), 5, "before any conversation"),
    ("a group without a name", _set(5, name=None), 5, "conversation.name"),
    ("a group without an owner", _set(6, role="admin"), 5, "has one owner, this one has 0"),
    ("a creator who is nobody", _set(5, created_by=NOBODY), 5, "conversation.created_by"),
    ("a member who is nobody", _set(7, user_id=NOBODY), 7, "member.user_id: there is no user"),
    ("a member twice", _double(7), 8, "stands in the wrong place"),
    ("a member elsewhere", _set(7, conversation_id=DIRECT), 7, "is not the conversation above"),
    ("having read the future", _set(7, read_seq=4), 7, "member.read_seq"),
    ("a direct one's third", _set(10, user_id=EVE), 8, "conversation.created_by"),
    ("a direct id of others", _set(8, created_by=ANN, id="fe" + DIRECT[2:]), 9, "member.conv"),
    ("rev below seq", _set(5, rev=2), 5, "conversation.rev"),
]


@pytest.mark.parametrize(
    ("change", "bad_line", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in CONTRADICTIONS],
)
def test_a_contradiction_is_refused_by_line(
    empty: Database, change: Callable[[Records], None], bad_line: int, reason: str
) -> None:
    records = [dict(record) for record in small()]
    change(records)
    _refused(empty, b"".join(sealed(records)), bad_line, reason)


LINES = sealed(small())
WHOLE = b"".join(LINES)
TRAILER = json.loads(LINES[-1])
LAST = len(LINES)
DAMAGES: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 1, "this is no chat archive"),
    ("a picture", b"\x89PNG\r\n\x1a\n\0\0", 1, "this is no chat archive"),
    ("other JSON Lines", b'{"a":1}\n{"a":2}\n', 1, "this is no chat archive"),
    ("another format", line(HEADER | {"format": "mbox"}), 1, "but a 'mbox'"),
    ("a newer version", line(HEADER | {"version": 2}), 1, "has version 2, this system reads 1"),
    ("only a header", LINES[0], 2, "ends before its trailer"),
    ("cut between lines", b"".join(LINES[:7]), 8, "ends before its trailer"),
    ("cut in a line", WHOLE[: len(b"".join(LINES[:9])) - 9], 9, "the line has no end"),
    ("cut in the trailer", WHOLE[:-5], LAST, "the line has no end"),
    ("no trailer", b"".join(LINES[:-1]), LAST, "ends before its trailer"),
    ("more after the trailer", WHOLE + b"\n", LAST + 1, "something after the trailer"),
    ("two archives", WHOLE + WHOLE, LAST + 1, "something after the trailer"),
    ("no JSON", b"".join([*LINES[:3], b"oops\n", *LINES[3:]]), 4, "this is no record"),
    ("broken JSON", b"".join([*LINES[:2], LINES[2][:40] + b"\n", *LINES[3:]]), 3, "profile"),
    ("not UTF-8", WHOLE.replace("שם ann".encode(), b"\xff\xfe"), 2, "profile"),
    ("a lone surrogate", WHOLE.replace(b'"name":"G"', b'"name":"\\ud800"'), 5, "conversation"),
    ("an edited name", WHOLE.replace(b'"name":"G"', b'"name":"H"'), LAST, "SHA-256 differs"),
    (
        "a trailer that counts wrong",
        b"".join([*LINES[:-1], line(TRAILER | {"counts": TRAILER["counts"] | {"profile": 4}})]),
        LAST,
        "counts other records",
    ),
    (
        "a wrong check sum",
        b"".join([*LINES[:-1], line(TRAILER | {"sha256": "0" * 64})]),
        LAST,
        "SHA-256 differs",
    ),
]


@pytest.mark.parametrize(
    ("archive", "bad_line", "reason"), [pytest.param(*case[1:], id=case[0]) for case in DAMAGES]
)
def test_a_damaged_or_foreign_file_is_refused_by_line(
    empty: Database, archive: bytes, bad_line: int, reason: str
) -> None:
    _refused(empty, archive, bad_line, reason)


def test_an_endless_line_is_refused_before_it_fills_the_memory(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.archive.LINE_MAX", 1000)
    archive = LINES[0] + b'{"type":"profile",' + b" " * 2000 + b"\n"
    _refused(empty, archive, 2, "longer than 1000 bytes")


def _refused(database: Database, archive: bytes, bad_line: int, reason: str) -> None:
    """Assert that the archive is refused for this, and that the system is empty and open after."""
    with pytest.raises(Refused) as refusal:
        load(database, io.BytesIO(archive))
    assert refusal.value.line == bad_line, refusal.value
    assert reason in refusal.value.reason
    assert is_empty(database)
    assert database.mode() is Mode.OPEN


def test_only_an_empty_system_is_filled(tmp_path: Path) -> None:
    database = database_in(tmp_path)
    load(database, io.BytesIO(WHOLE))
    with pytest.raises(NotPossible, match="not empty"):
        load(database, io.BytesIO(WHOLE))
    assert _dumped(database) == WHOLE
    assert database.mode() is Mode.OPEN


def test_an_interrupt_in_the_middle_of_a_statement_empties_it_again(tmp_path: Path) -> None:
    database = database_in(tmp_path)

    @event.listens_for(database._engine, "do_executemany", once=True)
    def in_the_middle(cursor: Any, statement: str, rows: Any, _context: Any) -> None:
        cursor.executemany(statement, rows)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(database, io.BytesIO(WHOLE))
    assert database.mode() is Mode.OPEN
    assert is_empty(database)
    load(database, io.BytesIO(WHOLE))


def test_replacing_is_all_or_nothing(tmp_path: Path) -> None:
    database = database_in(tmp_path)
    load(database, io.BytesIO(WHOLE))
    other = sealed(dull(3))
    with pytest.raises(Refused):
        load(database, io.BytesIO(b"".join(other[:-1])), replace=True)
    assert _dumped(database) == WHOLE
    load(database, io.BytesIO(b"".join(other)), replace=True)
    assert _dumped(database) == b"".join(other)


def _dumped(database: Database) -> bytes:
    target = io.BytesIO()
    dump(database, target)
    return target.getvalue()


@pytest.fixture
def traced() -> Iterator[None]:
    """Memory is counted all along: what was there before, and is given back meanwhile, too."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    def peak(work: Callable[[], object]) -> int:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        _, highest = tracemalloc.get_traced_memory()
        return highest - before

    # pydantic remembers some 16,000 short strings, in place of others as soon as it has so many.
    for record in dull(20_000):
        from_json(line(record))
    figures = []
    for turn, groups in enumerate((1_000, 1_000, 6_000)):  # the first makes what is kept for good
        path = tmp_path / f"{turn}.jsonl"
        path.write_bytes(b"".join(sealed(dull(groups))))
        database = database_in(tmp_path / str(turn))
        with path.open("rb") as source, (tmp_path / "out").open("wb") as target:
            loading = peak(lambda: load(database, source))  # noqa: B023 - called at once
            dumping = peak(lambda: dump(database, target))  # noqa: B023
        figures.append((path.stat().st_size, loading, dumping))
    _, (size, loading, dumping), (larger, loading_more, dumping_more) = figures
    assert loading_more - loading < (larger - size) / 10
    assert dumping_more - dumping < (larger - size) / 10
