"""A full disk under the primary: who writes is told, who reads does not notice, nothing is lost."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from disks import Disk, small_database
from running import Person, Server, wait_for


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.unmount()


@pytest.fixture
def database(disk: Disk) -> Iterator[str]:
    with small_database(disk) as url:
        yield url


def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(
    tmp_path: Path, disk: Disk, database: str
) -> None:
    server = Server(tmp_path / "data", CHAT_DATABASE_URL=database).start()
    try:
        _fill_and_make_room(server, disk)
    finally:
        server.stop()


def _fill_and_make_room(server: Server, disk: Disk) -> None:
    ann = Person(server.url)
    acknowledged: set[str] = set()

    def begin(name: str) -> httpx.Response:
        body = {"kind": "group", "name": name, "member_ids": []}
        answer = ann.http.post("/conversations", json=body)
        if answer.status_code == 201:
            acknowledged.add(name)
        return answer

    for number in range(5):
        assert begin(f"before-{number}").status_code == 201
    disk.fill()
    # What the database has room for within its own files is still taken.
    refused = wait_for(lambda: _first_refused(begin))
    _is_refused(begin(refused))
    _is_refused(httpx.get(f"{server.url}/readyz"))

    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert _stored(ann) == acknowledged

    disk.make_room()
    wait_for(server.is_ready)
    assert begin(refused).status_code == 201
    server.kill()
    server.start()
    assert _stored(ann) == acknowledged


def _first_refused(begin: Callable[[str], httpx.Response]) -> str | None:
    for number in range(50):
        name = f"during-{os.urandom(4).hex()}-{number}"
        if begin(name).status_code != 201:
            return name
    return None


def _is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/api/docs/problems#storage-full"
    assert int(answer.headers["Retry-After"]) == answer.json()["retry_after"] >= 1


def _stored(person: Person) -> set[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        answer = person.http.get("/conversations", params=params)
        assert answer.status_code == 200
        found += [one["name"] for one in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    assert len(found) == len(set(found)), "a group was doubled"
    return set(found)
