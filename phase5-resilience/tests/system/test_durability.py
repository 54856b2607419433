"""What is acknowledged is on disk: it survives kill -9, and the power going off."""

import random
import threading
import time
from pathlib import Path

import httpx
from postgres import settings_for
from running import Person, Server, wait_for

from chassis.database import Database


def test_connections_commit_to_disk_before_they_answer(tmp_path: Path) -> None:
    """Killing a process cannot tell `on` from `off`: so ask."""
    database = Database(settings_for(tmp_path))
    with database.read() as reader, database.write() as work:
        for connection in (reader, work.connection):
            for setting in ("synchronous_commit", "full_page_writes"):
                assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "on"
    database.close()


def test_no_acknowledged_group_is_lost_by_kill_nine(tmp_path: Path) -> None:
    """Kill under load, again and again, then count. Messages have a test of their own."""
    server = Server(tmp_path / "data").start()
    acknowledged: set[str] = set()
    finished = threading.Event()
    ann = Person(server.url)

    def begin() -> None:
        body = {"kind": "group", "name": "G", "member_ids": []}
        while not finished.is_set():
            try:
                answer = ann.http.post("/conversations", json=body)
            except httpx.TransportError:
                time.sleep(0.05)  # the server is being restarted
                continue
            if answer.status_code == 201:
                acknowledged.add(answer.json()["id"])

    writers = [threading.Thread(target=begin) for _ in range(3)]
    try:
        for writer in writers:
            writer.start()
        for _ in range(4):
            enough = len(acknowledged) + random.randint(10, 40)
            wait_for(lambda: len(acknowledged) >= enough, within=60)  # noqa: B023 - this turn's
            server.kill()
            server.start()
        finished.set()
        for writer in writers:
            writer.join()
        stored = _all_groups(ann)
    finally:
        finished.set()
        server.stop()
    assert acknowledged <= stored
    assert len(acknowledged) > 40


def _all_groups(person: Person) -> set[str]:
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        page = person.http.get("/conversations", params=params).json()
        found |= {one["id"] for one in page["items"]}
        cursor = page["next_cursor"]
    return found


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
