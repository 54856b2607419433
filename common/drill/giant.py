"""An archive with one person who has a great deal, and one who has little."""

import hashlib
import uuid
from typing import Any, BinaryIO

from world.archive import Writer, line
from world.generate import PASSWORD, PASSWORD_HASH

__all__ = ["NAME", "PASSWORD", "SMALL", "write"]

NAME, SMALL = "giant", "small"
FEW, SHORT = 3, 50
"""Conversations of the person with little, and messages in each."""
BEGINNING = 1_700_000_000_000
"""Milliseconds since the epoch."""
TEXT = "A line as long as people write, now and then with an afterthought."

_WHO = {name: str(uuid.UUID(int=number)) for number, name in enumerate((NAME, SMALL), start=1)}


def write(file: BinaryIO, conversations: int, messages: int) -> None:
    """Write it. The giant is alone in all conversations; one has that many messages, the rest one.

    Ids ascend with their numbers, which is the order that the format asks for.
    """
    writer = Writer(file)
    for name in (NAME, SMALL):
        writer.write("user", line(_user(name)))
    for name in (NAME, SMALL):
        writer.write("profile", line(_profile(name)))
    places = [(number, NAME, 1) for number in range(1, conversations)]
    places.append((conversations, NAME, messages))
    places += [(conversations + number, SMALL, SHORT) for number in range(1, FEW + 1)]
    for number, name, count in places:
        writer.write("conversation", line(_conversation(number, name, count)))
        writer.write("member", line(_member(number, name, count)))
    for number, name, count in places:
        for seq in range(1, count + 1):
            writer.write("message", line(_message(number, name, seq)))
    writer.close()


def _id(*numbers: int) -> str:
    high, low = (*numbers, 0)[:2]
    return str(uuid.UUID(int=(high + 16) << 64 | low))


def _user(name: str) -> dict[str, Any]:
    return {
        "type": "user",
        "id": _WHO[name],
        "username": name,
        "password_hash": PASSWORD_HASH,
        "created_at": BEGINNING,
    }


def _profile(name: str) -> dict[str, Any]:
    return {
        "type": "profile",
        "user_id": _WHO[name],
        "username": name,
        "display_name": name.title(),
        "bio": "",
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
    }


def _conversation(number: int, name: str, count: int) -> dict[str, Any]:
    return {
        "type": "conversation",
        "id": _id(number),
        "kind": "group",
        "name": f"Group {number}",
        "created_by": _WHO[name],
        "created_at": BEGINNING,
        "last_seq": count,
        "rev": count,
        "last_activity_at": BEGINNING + number,
    }


def _member(number: int, name: str, count: int) -> dict[str, Any]:
    return {
        "type": "member",
        "conversation_id": _id(number),
        "user_id": _WHO[name],
        "role": "owner",
        "joined_at": BEGINNING,
        "read_seq": count,
    }


def _message(number: int, name: str, seq: int) -> dict[str, Any]:
    body = f"{TEXT} {seq}"
    return {
        "type": "message",
        "conversation_id": _id(number),
        "seq": seq,
        "id": _id(number, seq),
        "rev": seq,
        "kind": "text",
        "sender_id": _WHO[name],
        "client_id": f"m{seq}",
        "sent_hash": hashlib.sha256(f"\n{body}".encode()).hexdigest(),
        "body": body,
        "reply_to": None,
        "notice": None,
        "reactions": [],
        "created_at": BEGINNING + seq,
        "edited_at": None,
        "deleted_at": None,
    }
