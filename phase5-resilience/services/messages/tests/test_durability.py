"""An acknowledged message is on disk: it survives kill -9, and a disk that is full."""

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from disks import Disk, small_database
from flask import Flask
from processes import MessagesServer, Writer
from waiting import wait_for

from chassis import services
from chassis.database import Database


def test_connections_commit_to_disk_before_they_answer(app: Flask) -> None:
    """Killing a process cannot tell `on` from `off`: so ask."""
    database = services.of(app).get(Database)
    with database.read() as reader, database.write() as work:
        for connection in (reader, work.connection):
            for setting in ("synchronous_commit", "full_page_writes"):
                assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "on"


def test_no_acknowledged_message_is_lost_by_kill_nine(tmp_path: Path) -> None:
    """Kill under load, again and again, then count. Clients resend what was not answered."""
    server = MessagesServer(tmp_path / "data").start()
    acknowledged: dict[str, int] = {}
    finished = threading.Event()
    ann = Writer(server)
    group = server.group(ann)

    def write(number: int) -> None:
        count = 0
        while not finished.is_set():
            client_id = f"w{number}-{count}"
            try:
                answer = ann.send(group, client_id)
            except httpx.TransportError:
                time.sleep(0.05)  # the server is being restarted; the same send goes again
                continue
            if answer.status_code in {200, 201}:
                acknowledged[client_id] = answer.json()["seq"]
                count += 1

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
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
        kept = ann.texts(group)
    finally:
        finished.set()
        server.stop()
    assert {key: kept.get(key) for key in acknowledged} == acknowledged
    assert len(acknowledged) > 40


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.unmount()


@pytest.fixture
def database(disk: Disk) -> Iterator[str]:
    with small_database(disk) as url:
        yield url


def test_a_full_disk_refuses_sends_and_nothing_else_until_there_is_room(
    tmp_path: Path, disk: Disk, database: str
) -> None:
    server = MessagesServer(tmp_path / "data", CHAT_DATABASE_URL=database).start()
    try:
        _fill_and_make_room(server, disk)
    finally:
        server.stop()


def _fill_and_make_room(server: MessagesServer, disk: Disk) -> None:
    ann = Writer(server)
    group = server.group(ann)
    acknowledged: set[str] = set()

    def send(client_id: str) -> httpx.Response:
        answer = ann.send(group, client_id)
        if answer.status_code == 201:
            acknowledged.add(client_id)
        return answer

    def first_refused() -> str | None:
        for number in range(200):
            client_id = f"during-{os.urandom(4).hex()}-{number}"
            if send(client_id).status_code != 201:
                return client_id
        return None

    for number in range(5):
        assert send(f"before-{number}").status_code == 201
    disk.fill()
    # What the database has room for within its own files is still taken.
    refused = wait_for(first_refused)
    _is_refused(send(refused))
    _is_refused(httpx.get(f"{server.url}/readyz"))
    assert ann.texts(group).keys() == acknowledged

    disk.make_room()
    wait_for(server.is_ready)
    assert send(refused).status_code == 201
    server.kill()
    server.start()
    assert ann.texts(group).keys() == acknowledged


def _is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/api/docs/problems#storage-full"
    assert int(answer.headers["Retry-After"]) == answer.json()["retry_after"] >= 1
