"""A clock that is set back changes no order of conversations: what happens last is on top."""

import pytest
from flask import Flask
from playing import Conversations, Group, Somebody, inside

from messages import timeline

HOUR = 3600 * 1000


def test_what_happens_last_is_on_top(
    app: Flask, conversations: Conversations, ann: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_790_000_000_000]
    monkeypatch.setattr(timeline, "now_ms", lambda: now[0])
    groups = [Group(app.test_client(), conversations, ann) for _ in range(3)]
    for group in groups:
        group.bring(1)
    assert _order(app, groups) == [2, 1, 0], "all in one millisecond"
    sends = 0
    for back in (0, HOUR, 2 * HOUR, -HOUR):
        now[0] -= back
        for one in (0, 1, 2, 2, 0, 1, 1, 1, 2):
            sends += 1
            ann.send(groups[one].path, f"c{sends}")
            assert _order(app, groups)[0] == one


def test_a_conversation_is_as_lively_as_conversations_says_when_it_begins(
    app: Flask, conversations: Conversations, ann: Somebody
) -> None:
    group = Group(app.test_client(), conversations, ann)
    later = 4_000_000_000_000
    group.changes[0]["at"] = later
    assert group.bring(1)["last_activity_at"] == later


def _order(app: Flask, groups: list[Group]) -> list[int]:
    asked = {"ids": [one.id for one in groups]}
    told = inside(app.test_client(), "POST", "/standings", "timelines:read", asked).json
    assert told is not None
    at = {one["conversation_id"]: one["last_activity_at"] for one in told["items"]}
    return sorted(range(len(groups)), key=lambda one: at[groups[one].id], reverse=True)
