"""Nothing of somebody is left anywhere, wherever the deletion of their account is killed."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from brokers import DIES, Host, Worker, rows
from caching import RedisServer
from fake_auth import fake_auth
from fake_profiles import fake_profiles
from flask import Flask
from people import Somebody
from postgres import address_of
from real_messages import real_messages
from waiting import wait_for

Start = Callable[..., Worker]
MODULE = "chat.consumers.jobs"
MARK = "xyzzy"
"""In everything that the person writes."""
TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
DEATHS = (
    ("chat.conversations.members", "MemberService", "remove", 2),
    ("chat.jobs.deletion", "Deletion", "_erase_some", 1),
    ("chat.timelines", "Timelines", "erase", 2),
    ("chat.jobs.deletion", "Deletion", "_erase_some", 3),
    ("chat.jobs.deletion", "Deletion", "_erase_person", 1),
    ("chat.jobs.run", "Run", "finish", 1),
)
"""What is about to be called, for the how many-th time, one after the other in one deletion."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The database of the application."""
    return address_of(tmp_path / "data")


class Traces:
    """Where the mark is found."""

    def __init__(self, url: str, host: Host, redis: RedisServer) -> None:
        self._url, self._host, self._redis = url, host, redis
        bodies = (f"\n{MARK} {what}".encode() for what in ("said", "first"))
        self._words = (MARK, MARK.encode().hex(), *(hashlib.sha256(b).hexdigest() for b in bodies))

    def in_tables(self) -> set[str]:
        """Return the tables that have it in some column, as text or as bytes."""
        return {
            table
            for url in (self._url, real_messages().database)
            for (table,) in rows(url, TABLES)
            for (row,) in rows(url, f'SELECT one::text FROM "{table}" AS one')
            if self._is_in(row)
        }

    def in_queues(self) -> set[str]:
        """Return the queues that have it in a message."""
        return {
            queue
            for queue in self._host.queues()
            for taken in self._host.take(queue)
            if self._is_in(str(taken))
        }

    def in_cache(self) -> set[str]:
        """Return the keys that have it in their name or their value."""
        return {
            key
            for key in self._redis.stored()
            if self._is_in(key) or self._is_in(self._redis.value(key).decode())
        }

    def _is_in(self, text: str) -> bool:
        return any(word in text.lower() for word in self._words)


def _live(app: Flask) -> tuple[Somebody, Somebody, str, str]:
    """Have somebody write into every field there is; return them, a friend, and two places."""
    client = app.test_client()
    person, friend = Somebody(client, f"{MARK}-ada"), Somebody(client, "bob")
    group, theirs = person.group(friend), friend.group(person)
    left = friend.group(person)
    person.do("POST", "/conversations", {"kind": "direct", "member_ids": [friend.id]})
    (direct,) = (
        f"/conversations/{one['id']}"
        for one in person.do("GET", "/conversations")["items"]
        if one["kind"] == "direct"
    )
    for place in (group, theirs, left, direct):
        heard = friend.send(place, "heard", "not of hers")
        person.do("PUT", f"{place}/messages/{heard['id']}/reactions/👍")
        edited = person.send(place, f"{MARK}-edited", f"{MARK} first")
        person.do("PATCH", f"{place}/messages/{edited['id']}", {"body": f"{MARK} then"})
        deleted = person.send(place, f"{MARK}-deleted", f"{MARK} said")
        person.do("DELETE", f"{place}/messages/{deleted['id']}")
        for n in range(25):
            person.send(place, f"{MARK}-{n}", f"{MARK} said")
    person.do("DELETE", f"{left}/members/{person.id}")
    wishes = {"mentions": True, "direct": True, "digest": True, "email": f"{MARK}@chat.example"}
    person.do("PUT", "/notifications/preferences", wishes)
    return person, friend, group, direct


@pytest.mark.parametrize("deaths", [(), DEATHS], ids=["undisturbed", "killed everywhere"])
def test_nothing_is_left_of_somebody(
    deaths: tuple[tuple[str, str, str, int], ...],
    cached: Flask,
    redis: RedisServer,
    host: Host,
    start: Start,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_CACHE_URL", redis.url)
    monkeypatch.setenv("CHAT_OUTBOX_KEEP", "1")
    host.declare()
    traces = Traces(url, host, redis)
    person, friend, group, direct = _live(cached)
    exporting = person.do("POST", "/jobs", {"kind": "export"})
    assert "outbox" in traces.in_tables()
    relay, worker = start("chat.relay"), start(MODULE)
    wait_for(lambda: person.do("GET", f"/jobs/{exporting['id']}")["state"] == "done", 20)
    assert worker.stop() == 0
    friend.do("GET", "/conversations")
    there = {"people", "messages", "job_parts", "notification_preferences"}
    assert traces.in_tables() >= there
    assert traces.in_cache(), "previews"
    readers = {"activity", "lists", "notifications"}
    assert traces.in_queues() == readers, "it takes them, as readers do"

    asked = person.do("POST", "/jobs", {"kind": "deletion", "password": "correct horse"})
    for module, name, attribute, call in deaths:
        program = DIES.format(module=module, name=name, attribute=attribute, call=call)
        assert start("-c", program).process.wait(120) == -9, attribute
    last = start(MODULE)
    state = f"SELECT state FROM jobs WHERE id = '{asked['id']}'"
    wait_for(lambda: rows(url, state) == [("done",)], 40)
    friend.do("GET", "/conversations")
    there_now = fake_profiles().people[person.id]
    assert there_now["username"] == fake_auth().accounts[person.id].username
    assert there_now["deleted"]
    told = fake_profiles().asked
    assert told.count(f"/profiles/{person.id}") >= 3, "for the export, to erase, and to uncache"
    assert traces.in_cache() == set()
    wait_for(lambda: traces.in_tables() == set(), 20)
    assert [last.stop(), relay.stop()] == [0, 0]
    assert traces.in_queues() == set(), "nor in what was announced since"
    _check_what_stays(url, person, friend, group, direct)


def _check_what_stays(
    url: str, person: Somebody, friend: Somebody, group: str, direct: str
) -> None:
    """The id stays, in tombstones; whoever was there has a timeline without gaps, and an owner."""
    mine = "WHERE user_id = %s"
    assert rows(url, f"SELECT kind, state FROM jobs {mine}", person.id) == [("deletion", "done")]
    assert rows(real_messages().database, f"SELECT * FROM reactions {mine}", person.id) == []
    account = fake_auth().accounts[person.id]
    assert account.username.startswith("deleted-")
    assert account.logins == set()
    places = rows(url, f"SELECT conversation_id FROM members {mine}", person.id)
    assert places == [(direct.rpartition("/")[2],)]
    for place in (group, direct):
        history = friend.do("GET", f"{place}/messages?limit=100")
        assert [one["seq"] for one in history["items"]] == [*range(1, history["last_seq"] + 1)]
        texts = [one for one in history["items"] if one["kind"] == "text"]
        gone = [one for one in texts if one["sender_id"] == person.id]
        assert len(gone) == 27
        assert all(one["body"] is None and one["deleted_at"] for one in gone)
        changes = friend.do("GET", f"{place}/changes?after=0&limit=100")["items"]
        assert {one["id"] for one in gone} <= {one["id"] for one in changes}
        (heard,) = (one for one in texts if one["sender_id"] == friend.id)
        assert (heard["body"], heard["reactions"]) == ("not of hers", [])
    (member,) = friend.do("GET", f"{group}/members")["items"]
    assert (member["user_id"], member["role"]) == (friend.id, "owner")
