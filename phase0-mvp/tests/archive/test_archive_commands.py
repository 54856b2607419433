"""`python -m chat.cli` beside a running server, killed in the middle, and the read-only switch."""

import io
import json
import os
import signal
import stat
import subprocess
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from archives import (
    cli,
    database_in,
    dull,
    is_empty,
    load,
    run_cli,
    sealed,
    small,
)
from running import Person, Server, wait_for

from chassis.mode import Mode


def _begin_import(directory: Path, archive: bytes) -> "subprocess.Popen[bytes]":
    """Start an import that has stored most of an archive and waits for the rest."""
    importing = cli(directory, "import", "-", stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert importing.stdin is not None
    # More than the pipe holds: when this returns, most of it has been read.
    importing.stdin.write(archive[: len(archive) * 9 // 10])
    importing.stdin.flush()
    return importing


@pytest.fixture(scope="module")
def long_archive() -> bytes:
    """Return an archive of several batches."""
    return b"".join(sealed(dull(4_000)))


def test_an_import_that_is_killed_leaves_nothing(tmp_path: Path, long_archive: bytes) -> None:
    importing = _begin_import(tmp_path, long_archive)
    importing.kill()
    importing.communicate()
    database = database_in(tmp_path)
    assert is_empty(database)
    assert database.mode() is Mode.IMPORTING
    counts = load(database, io.BytesIO(long_archive))
    assert counts["message"] == 4_000
    assert database.mode() is Mode.OPEN


def test_an_import_that_is_told_to_stop_cleans_up(tmp_path: Path, long_archive: bytes) -> None:
    importing = _begin_import(tmp_path, long_archive)
    importing.send_signal(signal.SIGTERM)
    importing.communicate()
    assert importing.returncode == 130
    database = database_in(tmp_path)
    assert is_empty(database)
    assert database.mode() is Mode.OPEN


def test_a_server_that_starts_after_a_killed_import_is_ready(
    tmp_path: Path, server: Server, long_archive: bytes
) -> None:
    importing = _begin_import(tmp_path / "data", long_archive)
    importing.kill()
    importing.communicate()
    server.start()
    Person(server.url)


def test_while_an_import_runs_the_system_is_not_ready_and_takes_no_writes(
    tmp_path: Path, long_archive: bytes
) -> None:
    server = Server(tmp_path, CHAT_DATABASE_TIMEOUT="0.3").start()
    try:
        importing = _begin_import(tmp_path, long_archive)
        ready = httpx.get(f"{server.url}/readyz")
        body = {"username": "zoe", "password": "correct horse", "display_name": "Z"}
        write = httpx.post(f"{server.url}/api/v1/auth/register", json=body)
        for refused in (ready, write):
            assert refused.status_code == 503
            assert refused.json()["type"].endswith("#not-ready")
            assert int(refused.headers["Retry-After"]) >= 1
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        importing.communicate(long_archive[len(long_archive) * 9 // 10 :])
        assert importing.returncode == 0
        assert server.is_ready()
        Person(server.url)
    finally:
        server.stop()


def test_an_exported_file_is_its_owners_and_says_why(tmp_path: Path) -> None:
    data, target = tmp_path / "data", tmp_path / "a.jsonl"
    load(database_in(data), io.BytesIO(b"".join(sealed(small()))))
    target.touch(0o644)
    done = run_cli(data, "export", str(target))
    assert done.returncode == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "password and token hashes" in done.stderr
    assert target.read_bytes() == b"".join(sealed(small()))
    assert {one.name for one in tmp_path.iterdir()} == {"data", "a.jsonl"}


def test_an_export_replaces_ordinary_files_only(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("there.jsonl")
    os.mkfifo(tmp_path / "pipe")
    assert run_cli(tmp_path, "export", str(tmp_path / "link.jsonl")).returncode == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "there.jsonl").read_bytes().startswith(b"{")
    refused = run_cli(tmp_path, "export", str(tmp_path / "pipe"))
    assert refused.returncode == 1
    assert "is no ordinary file" in refused.stderr
    assert (tmp_path / "pipe").is_fifo()


def test_an_export_that_fails_leaves_no_file(tmp_path: Path) -> None:
    done = run_cli(tmp_path / "data", "export", str(tmp_path / "nowhere" / "a.jsonl"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert not (tmp_path / "nowhere").exists()


def test_a_refusal_says_which_line_and_that_nothing_was_kept(tmp_path: Path) -> None:
    archive = tmp_path / "a.jsonl"
    archive.write_bytes(b"".join(sealed(small())[:-3]))
    done = run_cli(tmp_path / "data", "import", str(archive))
    assert done.returncode == 1
    assert "nothing of it was kept: line 18: " in done.stderr


def test_emptying_needs_a_yes_and_leaves_nothing(tmp_path: Path) -> None:
    database = database_in(tmp_path)
    load(database, io.BytesIO(b"".join(sealed(small()))))
    assert run_cli(tmp_path, "empty").returncode == 2
    assert not is_empty(database)
    assert run_cli(tmp_path, "empty", "--yes").returncode == 0
    assert is_empty(database)


def test_the_state_is_json(tmp_path: Path) -> None:
    load(database_in(tmp_path), io.BytesIO(b"".join(sealed(small()))))
    counts = {"user": 3, "login": 1, "profile": 3, "conversation": 2, "member": 4, "message": 5}
    state = json.loads(run_cli(tmp_path, "state").stdout)
    assert state == {"mode": "open", "empty": False, "counts": counts}


class _Sender(threading.Thread):
    """Sends until told to stop; remembers what was acknowledged and every other answer."""

    def __init__(self, person: Person, group: str) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.refusals: list[httpx.Response] = []
        self.problems: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._person, self._group = person, group

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            answer = self._person.send(self._group, f"{self.name}-{number}")
            number += 1
            if answer.status_code == 201:
                self.acknowledged.append(answer.json()["id"])
            else:
                self.refusals.append(answer)
                self.problems[answer.json()["type"].rpartition("#")[2]] += 1


def test_what_is_acknowledged_under_load_is_in_an_export_after_the_switch(
    tmp_path: Path, server: Server
) -> None:
    server.start()
    data = tmp_path / "data"
    ann = Person(server.url)
    group = ann.group()
    senders = [_Sender(ann, group) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        wait_for(lambda: all(len(sender.acknowledged) > 10 for sender in senders))
        # A consistent moment, even while people write: it must import.
        during = run_cli(data, "export")
        assert run_cli(data, "read-only", "on").returncode == 0
        after = run_cli(data, "export")
        wait_for(lambda: all(sender.problems["read-only"] > 3 for sender in senders))
    finally:
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join()
    load(database_in(tmp_path / "during"), io.BytesIO(during.stdout.encode()))
    exported = {
        record["id"]
        for record in map(json.loads, after.stdout.splitlines())
        if record["type"] == "message" and record["kind"] == "text"
    }
    assert exported == {id_ for sender in senders for id_ in sender.acknowledged}
    for sender in senders:
        # A lock may be waited for too long, on a slow machine: then nothing is stored either.
        assert sender.problems.keys() <= {"read-only", "busy"}
        for refused in sender.refusals:
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1


def test_read_only_survives_a_restart_and_lets_people_read(tmp_path: Path, server: Server) -> None:
    server.start()
    ann = Person(server.url)
    group = ann.group()
    run_cli(tmp_path / "data", "read-only", "on")
    server.kill()
    server.start()
    login = {"username": ann.username, "password": "correct horse"}
    writes = [
        ann.send(group, "c"),
        ann.http.post("/auth/login", json=login),
        ann.http.post("/auth/refresh", json={"refresh_token": ann.tokens["refresh_token"]}),
        ann.http.post("/auth/logout"),
        ann.http.post("/realtime/tickets"),
        ann.http.patch("/profiles/me", json={"bio": "x"}),
        ann.http.put(f"/conversations/{group}/read", json={"seq": 1}),
    ]
    assert {(one.status_code, one.json()["type"]) for one in writes} == {
        (503, "/api/docs/problems#read-only")
    }
    assert ann.http.get(f"/conversations/{group}/messages").status_code == 200
    assert run_cli(tmp_path / "data", "empty", "--yes").returncode == 1
    run_cli(tmp_path / "data", "read-only", "off")
    assert ann.send(group, "c").status_code == 201
