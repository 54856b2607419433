"""What happened in one conversation: when each message was sent, and how it changed later."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from world.dice import Dice
from world.ids import uuid7
from world.people import Person
from world.plan import Conversation
from world.script import Entry, Scene, Script

HOUR = 3600 * 1000
SECOND = 1000
WAKING = (0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 7, 6, 7, 7, 6, 6, 7, 8, 9, 9, 7, 4, 2)
"""How much people write in each hour of their day."""
EMOJI = ("👍", "👍", "❤️", "😂", "🎉", "🙏", "👀", "💯")

Record = dict[str, Any]


@dataclass(frozen=True)
class Timeline:
    """The records of one conversation."""

    conversation: Record
    members: list[Record]
    messages: list[Record]


def timeline(conversation: Conversation, end: int, number: int) -> Timeline:
    """Return all that happened in a conversation until `end`, the same for the same number."""
    dice = Dice("timeline", number, conversation.id)
    script = Script(conversation, dice)
    scenes = list(script.scenes())
    times = _times(conversation, scenes, end, dice)
    entries = [entry for scene in scenes for entry in scene]
    messages = _messages(conversation, entries, times, dice)
    rev = _change(messages, entries, script.present, end, dice)
    record = {
        "type": "conversation",
        "id": conversation.id,
        "kind": conversation.kind,
        "name": conversation.name,
        "created_by": conversation.members[0].id,
        "created_at": conversation.created_at,
        "last_seq": len(messages),
        "rev": rev,
        "last_activity_at": times[-1] if times else conversation.created_at,
    }
    return Timeline(record, _members(conversation, script, messages, dice), messages)


def _times(conversation: Conversation, scenes: Sequence[Scene], end: int, dice: Dice) -> list[int]:
    """Return when each message was sent, ascending, from the creation to `end`."""
    begin = conversation.created_at
    offset = conversation.members[0].offset * HOUR
    starts = sorted(_waking_moment(begin, end, offset, dice) for _ in scenes)
    times: list[int] = []
    now = begin
    for index, (scene, start) in enumerate(zip(scenes, starts, strict=True)):
        now = max(now + 20 * SECOND, start) if index else begin
        for position, _ in enumerate(scene):
            # Squared: most answers come quickly, a few take minutes.
            now += position and int((4 + 200 * dice.throw() ** 2) * SECOND)
            times.append(now)
    if now >= end:
        span, room = now - begin + 1, end - begin
        times = [begin + (at - begin) * room // span for at in times]
    return times


def _waking_moment(begin: int, end: int, offset: int, dice: Dice) -> int:
    """Return a moment at which people are up, rather a recent one."""
    moment = begin
    for _ in range(4):
        share = max(dice.throw(), dice.throw())
        moment = begin + int((end - begin) * share)
        if dice.chance(WAKING[(moment + offset) // HOUR % 24] / 9):
            break
    return moment


def _messages(
    conversation: Conversation, entries: Sequence[Entry], times: Sequence[int], dice: Dice
) -> list[Record]:
    messages: list[Record] = []
    for seq, (entry, at) in enumerate(zip(entries, times, strict=True), start=1):
        text = entry.notice is None
        reply_to = messages[-1]["id"] if entry.reply and messages else None
        messages.append(
            {
                "type": "message",
                "conversation_id": conversation.id,
                "seq": seq,
                "id": uuid7(at, dice),
                "rev": 0,
                "kind": "text" if text else "notice",
                "sender_id": entry.sender.id,
                "client_id": f"{dice.bits(128):032x}" if text else None,
                "sent_hash": _sent_hash(reply_to, entry.body) if entry.body else None,
                "body": entry.body,
                "reply_to": reply_to,
                "notice": entry.notice,
                "reactions": [],
                "created_at": at,
                "edited_at": None,
                "deleted_at": None,
            }
        )
    return messages


def _sent_hash(reply_to: str | None, body: str) -> str:
    return hashlib.sha256(f"{reply_to or ''}\n{body}".encode()).hexdigest()


@dataclass(frozen=True)
class _Change:
    """Something that happened to a message after it was sent."""

    at: int
    seq: int
    what: str
    emoji: str = ""
    user_id: str = ""


def _change(
    messages: Sequence[Record],
    entries: Sequence[Entry],
    people: Sequence[Person],
    end: int,
    dice: Dice,
) -> int:
    """Let reactions, edits and deletions happen, all in one order; return the last rev."""
    history = [_Change(message["created_at"], message["seq"], "sent") for message in messages]
    for message, entry in zip(messages, entries, strict=True):
        if message["kind"] == "text":
            history += _afterwards(message, entry, people, dice)
    history = [change for change in history if change.at < end]
    history.sort(key=lambda change: change.at)
    for rev, change in enumerate(history, start=1):
        message = messages[change.seq - 1]
        message["rev"] = rev
        if change.what == "reaction":
            given = {"emoji": change.emoji, "user_id": change.user_id, "rev": rev}
            message["reactions"].append(given)
        elif change.what == "edited":
            # What was sent first is not kept; that it was another text shows in the hash.
            message["sent_hash"] = _sent_hash(message["reply_to"], message["body"] + " ")
            message["edited_at"] = change.at
        elif change.what == "deleted":
            message["body"], message["deleted_at"] = None, change.at
    return len(history)


def _afterwards(
    message: Record, entry: Entry, people: Sequence[Person], dice: Dice
) -> list[_Change]:
    seq, at = int(message["seq"]), int(message["created_at"])

    def later() -> int:
        return at + 2 * SECOND + dice.below(240 * SECOND)

    if entry.deleted or dice.chance(0.006):
        return [_Change(later(), seq, "deleted")]
    changes = [_Change(later(), seq, "edited")] if dice.chance(0.015) else []
    wanted = list(entry.reactions)
    if dice.chance(0.04):
        wanted.append((dice.pick(EMOJI), 1 + dice.below(4)))
    others = [person for person in people if person.id != entry.sender.id] if wanted else []
    return changes + [
        _Change(later(), seq, "reaction", emoji, person.id)
        for emoji, count in dict(wanted).items()
        for person in dice.some(others, count)
    ]


def _members(
    conversation: Conversation, script: Script, messages: Sequence[Record], dice: Dice
) -> list[Record]:
    """Return who is in it in the end, each having read at least what they wrote themselves."""
    last_seq = len(messages)
    joined = {person.id: (conversation.created_at, 0) for person in script.present}
    written: dict[str, int] = {}
    for message in messages:
        if message["kind"] == "text":
            written[message["sender_id"]] = message["seq"]
        elif message["notice"]["action"] == "members_added":
            for user_id in message["notice"]["user_ids"]:
                joined[user_id] = (message["created_at"], message["seq"] - 1)
    members = []
    for person in script.present:
        joined_at, found = joined[person.id]
        behind = 0 if dice.chance(0.5) else 1 + int(60 * dice.throw() ** 3)
        if person == script.away:
            behind = last_seq
        members.append(
            {
                "type": "member",
                "conversation_id": conversation.id,
                "user_id": person.id,
                "role": script.roles[person.id],
                "joined_at": joined_at,
                "read_seq": max(last_seq - behind, written.get(person.id, 0), found, 0),
            }
        )
    return sorted(members, key=lambda member: str(member["user_id"]))
