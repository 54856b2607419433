"""Dead letters: whoever looks changes nothing; replayed, one's work is done once."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from brokers import Host, Worker, rows
from flask import Flask
from people import Somebody
from pika import BasicProperties
from pika.exceptions import UnroutableError
from postgres import settings_for
from running import metric
from stand_in import create_app
from waiting import PHASE, wait_for

from chassis.errors import NotFound, NotReady
from chassis.messaging.dead_letters import LOOKED_AT, DeadLetters
from chassis.messaging.settings import BrokerSettings
from events.topology import ACTIVITY, TOPOLOGY

Start = Callable[..., Worker]
FEED = "SELECT event_id FROM activity"
EVENT = json.dumps(
    {
        "specversion": "1.0",
        "id": "019ab2c9-47f0-7e15-8066-5f60718293a4",
        "source": "/chat",
        "type": "conversation.read",
        "time": "2026-11-23T21:05:30.251Z",
        "dataschema": "urn:chat:conversation.read.v1",
        "datacontenttype": "application/json",
        "subject": "019ab2c6-1000-7c13-8e44-3d4f5e6f7081",
        "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
        "requestid": "the-request-of-it",
        "data": {"user_id": "019ab2c5-0a00-7d14-9f55-4e5f60718293", "read_seq": 3},
    }
).encode()
FAILED: dict[str, Any] = {
    "x-attempts": 3,
    "x-first-failed": "2026-11-23T21:05:31.000Z",
    "x-reason": "Away: x",
}


@pytest.fixture
def letters(host: Host) -> DeadLetters:
    """What lies at a broker with nothing in it."""
    host.declare()
    return DeadLetters(host.settings.parameters("test"), TOPOLOGY)


def bury(host: Host, count: int = 1, body: bytes = EVENT, **headers: Any) -> None:
    """Have messages given up by the queue `activity`, one after the other."""
    with host.connection() as connection:
        channel = connection.channel()
        for number in range(count):
            properties = BasicProperties(
                message_id=f"event-{number}",
                type="conversation.read",
                delivery_mode=2,
                headers=headers,
            )
            channel.basic_publish(TOPOLOGY.dead_exchange, ACTIVITY, body, properties)
        wanted = TOPOLOGY.dead.name
        wait_for(lambda: channel.queue_declare(wanted, passive=True).method.message_count >= count)


def lie(host: Host, name: str, count: int) -> None:
    """Wait until so many lie in a queue: what a broker says of that is of a moment ago."""
    with host.connection() as connection:
        channel = connection.channel()
        wait_for(lambda: channel.queue_declare(name, passive=True).method.message_count == count)


def test_looking_thirty_times_changes_nothing(host: Host, letters: DeadLetters) -> None:
    bury(host, 12)
    for _ in range(30):  # more often than a queue of 4.0 delivers without being told
        assert [one["event_id"] for one in letters.all()] == [f"event-{n}" for n in range(12)]
    assert letters.show(letters.all()[3]["id"])["event_id"] == "event-3"
    lie(host, TOPOLOGY.dead.name, 12)


def test_of_very_many_the_oldest_are_seen(host: Host, letters: DeadLetters) -> None:
    bury(host, LOOKED_AT + 5)
    assert [one["event_id"] for one in letters.all()] == [f"event-{n}" for n in range(LOOKED_AT)]


def test_it_says_what_the_headers_say(host: Host, letters: DeadLetters) -> None:
    bury(host, **FAILED)
    (letter,) = letters.all()
    assert letter == {
        "id": letter["id"],
        "queue": ACTIVITY,
        "reason": "Away: x",
        "attempts": 3,
        "first_failed_at": "2026-11-23T21:05:31.000Z",
        "event_id": "event-0",
        "type": "conversation.read",
        "request_id": "the-request-of-it",
    }
    assert letters.show(letter["id"])["body"] == EVENT.decode()


def test_what_the_broker_has_given_up_is_told_as_well(host: Host, letters: DeadLetters) -> None:
    host.publish(EVENT)
    with host.connection() as connection:
        channel = connection.channel()
        for method, _, _ in channel.consume(ACTIVITY, inactivity_timeout=1):
            if method is None:
                break
            channel.basic_nack(method.delivery_tag or 0)  # as if the consumer had died
    (letter,) = letters.all()
    assert letter["reason"] == "delivery_limit, says the broker"
    assert letter["queue"] == ACTIVITY
    assert letter["first_failed_at"] is not None


def test_replayed_and_replayed_again_its_work_is_done_once(
    host: Host, url: str, letters: DeadLetters, start: Start
) -> None:
    consumer = start("chat.consumers.activity")
    for again in range(2):
        bury(host, **FAILED)
        assert letters.settle(letters.all()[0]["id"], replay=True) == 1
        wait_for(lambda: rows(url, FEED), 20)
        wait_for(partial(_has_said, consumer, "event.again", again), 20)
    assert len(rows(url, FEED)) == 1
    assert letters.all() == []


def test_replayed_it_begins_anew_with_the_id_of_its_event(host: Host, letters: DeadLetters) -> None:
    bury(host, 3, **FAILED)
    assert letters.settle(None, replay=True) == 3
    taken = host.take(ACTIVITY)
    assert [properties.message_id for _, properties in taken] == [f"event-{n}" for n in range(3)]
    assert not any(properties.headers for _, properties in taken)
    assert all(properties.delivery_mode == 2 for _, properties in taken)


def test_killed_between_publishing_and_taking_away_it_is_still_there(
    host: Host, letters: DeadLetters, monkeypatch: pytest.MonkeyPatch
) -> None:
    bury(host)
    with monkeypatch.context() as patch:
        patch.setattr("pika.adapters.blocking_connection.BlockingChannel.basic_ack", _die)
        with pytest.raises(ZeroDivisionError):
            letters.settle(None, replay=True)
    lie(host, ACTIVITY, 1)
    lie(host, TOPOLOGY.dead.name, 1)


def _has_said(worker: Worker, event: str, times: int) -> bool:
    return worker.said(event) == times


def _die(*_: object) -> None:
    raise ZeroDivisionError


def test_what_no_queue_takes_any_more_stays(host: Host, letters: DeadLetters) -> None:
    with host.connection() as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(TOPOLOGY.dead_exchange, "a-queue-of-before", EVENT, mandatory=True)
    (letter,) = letters.all()
    with pytest.raises(NotReady, match="gone, or full") as error:
        letters.settle(letter["id"], replay=True)
    assert isinstance(error.value.__cause__, UnroutableError)
    assert letters.all() == [letter]


def test_dropped_it_is_gone_and_only_it(host: Host, letters: DeadLetters) -> None:
    bury(host, 3)
    first, second, third = letters.all()
    drop = partial(letters.settle, replay=False)
    assert drop(second["id"]) == 1
    assert letters.all() == [first, third]
    for attempt in (letters.show, drop, partial(letters.settle, replay=True)):
        with pytest.raises(NotFound):
            attempt(second["id"])


def test_the_command_prints_a_line_for_each(host: Host, letters: DeadLetters) -> None:
    bury(host, 2, body=b"\xff")

    def ask(*words: str, code: int = 0) -> list[Any]:
        found = subprocess.run(
            [sys.executable, "-m", "chat.dead_letters", *words],
            cwd=PHASE,
            env={"PATH": "/usr/bin", **host.environment},
            capture_output=True,
            check=False,
        )
        assert found.returncode == code, found.stderr
        return [json.loads(line) for line in found.stdout.splitlines()]

    first, second = ask("list")
    assert ask("show", second["id"])[0]["body"] == "\N{REPLACEMENT CHARACTER}"
    assert ask("drop", second["id"]) == [{"settled": 1}]
    assert ask("show", second["id"], code=1) == []
    assert ask("replay", code=2) == []
    assert ask("replay", first["id"]) == [{"settled": 1}]
    assert ask("replay", "--all") == [{"settled": 0}]
    assert letters.all() == []


def application(tmp_path: Path, settings: BrokerSettings) -> Flask:
    broker = settings.model_dump(include={"broker_url", "broker_password_file"})
    inside = {"operations_bind": "0.0.0.0:9000", **broker}
    return create_app(settings_for(tmp_path / "data", **inside))


def measured(app: Flask) -> str:
    return app.test_client().get("/metrics", base_url="http://localhost:9000").text


def test_the_page_replays_and_drops(host: Host, letters: DeadLetters, tmp_path: Path) -> None:
    app = application(tmp_path, host.settings)
    ada = Somebody(app.test_client(), "ada")
    bury(host, 3, **FAILED)
    first, second, third = ada.do("GET", "/dead-letters")["items"]
    assert first == letters.all()[0]
    assert "data" not in first
    assert ada.ask("POST", f"/dead-letters/{first['id']}/replay").status_code == 204
    assert ada.ask("DELETE", f"/dead-letters/{second['id']}").status_code == 204
    assert ada.ask("DELETE", f"/dead-letters/{second['id']}").status_code == 404
    assert ada.do("GET", "/dead-letters")["items"] == [third]
    lie(host, ACTIVITY, 1)
    lie(host, TOPOLOGY.dead.name, 1)
    text = measured(app)
    assert metric(text, "chat_dead_letters") == 1
    assert metric(text, "chat_queue_messages", queue=ACTIVITY) == 1


def test_while_the_broker_is_away_the_page_says_so_and_the_metric_is_absent(tmp_path: Path) -> None:
    away = BrokerSettings(broker_url="amqp://127.0.0.1:1/x")
    app = application(tmp_path, away)
    answer = Somebody(app.test_client(), "ada").ask("GET", "/dead-letters")
    assert answer.status_code == 503
    assert "#not-ready" in answer.text
    assert "chat_dead_letters" not in measured(app)
    assert "chat_database_connections_max" in measured(app)
