"""An acknowledged message is on disk: it survives kill -9, and the power going off."""

import random
import threading
import time
from pathlib import Path

import httpx
from postgres import settings_for
from running import Person, Server

from chassis.database import Database


def test_connections_commit_to_disk_before_they_answer(tmp_path: Path) -> None:
    """Killing a process cannot tell `on` from `off`: so ask."""
    database = Database(settings_for(tmp_path))
    with database.read() as reader, database.write() as work:
        for connection in (reader, work.connection):
            for setting in ("synchronous_commit", "full_page_writes"):
                assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "on"
    database.close()


def test_no_acknowledged_message_is_lost_by_kill_nine(tmp_path: Path) -> None:
    """Kill under load, again and again, then count. Clients resend what was not answered."""
    server = Server(tmp_path / "data").start()
    try:
        people = [Person(server.url) for _ in range(3)]
        conversation = people[0].group(*people[1:])
        acknowledged: dict[str, int] = {}
        finished = threading.Event()

        def write(number: int) -> None:
            count = 0
            while not finished.is_set():
                client_id = f"w{number}-{count}"
                try:
                    answer = people[number].send(conversation, client_id, f"text {client_id}")
                except httpx.TransportError:
                    time.sleep(0.05)  # the server is being restarted; the same send goes again
                    continue
                if answer.status_code in {200, 201}:
                    acknowledged[client_id] = answer.json()["seq"]
                    count += 1

        writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(4):
            enough = len(acknowledged) + random.randint(10, 40)
            while len(acknowledged) < enough:
                time.sleep(0.005)
            server.kill()
            server.start()
        finished.set()
        for writer in writers:
            writer.join()
        stored = _all_messages(people[0], conversation)
    finally:
        server.stop()
    assert [message["seq"] for message in stored] == list(range(1, len(stored) + 1))
    by_client_id = [m["client_id"] for m in stored if m["kind"] == "text"]
    assert len(by_client_id) == len(set(by_client_id)), "a message was doubled"
    kept = {m["client_id"]: m["seq"] for m in stored if m["kind"] == "text"}
    assert {key: kept.get(key) for key in acknowledged} == acknowledged
    assert len(acknowledged) > 40


def _all_messages(person: Person, conversation: str) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = []
    while True:
        page = person.http.get(
            f"/conversations/{conversation}/messages",
            params={"after": len(messages), "limit": 100},
        ).json()
        messages += page["items"]
        if not page["items"]:
            return messages


def test_a_killed_refresh_logs_nobody_out(tmp_path: Path) -> None:
    """The answer to a refresh is lost with the server; the old token still works afterwards."""
    server = Server(tmp_path / "data").start()
    try:
        person = Person(server.url)
        old = person.tokens["refresh_token"]
        first = person.http.post("/auth/refresh", json={"refresh_token": old})
        assert first.status_code == 200
        server.kill()
        server.start()
        again = person.http.post("/auth/refresh", json={"refresh_token": old})
        assert again.status_code == 200
        used = person.http.post(
            "/auth/refresh", json={"refresh_token": again.json()["refresh_token"]}
        )
        assert used.status_code == 200
    finally:
        server.stop()
