"""A cached list is the list that the database would give, for one query: the page."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from caching import RedisServer, Somebody, app_on, outcome, queries
from flask import Flask
from stand_in import claims_of, identity

from chassis.identity import HEADER

Talk = tuple[Somebody, Somebody, Somebody, str]


@pytest.fixture
def talk(cached: Flask) -> Talk:
    """Ann owns a group with Ben in it; Cid is a stranger to it."""
    ann, ben, cid = (Somebody(cached) for _ in range(3))
    group = ann.group(ben)
    ann.send(group, "first")
    for one in (ann, ben, cid):
        one.list()
    return ann, ben, cid, group


def test_a_cached_list_takes_one_query_and_says_so(talk: Talk) -> None:
    ann, *_ = talk
    again = ann.ask("GET", "/conversations")
    assert (queries(again), outcome(again)) == (1, "hit")


def test_what_one_member_has_read_is_there_for_the_next(cached: Flask) -> None:
    ann, ben = Somebody(cached), Somebody(cached)
    ann.group(ben)
    assert outcome(ann.ask("GET", "/conversations")) == "miss"
    assert outcome(ben.ask("GET", "/conversations")) == "hit"


def test_a_change_in_one_conversation_costs_that_one_only(talk: Talk, redis: RedisServer) -> None:
    ann, ben, _, group = talk
    ann.group(ben)
    ann.list()
    before = set(redis.stored())
    ann.send(group)
    ann.list()
    assert len(set(redis.stored()) - before) == 1


def _about(group: str, rest: str = "") -> str:
    return f"/conversations/{group}{rest}"


CHANGES: dict[str, Callable[[Talk, str], Any]] = {
    "send": lambda t, _: t[1].send(t[3]),
    "edit": lambda t, m: t[0].do("PATCH", _about(t[3], f"/messages/{m}"), {"body": "mended"}),
    "delete": lambda t, m: t[0].do("DELETE", _about(t[3], f"/messages/{m}")),
    "react": lambda t, m: t[1].do("PUT", _about(t[3], f"/messages/{m}/reactions/👍")),
    "rename": lambda t, _: t[0].do("PATCH", _about(t[3]), {"name": "Dinner"}),
    "read": lambda t, _: t[1].do("PUT", _about(t[3], "/read"), {"seq": 2}),
    "add": lambda t, _: t[0].do("POST", _about(t[3], "/members"), {"user_ids": [t[2].id]}),
    "remove": lambda t, _: t[0].do("DELETE", _about(t[3], f"/members/{t[1].id}")),
    "leave": lambda t, _: t[0].do("DELETE", _about(t[3], f"/members/{t[0].id}")),
    "promote": lambda t, _: t[0].do(
        "PATCH", _about(t[3], f"/members/{t[1].id}"), {"role": "admin"}
    ),
    "hand over": lambda t, _: t[0].do(
        "PATCH", _about(t[3], f"/members/{t[1].id}"), {"role": "owner"}
    ),
    "begin a group": lambda t, _: t[0].group(t[1]),
    "begin a direct one": lambda t, _: t[0].do(
        "POST", "/conversations", {"kind": "direct", "member_ids": [t[1].id]}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_every_change_everybody_sees_what_the_database_has(
    talk: Talk, tmp_path: Path, change: str
) -> None:
    """At once, not only within the contract's two seconds; the first time and from the cache."""
    people = talk[:3]
    uncached = app_on(tmp_path / "data", "redis://127.0.0.1:1/0")
    message = people[0].list()[0]["last_message"]["id"]
    before = [one.at(uncached).list() for one in people]
    CHANGES[change](talk, message)
    after = [one.at(uncached).list() for one in people]
    assert after != before, "the change changed nothing, and proves nothing"
    for _ in range(2):
        assert [one.list() for one in people] == after


def test_pages_join_without_gap_or_repetition(cached: Flask, tmp_path: Path) -> None:
    ann, ben = Somebody(cached), Somebody(cached)
    for number in range(7):
        ann.send(ann.group(ben), f"text {number}")
    uncached = ann.at(app_on(tmp_path / "data", "redis://127.0.0.1:1/0"))
    for _ in range(2):
        cursor, pages = "", []
        while True:
            answer = ann.ask("GET", f"/conversations?limit=3{cursor}")
            assert answer.json is not None
            pages.append(answer.json["items"])
            if answer.json["next_cursor"] is None:
                break
            cursor = f"&cursor={answer.json['next_cursor']}"
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [item for page in pages for item in page] == uncached.list()


def test_nothing_that_is_one_members_alone_is_stored(talk: Talk, redis: RedisServer) -> None:
    stored = b"".join(redis.value(key) for key in redis.stored("*:conversation:*"))
    assert b"first" in stored
    for field in (b"role", b"read_seq", b"unread_count", b"peer_id", b"token"):
        assert b'"%s"' % field not in stored


def test_every_key_has_a_version_an_epoch_and_an_end(talk: Talk, redis: RedisServer) -> None:
    keys = [key for key in redis.stored() if ":proof:" not in key and key != "chat:1:epoch"]
    assert {key.split(":")[3] for key in keys} == {"conversation"}
    for key in keys:
        assert key.startswith("chat:1:")
        assert 0 < redis.client.ttl(key) <= 3600


def test_an_identity_that_is_over_opens_no_cached_list(talk: Talk) -> None:
    ann, *_ = talk
    assert outcome(ann.ask("GET", "/conversations")) == "hit"
    over = claims_of(ann.tokens["access_token"]) | {"exp": time.time() - 1}
    headers = {HEADER: identity(over)}
    assert ann.client.get("/api/v1/conversations", headers=headers).status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "cursor=abc", "limit=1&limit=2", "x=1"])
def test_who_asks_badly_is_told_so_but_only_when_logged_in(talk: Talk, query: str) -> None:
    ann, *_ = talk
    assert ann.ask("GET", f"/conversations?{query}").status_code == 422
    ann.tokens["access_token"] = "nobody's"
    assert ann.ask("GET", f"/conversations?{query}").status_code == 401


def test_who_has_no_conversation_gets_an_empty_list(cached: Flask) -> None:
    assert Somebody(cached).list() == []
