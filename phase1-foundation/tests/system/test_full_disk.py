"""A full disk: who writes is told, who reads does not notice, nothing acknowledged is lost."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from running import Person, Server, wait_for

TEXT = "the door is locked " * 200

Disk = tuple[Server, Callable[[], None], Callable[[], None]]
"""A server, what fills its disk, and what makes room again."""


@contextmanager
def _small_file_system(directory: Path) -> Iterator[Disk]:
    """A file system of sixteen megabytes, filled by somebody else."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", str(directory)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system takes root, and a container that may mount")
    filler = directory / "filler"

    def fill() -> None:
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    server = Server(directory / "data")
    try:
        yield server, fill, filler.unlink
    finally:
        server.stop()
        unmount = ["umount", str(directory)]
        wait_for(lambda: subprocess.run(unmount, check=False).returncode == 0)  # once all are dead


@contextmanager
def _limited_files(directory: Path) -> Iterator[Disk]:
    """A limit on the size of files, as a quota sets it: for that one need not be root."""
    server = Server(directory)
    no_limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        main = server.process.pid
        for worker in Path(f"/proc/{main}/task/{main}/children").read_text().split():
            resource.prlimit(int(worker), resource.RLIMIT_FSIZE, (size, no_limit[1]))

    try:
        yield (
            server,
            lambda: limit((directory / "chat.sqlite3-wal").stat().st_size),
            lambda: limit(no_limit[0]),
        )
    finally:
        server.stop()


@pytest.fixture(params=[_small_file_system, _limited_files])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with request.param(tmp_path / "disk") as disk:
        yield disk


def _is_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/api/docs/problems#storage-full"
    assert int(answer.headers["Retry-After"]) == answer.json()["retry_after"] >= 1


def _stored(person: Person, conversation: str) -> dict[str, int]:
    answer = person.http.get(f"/conversations/{conversation}/messages", params={"limit": 100})
    assert answer.status_code == 200
    texts = [one for one in answer.json()["items"] if one["kind"] == "text"]
    found = {one["client_id"]: one["seq"] for one in texts}
    assert len(found) == len(texts), "a message was doubled"
    return found


def test_a_full_disk_refuses_writes_and_nothing_else_until_there_is_room(disk: Disk) -> None:
    server, fill, make_room = disk
    server.start()
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
    fill()
    # What the database has room for within its own files is still taken.
    refused = wait_for(lambda: _first_refused(send))
    _is_refused(send(refused))
    credentials = {"username": ann.username, "password": "correct horse"}
    _is_refused(ann.http.post("/auth/login", json=credentials))
    _is_refused(ann.http.post("/realtime/tickets"))
    _is_refused(httpx.get(f"{server.url}/readyz"))

    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert ann.http.get("/profiles/me").status_code == 200
    assert ann.http.get("/conversations").json()["items"][0]["id"] == conversation
    assert _stored(ann, conversation) == acknowledged

    make_room()
    wait_for(server.is_ready)
    assert send(refused).status_code == 201
    assert ann.http.post("/auth/login", json=credentials).status_code == 200
    server.kill()
    server.start()
    assert _stored(ann, conversation) == acknowledged


def _first_refused(send: Callable[[str], httpx.Response]) -> str | None:
    for number in range(20):
        client_id = f"during-{os.urandom(4).hex()}-{number}"
        if send(client_id).status_code != 201:
            return client_id
    return None
