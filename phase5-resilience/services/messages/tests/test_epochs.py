"""Epochs of memberships: each comes into the timeline once, in its order, whoever brings it."""

from typing import Any

from flask import Flask
from playing import Conversations, Group, Somebody, told

from chassis import services
from chassis.database import Database
from messages.epochs import Epochs


def test_an_epoch_writes_its_notice_once_however_often_it_comes(
    group: Group, ann: Somebody, app: Flask
) -> None:
    first = group.bring(1)
    assert (first["rev"], first["last_seq"]) == (1, 1)
    assert first["last_message"]["notice"]["action"] == "created"
    epochs, database = services.of(app).get(Epochs), services.of(app).get(Database)
    with database.write() as work:  # what the event comes to
        epochs.hear(work, group.id, group.changes[0])
        assert work.announcements == []
    assert ann.notices(group.path) == ["created"]


def test_what_was_missed_is_asked_for_and_comes_in_its_order(
    group: Group, ann: Somebody, app: Flask, conversations: Conversations
) -> None:
    group.change("renamed", name="H")
    group.change("members_added", Somebody(app.test_client()))
    assert group.bring(3)["last_seq"] == 3
    assert ann.notices(group.path) == ["created", "renamed", "members_added"]
    assert conversations.asked == ["GET 1"]
    assert group.bring(2)["last_seq"] == 3, "too late, and known"


def test_an_event_after_a_lost_one_asks_too(group: Group, ann: Somebody, app: Flask) -> None:
    group.change("renamed", name="H")
    last = group.change("renamed", name="I")
    epochs, database = services.of(app).get(Epochs), services.of(app).get(Database)
    with database.write() as work:
        epochs.hear(work, group.id, last)
    assert ann.notices(group.path) == ["created", "renamed", "renamed"]


def test_people_are_told_of_the_change_and_of_its_notice_with_one_rev(
    group: Group, app: Flask
) -> None:
    events = told(app)
    new = Somebody(app.test_client())
    group.change("members_added", new)
    group.bring(2)
    kinds = ["conversation.created", "conversation.members_added", "message.created"]
    assert [one["type"] for one in events] == kinds
    assert {one["rev"] for one in events} == {2}
    assert events[1]["data"] == {"user_ids": [new.id]}


def test_who_was_removed_is_out_at_once(group: Group, ben: Somebody, ann: Somebody) -> None:
    ben.send(group.path, "b-1")
    group.change("member_removed", ben)
    group.bring(2)
    for method, path, body in _everything(group):
        assert ben.ask(method, path, body).status_code == 404
    assert ann.notices(group.path) == ["created", "member_removed"]


def test_a_role_counts_at_once(group: Group, ben: Somebody, ann: Somebody) -> None:
    path = f"{group.path}/messages/{ann.send(group.path, 'a-1')['id']}"
    assert ben.ask("DELETE", path).status_code == 403
    group.change("role_changed", ben, role="admin")
    group.bring(2)
    assert ben.do("DELETE", path)["deleted_at"]


def test_whoever_writes_before_messages_has_heard_of_the_conversation_has_it_asked(
    app: Flask, conversations: Conversations, ann: Somebody, ben: Somebody
) -> None:
    group = Group(app.test_client(), conversations, ann, ben)
    assert ben.send(group.path, "b-1")["seq"] == 2
    assert conversations.asked == ["GET 0"]
    assert ann.notices(group.path) == ["created"]


def test_a_stranger_learns_nothing_and_without_an_answer_nobody_is_sent_away(
    group: Group, app: Flask, conversations: Conversations
) -> None:
    stranger = Somebody(app.test_client())
    for method, path, body in _everything(group):
        assert stranger.ask(method, path, body).status_code == 404
    conversations.is_away = True
    for method, path, body in _everything(group):
        assert stranger.ask(method, path, body).status_code == 503


def test_who_is_known_does_not_need_conversations(
    group: Group, ann: Somebody, conversations: Conversations
) -> None:
    conversations.is_away = True
    assert ann.send(group.path, "a-1")["seq"] == 2


def _everything(group: Group) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"{group.path}/messages", None),
        ("GET", f"{group.path}/changes?after=0", None),
        ("POST", f"{group.path}/messages", {"client_id": "x", "body": "x"}),
        ("DELETE", f"{group.path}/messages/{group.id}", None),
    ]
