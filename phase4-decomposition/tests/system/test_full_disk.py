"""A full disk under the primary: who writes is told, who reads does not notice, nothing is lost."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from postgres import TEMPLATE, Cluster
from running import Person, Server, wait_for

TEXT = "the door is locked " * 200


class Disk:
    """A file system of 24 MiB that somebody else fills; the tables of a database lie on it."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp())  # whose parents everybody may enter
        options = ["-t", "tmpfs", "-o", "size=24m,mode=0755"]
        mount = ["mount", *options, "tmpfs", str(self.directory)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system takes root, and a container that may mount")
        self.tables = self.directory / "tables"
        self.tables.mkdir()
        shutil.chown(self.tables, "nobody", "nogroup")

    def fill(self) -> None:
        """Leave no byte of room."""
        with (self.directory / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def make_room(self) -> None:
        """Give it back."""
        (self.directory / "filler").unlink()

    def unmount(self) -> None:
        """Leave nothing behind, once nobody uses it."""
        command = ["umount", str(self.directory)]
        wait_for(lambda: subprocess.run(command, check=False).returncode == 0)
        self.directory.rmdir()


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.unmount()


@pytest.fixture
def database(disk: Disk) -> Iterator[str]:
    """The address of a database of a primary whose log, unlike its tables, has room."""
    servers = Cluster()
    primary = servers.primary
    try:
        primary.ask(f"CREATE TABLESPACE small LOCATION '{disk.tables}'")
        primary.ask(f"CREATE DATABASE d TEMPLATE {TEMPLATE} OWNER chat TABLESPACE small")
        yield primary.url("d")
    finally:
        servers.close()


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
    conversation = ann.group()
    acknowledged: dict[str, int] = {}

    def send(client_id: str) -> httpx.Response:
        answer = ann.send(conversation, client_id, TEXT)
        if answer.status_code == 201:
            acknowledged[client_id] = answer.json()["seq"]
        return answer

    for number in range(5):
        assert send(f"before-{number}").status_code == 201
    disk.fill()
    # What the database has room for within its own files is still taken.
    refused = wait_for(lambda: _first_refused(send))
    _is_refused(send(refused))
    _is_refused(httpx.get(f"{server.url}/readyz"))

    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert ann.http.get(f"/conversations/{conversation}").status_code == 200
    assert ann.http.get("/conversations").json()["items"][0]["id"] == conversation
    assert _stored(ann, conversation) == acknowledged

    disk.make_room()
    wait_for(server.is_ready)
    assert send(refused).status_code == 201
    server.kill()
    server.start()
    assert _stored(ann, conversation) == acknowledged


def _first_refused(send: Callable[[str], httpx.Response]) -> str | None:
    for number in range(20):
        client_id = f"during-{os.urandom(4).hex()}-{number}"
        if send(client_id).status_code != 201:
            return client_id
    return None


def _is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/api/docs/problems#storage-full"
    assert int(answer.headers["Retry-After"]) == answer.json()["retry_after"] >= 1


def _stored(person: Person, conversation: str) -> dict[str, int]:
    found: dict[str, int] = {}
    after = 0
    while True:
        params = {"limit": 100, "after": after}
        answer = person.http.get(f"/conversations/{conversation}/messages", params=params)
        assert answer.status_code == 200
        for one in answer.json()["items"]:
            after = one["seq"]
            if one["kind"] == "text":
                assert one["client_id"] not in found, "a message was doubled"
                found[one["client_id"]] = one["seq"]
        if not answer.json()["items"]:
            return found
