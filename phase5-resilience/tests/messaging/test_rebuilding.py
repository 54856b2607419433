"""The activity feed is made anew from the database, beside its consumer."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from archives import run_cli
from brokers import Host, Worker, rows
from people import Somebody
from postgres import settings_for
from stand_in import create_app
from waiting import wait_for

from chassis.ids import new_id
from events.topology import ACTIVITY, TOPOLOGY

Start = Callable[..., Worker]
CONSUMER = "chat.consumers.activity"
CREATED = "conversation.message.created"
COLUMNS = "event_id, topic, conversation_id, rev"
FEED = f"SELECT {COLUMNS} FROM activity ORDER BY recorded"
OF_MESSAGES = (
    f"SELECT {COLUMNS} FROM activity WHERE topic = '{CREATED}' ORDER BY conversation_id, recorded"
)
OTHERS = f"SELECT * FROM activity WHERE topic <> '{CREATED}' ORDER BY event_id"
SENT = "SELECT event::json ->> 'id' FROM outbox"

# Stands still when the feed is new and nothing is committed, until a file is there.
HOLDS = """
import pathlib, sys, time
from chassis.messaging import inbox
from chat import cli

note = inbox.note

def holding(*given):
    print("holds", flush=True)
    while not pathlib.Path({go!r}).exists():
        time.sleep(0.02)
    note(*given)

inbox.note = holding
sys.exit(cli.main(["rebuild-activity"]))
"""


@pytest.fixture
def ada(tmp_path: Path) -> Somebody:
    """Somebody at an application on the database that the workers have."""
    app = create_app(settings_for(tmp_path))
    return Somebody(app.test_client(), "ada")


@pytest.fixture
def group(ada: Somebody) -> str:
    """A conversation in which all kinds of things have happened."""
    group = ada.group()
    ids = [ada.send(group, f"c{number}")["id"] for number in range(5)]
    ada.do("PATCH", f"{group}/messages/{ids[2]}", {"body": "other"})
    ada.do("PUT", f"{group}/messages/{ids[3]}/reactions/👍")
    ada.do("DELETE", f"{group}/messages/{ids[3]}/reactions/👍")
    ada.do("DELETE", f"{group}/messages/{ids[4]}")
    ada.send(group, "c5")
    return group


def is_whole(url: str) -> bool:
    """Return whether the feed has each event that was announced, once, and no other."""
    found = [one[0] for one in rows(url, FEED)]
    return sorted(found) == sorted(one[0] for one in rows(url, SENT))


def make_wrong(url: str) -> None:
    """Lose entries, and have one that never was."""
    rows(url, f"DELETE FROM activity WHERE topic = '{CREATED}' AND mod(recorded, 2) = 0")
    rows(
        url,
        "INSERT INTO activity (event_id, topic, occurred_at) VALUES (%s, %s, '')",
        *(new_id(), CREATED),
    )


def holding(start: Start, tmp_path: Path) -> Worker:
    """Rebuild, and stand still in the middle; `go` lets it end."""
    rebuilding = start("-c", HOLDS.format(go=str(tmp_path / "go")))
    wait_for(lambda: rebuilding.said("holds"), 20)
    return rebuilding


def test_what_is_missing_or_wrong_is_as_it_was(
    host: Host, url: str, ada: Somebody, group: str, start: Start, tmp_path: Path
) -> None:
    start("chat.relay")
    start(CONSUMER)
    other = ada.group()
    ada.send(other, "c1")
    wait_for(lambda: is_whole(url), 20)
    before, others = rows(url, OF_MESSAGES), rows(url, OTHERS)
    times = (
        f"SELECT event_id FROM activity WHERE topic = '{CREATED}' ORDER BY occurred_at, event_id"
    )
    in_time = rows(url, times)
    make_wrong(url)
    done = run_cli(tmp_path, "rebuild-activity")
    assert (done.returncode, done.stderr) == (0, f"the feed tells of {len(before)} messages\n")
    after = rows(url, OF_MESSAGES)
    assert [one[:3] for one in after] == [one[:3] for one in before]
    assert all(new[3] in (None, old[3]) for new, old in zip(after, before, strict=True))
    assert [one[3] for one in after].count(None) == 4, "three have changed, and one comes after"
    assert [one[:-1] for one in rows(url, OTHERS)] == [one[:-1] for one in others]
    assert rows(url, times) == in_time


def test_killed_in_the_middle_it_has_changed_nothing(
    host: Host, url: str, ada: Somebody, group: str, start: Start, tmp_path: Path
) -> None:
    start("chat.relay")
    start(CONSUMER)
    wait_for(lambda: is_whole(url), 20)
    make_wrong(url)
    wrong = rows(url, FEED)
    rebuilding = holding(start, tmp_path)
    assert rows(url, FEED) == wrong, "who reads sees the old one"
    rebuilding.process.send_signal(signal.SIGKILL)
    rebuilding.process.wait()
    assert rows(url, FEED) == wrong
    ada.send(group, "c6")
    wait_for(lambda: len(rows(url, FEED)) == len(wrong) + 1, 20)
    assert run_cli(tmp_path, "rebuild-activity").returncode == 0
    assert is_whole(url)


def test_what_happens_meanwhile_is_there_once(
    host: Host, url: str, ada: Somebody, group: str, start: Start, tmp_path: Path
) -> None:
    """Some events come only now, though the feed has them from the database; some are new."""
    host.declare()
    relay = start("chat.relay")
    wait_for(lambda: _queued(host) == len(rows(url, SENT)), 20)
    rebuilding = holding(start, tmp_path)
    consumer = start(CONSUMER)
    ada.send(group, "c6")
    wait_for(lambda: consumer.said("event.waits"), 20)
    (tmp_path / "go").touch()
    assert rebuilding.process.wait(120) == 0
    ada.send(group, "c7")
    wait_for(lambda: is_whole(url), 20)
    assert consumer.said("event.again") == 7, "the notice, and six messages"
    assert consumer.stop() == 0
    assert relay.stop() == 0
    assert host.take(ACTIVITY) == host.take(TOPOLOGY.dead.name) == []


def _queued(host: Host) -> Any:
    with host.connection() as connection:
        return connection.channel().queue_declare(ACTIVITY, passive=True).method.message_count
