"""A group driven at random beside a small model of it; afterwards both say the same.

Hypothesis chooses the steps, the same ones every time. It does not shrink what fails: with a system
on the other side that may take two seconds for each look, that would take longer than reading on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from client import Answer, Json, Person, eventually
from client.catch_up import Timeline
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

SETTINGS = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

ANY = range(200, 500)

PERSON = st.integers(0, 3)
PLACE = st.integers(0, 200)
BODY = st.sampled_from(["Hello", "Good evening", "👍", "é", "  x  ", "two\nlines"])
EMOJI = st.sampled_from(["👍", "🎉", "🔥"])
ROLE = st.sampled_from(["owner", "admin", "member"])


@dataclass
class Entry:
    """A message or a notice as the model knows it."""

    sender: int
    kind: str
    rev: int
    body: str | None = None
    client_id: str | None = None
    sent: tuple[str, int | None] | None = None
    """What was sent first: body and the place of the message replied to."""
    deleted: bool = False
    reactions: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class Model:
    """A group: who is in with which role, the timeline, and the read markers."""

    roles: dict[int, str]
    entries: list[Entry] = field(default_factory=list)
    read: dict[int, int] = field(default_factory=dict)
    rev: int = 0

    def notice(self, actor: int) -> None:
        """Append a notice; whoever caused it has read it if he had read all before."""
        self.rev += 1
        self.entries.append(Entry(actor, "notice", self.rev))
        if self.read.get(actor) == len(self.entries) - 1:
            self.read[actor] = len(self.entries)

    def touch(self, entry: Entry) -> None:
        """Stamp a change in place."""
        self.rev += 1
        entry.rev = self.rev


class GroupMachine(RuleBasedStateMachine):
    """Four people; 0 begins as the owner, 1 as an admin, 2 as a member, and 3 is outside."""

    people: list[Person]

    def __init__(self) -> None:
        super().__init__()
        group = self.people[0].start_group(*self.people[1:3])
        self.group_id: str = group["id"]
        self.model = Model({0: "owner", 1: "member", 2: "member"}, read={0: 0, 1: 0, 2: 0})
        self.model.notice(0)
        self.ids = [group["last_message"]["id"]]
        self.set_role(0, 1, "admin")
        for who in (0, 1, 2, 2):
            self.send(who, f"Message of {who}", None)
        self.timelines = [Timeline(person, self.group_id) for person in self.people]

    # what a step needs to know

    def text(self, place: int) -> tuple[Entry, Json]:
        """Return a text message: as the model has it, and as a client names it."""
        texts = [entry for entry in self.model.entries if entry.kind == "text"]
        entry = texts[place % len(texts)]
        at = self.model.entries.index(entry)
        return entry, {"conversation_id": self.group_id, "id": self.ids[at]}

    def settled(self, act: Callable[[], Answer], expected: int) -> Answer:
        """Act until the answer is as expected: what others did to one's role may take its time."""

        def acted() -> Answer:
            answer = act()
            assert answer.status == expected, answer.json
            return answer

        return eventually(acted)

    def fetch_notices(self) -> None:
        """Learn the ids of notices that the last step caused, from somebody who is in."""
        reader = self.people[next(iter(self.model.roles))]
        page = reader.page_of_history(self.group_id, after=len(self.ids), limit=100)
        self.ids += [message["id"] for message in page["items"]]

    # messages

    @rule(who=PERSON, body=BODY, reply=st.none() | PLACE)
    def send(self, who: int, body: str, reply: int | None) -> None:
        at = None if reply is None else reply % len(self.ids)
        client_id = f"{self.model.rev}-{len(self.ids)}"
        expected = 201 if who in self.model.roles else 404
        answer = self.settled(lambda: self.post(who, client_id, body, at), expected)
        if expected == 201:
            self.model.rev += 1
            self.model.entries.append(
                Entry(who, "text", self.model.rev, body, client_id, (body, at))
            )
            self.ids.append(answer.json["id"])
            self.model.read[who] = len(self.ids)
            assert (answer.json["seq"], answer.json["rev"]) == (len(self.ids), self.model.rev)

    @rule(place=PLACE, same=st.booleans())
    def send_again(self, place: int, *, same: bool) -> None:
        entry, named = self.text(place)
        assert entry.sent is not None
        assert entry.client_id is not None
        body, at = entry.sent
        body = body if same else f"{body}, changed"
        known = 200 if same else 409
        expected = known if entry.sender in self.model.roles else 404
        client_id = entry.client_id
        answer = self.settled(lambda: self.post(entry.sender, client_id, body, at), expected)
        if expected == 200:
            assert answer.json["id"] == named["id"]

    def post(self, who: int, client_id: str, body: str, at: int | None) -> Answer:
        sent: Json = {"client_id": client_id, "body": body}
        if at is not None:
            sent["reply_to"] = self.ids[at]
        return self.call(who, "POST", "/messages", sent)

    @rule(who=st.none() | PERSON, place=PLACE, body=BODY)
    def edit(self, who: int | None, place: int, body: str) -> None:
        """Edit as somebody; None is the sender."""
        entry, named = self.text(place)
        who = entry.sender if who is None else who
        body = f"{body} {self.model.rev}"
        if who not in self.model.roles:
            expected = 404
        elif entry.sender != who:
            expected = 403
        else:
            expected = 409 if entry.deleted else 200
        self.settled(lambda: self.people[who].edit(named, body, expect=ANY), expected)
        if expected == 200:
            entry.body = body
            self.model.touch(entry)

    @rule(who=PERSON, place=PLACE)
    def delete(self, who: int, place: int) -> None:
        entry, named = self.text(place)
        role = self.model.roles.get(who)
        if role is None:
            expected = 404
        elif entry.sender != who and role == "member":
            expected = 403
        else:
            expected = 200
        self.settled(lambda: self.people[who].delete(named, expect=ANY), expected)
        if expected == 200 and not entry.deleted:
            entry.body, entry.deleted, entry.reactions = None, True, {}
            self.model.touch(entry)

    @rule(who=PERSON, place=PLACE, emoji=EMOJI)
    def react(self, who: int, place: int, emoji: str) -> None:
        entry, named = self.text(place)
        reactable = 409 if entry.deleted else 200
        expected = reactable if who in self.model.roles else 404
        self.settled(lambda: self.people[who].react(named, emoji, expect=ANY), expected)
        if expected == 200 and who not in entry.reactions.get(emoji, []):
            entry.reactions.setdefault(emoji, []).append(who)
            self.model.touch(entry)

    @rule(who=PERSON, place=PLACE, emoji=EMOJI)
    def unreact(self, who: int, place: int, emoji: str) -> None:
        entry, named = self.text(place)
        if entry.deleted:
            return  # the contract leaves open whether taking nothing back is a conflict
        expected = 404 if who not in self.model.roles else 200
        self.settled(lambda: self.people[who].unreact(named, emoji, expect=ANY), expected)
        if expected == 200 and who in entry.reactions.get(emoji, []):
            entry.reactions[emoji].remove(who)
            if not entry.reactions[emoji]:
                del entry.reactions[emoji]
            self.model.touch(entry)

    @rule(who=PERSON, what=st.sampled_from(["edit", "delete", "react"]))
    def change_a_notice(self, who: int, what: str) -> None:
        notice = {"conversation_id": self.group_id, "id": self.ids[0]}
        person = self.people[who]
        attempts = {
            "edit": lambda: person.edit(notice, "x", expect=ANY),
            "delete": lambda: person.delete(notice, expect=ANY),
            "react": lambda: person.react(notice, "👍", expect=ANY),
        }
        self.settled(attempts[what], 403 if who in self.model.roles else 404)

    @rule(who=PERSON, seq=st.integers(0, 60))
    def mark_read(self, who: int, seq: int) -> None:
        known = 422 if seq > len(self.ids) else 200
        expected = known if who in self.model.roles else 404
        self.settled(lambda: self.call(who, "PUT", "/read", {"seq": seq}), expected)
        if expected == 200:
            self.model.read[who] = max(seq, self.model.read[who])

    # the group

    @rule(who=PERSON, number=st.integers(0, 99))
    def rename(self, who: int, number: int) -> None:
        expected = self.staff_status(who)
        name = f"Name {number}, rev {self.model.rev}"
        self.settled(lambda: self.call(who, "PATCH", "", {"name": name}), expected)
        if expected == 200:
            self.model.notice(who)
            self.fetch_notices()

    @rule(who=PERSON, other=PERSON)
    def add(self, who: int, other: int) -> None:
        expected = self.staff_status(who)
        body = {"user_ids": [self.people[other].id]}
        self.settled(lambda: self.call(who, "POST", "/members", body), expected)
        if expected == 200 and other not in self.model.roles:
            self.model.roles[other] = "member"
            self.model.read[other] = len(self.model.entries)
            self.model.notice(who)
            self.fetch_notices()

    @precondition(lambda self: len(self.model.roles) > 2)
    @rule(who=PERSON, other=PERSON)
    def remove(self, who: int, other: int) -> None:
        """Only others: who inherits a group is a case of its own, and tested as one."""
        if who == other:
            return
        role, target = self.model.roles.get(who), self.model.roles.get(other)
        if role is None:
            expected = 404
        elif role == "member" and target is not None:
            expected = 403
        elif target is None:
            return  # 403 or 404, as the system looks first at the one or the other
        else:
            expected = 403 if target == "owner" or (role, target) == ("admin", "admin") else 204
        path = f"/members/{self.people[other].id}"
        self.settled(lambda: self.call(who, "DELETE", path), expected)
        if expected == 204:
            del self.model.roles[other]
            self.model.notice(who)
            self.fetch_notices()

    @rule(who=st.none() | PERSON, other=PERSON, role=ROLE)
    def set_role(self, who: int | None, other: int, role: str) -> None:
        """Give a role as somebody; None is the owner."""
        if who is None:
            who = next(one for one, own in self.model.roles.items() if own == "owner")
        own, present = self.model.roles.get(who), self.model.roles.get(other)
        if present is None or present == role:
            return
        allowed = 200 if own == "owner" and who != other else 403
        expected = 404 if own is None else allowed
        path = f"/members/{self.people[other].id}"
        self.settled(lambda: self.call(who, "PATCH", path, {"role": role}), expected)
        if expected == 200:
            self.model.roles[other] = role
            if role == "owner":
                self.model.roles[who] = "admin"
            self.adopt_notices(who)

    def adopt_notices(self, who: int) -> None:
        """Take over as many notices as there are: a handover may be told in one or in two."""
        before = len(self.ids)
        self.fetch_notices()
        assert len(self.ids) > before
        for _ in range(len(self.ids) - before):
            self.model.notice(who)

    def staff_status(self, who: int) -> int:
        role = self.model.roles.get(who)
        if role is None:
            return 404
        return 403 if role == "member" else 200

    def call(self, who: int, method: str, path: str, body: Any = None) -> Answer:
        return self.people[who].call(
            method, f"/conversations/{self.group_id}{path}", body=body, expect=ANY
        )

    # the comparison

    @invariant()
    def the_timeline_is_the_models(self) -> None:
        for who in self.model.roles:
            if (who + self.model.rev) % len(self.people) == 0:
                eventually(lambda who=who: self.timelines[who].catch_up(7))  # type: ignore[misc]
                self.compare_timeline(self.timelines[who].in_order)

    def teardown(self) -> None:
        for who in self.model.roles:
            eventually(lambda who=who: self.people[who].conversation(self.group_id))  # type: ignore[misc]
            self.compare_timeline(self.people[who].history(self.group_id))
            self.compare_timeline(self.timelines[who].catch_up(3).in_order)
            self.compare_conversation(who)
        for who in set(range(4)) - self.model.roles.keys():
            self.settled(lambda who=who: self.call(who, "GET", ""), 404)  # type: ignore[misc]

    def compare_timeline(self, seen: list[Json]) -> None:
        assert [message["id"] for message in seen] == self.ids
        for seq, (message, entry) in enumerate(zip(seen, self.model.entries, strict=True), start=1):
            reactions = [
                {"emoji": emoji, "user_ids": [self.people[one].id for one in people]}
                for emoji, people in entry.reactions.items()
            ]
            sent = entry.sent
            reply = self.ids[sent[1]] if sent and sent[1] is not None else None
            expected = {
                "seq": seq,
                "rev": entry.rev,
                "kind": entry.kind,
                "sender_id": self.people[entry.sender].id,
                "client_id": entry.client_id,
                "body": entry.body,
                "reply_to": reply,
                "reactions": reactions,
            }
            assert {name: message[name] for name in expected} == expected
            assert (message["deleted_at"] is not None) == entry.deleted

    def compare_conversation(self, who: int) -> None:
        def seen() -> None:
            one = self.people[who].conversation(self.group_id)
            assert one["role"] == self.model.roles[who]
            assert (one["rev"], one["last_seq"]) == (self.model.rev, len(self.ids))
            assert one["member_count"] == len(self.model.roles)
            assert one["read_seq"] == self.model.read[who]
            assert one["unread_count"] == one["last_seq"] - one["read_seq"]

        eventually(seen)


@pytest.fixture
def cast(newcomer: Callable[[], Person]) -> list[Person]:
    return [newcomer() for _ in range(4)]


def test_a_group_behaves_like_its_model(cast: list[Person]) -> None:
    machine = type("Group", (GroupMachine,), {"people": cast})
    run_state_machine_as_test(machine, settings=SETTINGS)
