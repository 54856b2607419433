"""Records of an archive for tests: a small one with everything in it, whosever that is by now."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

HEADER = {"type": "header", "format": "chat-archive", "version": 1}
ANN, BOB, EVE = (f"0190000{n}-0000-7000-8000-000000000000" for n in (1, 2, 3))
NOBODY = "01900009-0000-7000-8000-000000000000"
DIRECT = "3d950b73-e84c-5f20-a020-8e273fa1398c"  # of Ann and Bob
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
    """Return what was a monolith's, with every kind of record in every state."""
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
