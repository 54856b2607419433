"""The checker is fed histories with one thing wrong, and finds that one thing."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from drill.history import Fault, Send, check

ROOM = "room"
Messages = list[dict[str, Any]]


def _message(seq: int) -> dict[str, Any]:
    return {
        "id": f"id-{seq}",
        "seq": seq,
        "kind": "text",
        "sender_id": f"person-{seq % 3}",
        "client_id": f"client-{seq}",
        "body": f"text {seq}",
        "deleted_at": None,
    }


def _send(seq: int) -> Send:
    """One that was answered before the next began."""
    message = _message(seq)
    return Send(
        conversation_id=ROOM,
        sender_id=message["sender_id"],
        client_id=message["client_id"],
        body=message["body"],
        asked_at=float(seq),
        answered_at=seq + 0.5,
        answers=[message],
    )


@pytest.fixture
def stored() -> Messages:
    """A notice, then nine texts."""
    notice = {**_message(1), "kind": "notice", "client_id": None, "body": None}
    return [notice, *(_message(seq) for seq in range(2, 11))]


@pytest.fixture
def sends() -> list[Send]:
    return [_send(seq) for seq in range(2, 11)]


def _faults(sends: list[Send], *read: Messages) -> set[Fault]:
    timelines = {ROOM: {f"reader {number}": one for number, one in enumerate(read)}}
    return {finding.fault for finding in check(sends, timelines)}


def test_a_history_as_promised_has_no_findings(sends: list[Send], stored: Messages) -> None:
    assert _faults(sends, stored, deepcopy(stored)) == set()


def _lose(messages: Messages) -> None:
    """The store forgot one and numbered the others without a gap."""
    del messages[4]
    for message in messages[4:]:
        message["seq"] -= 1


def _leave_a_gap(messages: Messages) -> None:
    del messages[4]


def _double(messages: Messages) -> None:
    messages.append({**messages[4], "seq": 11, "id": "id-11"})


def _reorder(messages: Messages) -> None:
    first, second = messages[4], messages[5]
    first["seq"], second["seq"] = second["seq"], first["seq"]
    messages[4], messages[5] = second, first


def _serve_unsorted(messages: Messages) -> None:
    messages[4], messages[5] = messages[5], messages[4]


def _alter(messages: Messages) -> None:
    messages[4]["body"] = "something else"


def _renew(messages: Messages) -> None:
    messages[4]["id"] = "another id"


def _invent(messages: Messages) -> None:
    messages.append({**_message(11), "client_id": "nobody's"})


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (_lose, Fault.LOST),
        (_leave_a_gap, Fault.GAP),
        (_double, Fault.DOUBLED),
        (_reorder, Fault.REORDERED),
        (_serve_unsorted, Fault.REORDERED),
        (_alter, Fault.ALTERED),
        (_renew, Fault.ALTERED),
        (_invent, Fault.UNKNOWN),
    ],
)
def test_one_harmed_message_is_found(
    sends: list[Send], stored: Messages, harm: Callable[[Messages], None], fault: Fault
) -> None:
    harm(stored)
    assert fault in _faults(sends, stored, deepcopy(stored))


@pytest.mark.parametrize("harm", [_lose, _double, _reorder, _alter])
def test_what_only_one_member_reads_otherwise_is_found(
    sends: list[Send], stored: Messages, harm: Callable[[Messages], None]
) -> None:
    theirs = deepcopy(stored)
    harm(theirs)
    assert Fault.DIFFERENT in _faults(sends, stored, theirs)


def test_order_counts_even_if_no_acknowledgement_named_a_place(
    sends: list[Send], stored: Messages
) -> None:
    """Two were swapped before they were acknowledged: every answer agrees with what is read."""
    _reorder(stored)
    by_key = {(one["sender_id"], one["client_id"]): one for one in stored}
    for send in sends:
        send.answers = [by_key[send.key]]
    assert _faults(sends, stored) == {Fault.REORDERED}


def test_sends_that_overlapped_may_stand_in_any_order(sends: list[Send], stored: Messages) -> None:
    for send in sends:
        send.asked_at = 0.0
    _reorder(stored)
    by_key = {(one["sender_id"], one["client_id"]): one for one in stored}
    for send in sends:
        send.answers = [by_key[send.key]]
    assert _faults(sends, stored) == set()


def test_what_was_never_acknowledged_may_be_there_or_not(
    sends: list[Send], stored: Messages
) -> None:
    last = sends[-1]
    last.answers, last.answered_at = [], None
    assert _faults(sends, stored) == set()
    assert _faults(sends, stored[:-1]) == set()


def test_a_resend_that_got_another_message_is_found(sends: list[Send], stored: Messages) -> None:
    sends[3].answers.append({**sends[3].answers[0], "id": "id-99", "seq": 99})
    assert _faults(sends, stored) == {Fault.OTHER_ANSWER}


def test_a_conversation_that_reads_empty_has_lost_everything(sends: list[Send]) -> None:
    findings = check(sends, {ROOM: {"reader": []}})
    assert [finding.fault for finding in findings] == [Fault.LOST] * len(sends)
