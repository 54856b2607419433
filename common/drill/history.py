"""The history checker: what was sent and acknowledged, against what everybody reads at the end.

The rules are the contract's: an acknowledged message is there once, unchanged, at the place that
the acknowledgement named; sequence numbers have no gaps; whoever reads, reads the same; who sends
after an acknowledgement comes after it (real-time order, as in linearizability: Herlihy and Wing,
1990); and sending again gets the first answer again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

Message = Mapping[str, Any]
"""A message as the API writes it."""
Key = tuple[str, str]
"""Sender and client id: what a send is known by in its conversation."""


class Fault(StrEnum):
    """What can be wrong with a history."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "out of order"
    ALTERED = "altered"
    GAP = "gap"
    DIFFERENT = "different for another member"
    OTHER_ANSWER = "another answer to a resend"
    UNKNOWN = "never sent"


@dataclass(frozen=True)
class Finding:
    """One fault, in one conversation."""

    fault: Fault
    conversation_id: str
    detail: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.detail} in conversation {self.conversation_id}"


@dataclass
class Send:
    """A message somebody sent, perhaps several times. Times are in seconds on one clock."""

    conversation_id: str
    sender_id: str
    client_id: str
    body: str
    asked_at: float
    answered_at: float | None = None
    answers: list[Message] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """Return what it is known by."""
        return self.sender_id, self.client_id

    @property
    def is_acknowledged(self) -> bool:
        """Tell whether any answer came."""
        return bool(self.answers)


Timelines = Mapping[str, Mapping[str, Sequence[Message]]]
"""By conversation and by reader: all messages, in the order in which they were read."""


def check(sends: Sequence[Send], timelines: Timelines) -> list[Finding]:
    """Return everything that is wrong; [] if nothing is."""
    by_conversation: defaultdict[str, list[Send]] = defaultdict(list)
    for send in sends:
        by_conversation[send.conversation_id].append(send)
    findings: list[Finding] = []
    for conversation_id in by_conversation.keys() | timelines.keys():
        sent = by_conversation[conversation_id]
        read = timelines.get(conversation_id, {})
        for fault, detail in _check_one(sent, read):
            findings.append(Finding(fault, conversation_id, detail))
    return findings


def _check_one(
    sends: Sequence[Send], timelines: Mapping[str, Sequence[Message]]
) -> Iterator[tuple[Fault, str]]:
    yield from _answers(sends)
    reference = next(iter(timelines.values()), [])
    yield from _timeline(sends, reference)
    for reader, messages in timelines.items():
        if _essence(messages) != _essence(reference):
            yield Fault.DIFFERENT, f"{reader} does not read what another member reads"


def _answers(sends: Sequence[Send]) -> Iterator[tuple[Fault, str]]:
    for send in sends:
        if len({(answer["id"], answer["seq"]) for answer in send.answers}) > 1:
            yield Fault.OTHER_ANSWER, f"{send.client_id} was answered with several messages"


def _timeline(sends: Sequence[Send], messages: Sequence[Message]) -> Iterator[tuple[Fault, str]]:
    texts = [message for message in messages if message["kind"] == "text"]
    stored = {_key(message): message for message in texts}
    yield from _sequence(messages)
    for key, count in Counter(map(_key, texts)).items():
        if count > 1:
            yield Fault.DOUBLED, f"{key[1]} is there {count} times"
    known = {send.key for send in sends}
    for key in stored.keys() - known:
        yield Fault.UNKNOWN, f"{key[1]} was sent by nobody"
    for send in sends:
        yield from _kept(send, stored.get(send.key))
    yield from _order(sends, stored)


def _sequence(messages: Sequence[Message]) -> Iterator[tuple[Fault, str]]:
    seqs = [int(message["seq"]) for message in messages]
    if seqs != sorted(seqs):
        yield Fault.REORDERED, "sequence numbers do not ascend"
    missing = set(range(1, max(seqs, default=0) + 1)) - set(seqs)
    for seq in sorted(missing):
        yield Fault.GAP, f"there is no message {seq}"


def _kept(send: Send, message: Message | None) -> Iterator[tuple[Fault, str]]:
    if not send.is_acknowledged:
        return  # it may be there or not: nobody was promised anything
    answer = send.answers[0]
    if message is None:
        yield Fault.LOST, f"{send.client_id} was acknowledged as message {answer['seq']}"
    elif message["body"] != send.body or message["id"] != answer["id"]:
        yield Fault.ALTERED, f"{send.client_id} is not what was sent"
    elif message["seq"] != answer["seq"]:
        yield Fault.REORDERED, f"{send.client_id} moved from {answer['seq']} to {message['seq']}"


def _order(sends: Sequence[Send], stored: Mapping[Key, Message]) -> Iterator[tuple[Fault, str]]:
    """Find whoever stands before a message that was acknowledged before he sent."""
    placed = [(stored[send.key]["seq"], send) for send in sends if send.key in stored]
    earliest_answer_above = inf
    for _, send in sorted(placed, key=lambda one: one[0], reverse=True):
        if send.asked_at > earliest_answer_above:
            yield Fault.REORDERED, f"{send.client_id} stands before an earlier message"
        answered_at = send.answered_at if send.answered_at is not None else inf
        earliest_answer_above = min(earliest_answer_above, answered_at)


def _key(message: Message) -> Key:
    return message["sender_id"], message["client_id"]


def _essence(messages: Sequence[Message]) -> list[tuple[Any, ...]]:
    return [(one["seq"], one["id"], one["body"], one["deleted_at"]) for one in messages]
