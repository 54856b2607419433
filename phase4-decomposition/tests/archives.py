"""Archives for tests: a small one with everything in it, and large dull ones."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from postgres import address_of, settings_for
from running import PHASE
from sqlalchemy import Connection, select

from chassis import transfer
from chassis.archive import Record, Section
from chassis.database import Database
from chat.archive import sections
from chat.conversations.documents import direct_id
from chat.people.archive import People
from chat.people.models import PersonRow

HEADER = {"type": "header", "format": "chat-archive", "version": 1}
ANN, BOB, EVE = (f"0190000{n}-0000-7000-8000-000000000000" for n in (1, 2, 3))
NOBODY = "01900009-0000-7000-8000-000000000000"
DIRECT = direct_id(ANN, BOB)
GROUP = "01900005-0000-7000-8000-000000000000"
T0 = 1_790_000_000_000


def message(conversation_id: str, seq: int, **fields: Any) -> dict[str, Any]:
    """Return a text by Ann, or what `fields` make of it."""
    return {
        "type": "message",
        "conversation_id": conversation_id,
        "seq": seq,
        "id": f"0190aaaa-{conversation_id[:4]}-7000-8000-{seq:012x}",
        "rev": seq,
        "kind": "text",
        "sender_id": ANN,
        "client_id": f"c{seq}",
        "sent_hash": hashlib.sha256(b"x").hexdigest(),
        "body": f"text {seq}",
        "reply_to": None,
        "notice": None,
        "reactions": [],
        "created_at": T0 + seq,
        "edited_at": None,
        "deleted_at": None,
    } | fields


def conversation(conversation_id: str, last_seq: int, **fields: Any) -> dict[str, Any]:
    """Return a direct conversation, or what `fields` make of it."""
    return {
        "type": "conversation",
        "id": conversation_id,
        "kind": "direct",
        "name": None,
        "created_by": ANN,
        "created_at": T0,
        "last_seq": last_seq,
        "rev": last_seq,
        "last_activity_at": T0 + last_seq,
    } | fields


def member(conversation_id: str, user_id: str, **fields: Any) -> dict[str, Any]:
    """Return a member who has read nothing, or what `fields` make of it."""
    return {
        "type": "member",
        "conversation_id": conversation_id,
        "user_id": user_id,
        "role": "member",
        "joined_at": T0,
        "read_seq": 0,
    } | fields


def people() -> list[dict[str, Any]]:
    """Return three profiles; their users and logins are auth's part."""
    names = {ANN: "ann", BOB: "bob", EVE: "eve"}
    return [profile(id_, name, f"שם {name}") for id_, name in names.items()]


def profile(user_id: str, username: str, display_name: str) -> dict[str, Any]:
    """Return a profile with nothing else in it."""
    return {
        "type": "profile",
        "user_id": user_id,
        "username": username,
        "display_name": display_name,
        "bio": "",
        "created_at": T0,
        "updated_at": T0,
    }


def small() -> list[dict[str, Any]]:
    """Return the records of a monolith with every kind of record in every state."""
    created = {"action": "created", "user_ids": [BOB], "name": "G", "role": None}
    notice = {"kind": "notice", "client_id": None, "sent_hash": None, "body": None}
    first = message(GROUP, 1, notice=created, **notice)
    reacted = message(
        GROUP,
        2,
        rev=5,
        sender_id=BOB,
        reactions=[
            {"emoji": "👍", "user_id": ANN, "rev": 4},
            {"emoji": "❤️", "user_id": EVE, "rev": 5},
        ],
    )
    gone = message(GROUP, 3, rev=6, body=None, deleted_at=T0 + 7, reply_to=reacted["id"])
    return [
        *people(),
        conversation(GROUP, 3, kind="group", name="G", rev=6),
        member(GROUP, ANN, role="owner", read_seq=3),
        member(GROUP, BOB),
        conversation(DIRECT, 2, created_by=BOB),
        member(DIRECT, ANN),
        member(DIRECT, BOB, read_seq=1),
        first,
        reacted,
        gone,
        message(DIRECT, 1),
        message(DIRECT, 2, edited_at=T0 + 5, body="שלום\n🙂"),
    ]


class PlayedProfiles(People):
    """The profile service's section, from what the monolith knows of people."""

    def write(self, connection: Connection) -> Iterator[Record]:
        """Yield every profile."""
        for row in connection.execute(select(PersonRow.__table__).order_by(PersonRow.user_id)):
            yield profile(row.user_id, row.username, row.display_name)


def own(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what of these records the monolith itself exports."""
    return [one for one in records if one["type"] != "profile"]


def dull(messages: int) -> Iterator[dict[str, Any]]:
    """Yield the records of a monolith with one long conversation."""
    yield from people()
    yield conversation(DIRECT, messages)
    yield from (member(DIRECT, ANN), member(DIRECT, BOB))
    for seq in range(1, messages + 1):
        yield message(DIRECT, seq)


def line(record: dict[str, Any]) -> bytes:
    """Return a record as it stands in an archive."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def sealed(records: Iterable[dict[str, Any]]) -> list[bytes]:
    """Return the lines of an archive whose header and trailer are right."""
    lines = [line(HEADER)]
    counts: Counter[str] = Counter()
    for record in records:
        lines.append(line(record))
        counts[record["type"]] += 1
    sha256 = hashlib.sha256(b"".join(lines)).hexdigest()
    return [*lines, line({"type": "trailer", "counts": counts, "sha256": sha256})]


def database_in(directory: Path) -> Database:
    """Return the database that stands for a directory; its tables are empty at first."""
    return Database(settings_for(directory, database_connections=2))


def is_empty(database: Database) -> bool:
    """Return whether there is no data at all."""
    with database.read() as connection:
        return transfer.is_empty(connection)


def load(database: Database, source: BinaryIO, *, replace: bool = False) -> dict[str, int]:
    """Import."""
    return transfer.import_archive(database, sections, source, lambda _done: None, replace=replace)


def dump(database: Database, target: BinaryIO) -> dict[str, int]:
    """Export, with the part of the profile service as it would be."""

    def both(connection: Connection) -> Sequence[Section]:
        return [PlayedProfiles(), *sections(connection)[1:]]

    return transfer.export_archive(database, both, target, lambda _done: None)


def cli(directory: Path, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start `python -m chat.cli` on the data in a directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "chat.cli", *arguments],
        cwd=PHASE,
        env=os.environ | {"CHAT_DATABASE_URL": address_of(directory)},
        **options,
    )


def run_cli(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m chat.cli` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chat.cli", *arguments],
        cwd=PHASE,
        env=os.environ | {"CHAT_DATABASE_URL": address_of(directory)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
