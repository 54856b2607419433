"""`python -m chat.cli` beside a running server, killed in the middle, and the read-only switch."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
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
    own,
    profile,
    run_cli,
    sealed,
    small,
)
from postgres import address_of
from running import PHASE, Person, Server, wait_for

from chassis.mode import Mode

GROUP = {"kind": "group", "name": "G", "member_ids": []}


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
    assert counts["conversation"] == 4_000
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
        ann = Person(server.url)
        run_cli(tmp_path, "empty", "--yes")
        importing = _begin_import(tmp_path, long_archive)
        ready = httpx.get(f"{server.url}/readyz")
        write = ann.http.post("/conversations", json=GROUP)
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
    assert target.read_bytes() == b"".join(sealed(own(small())))
    assert {one.name for one in tmp_path.iterdir()} == {"a.jsonl"}


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
    assert "nothing of it was kept: line 9: " in done.stderr


def test_emptying_needs_a_yes_and_leaves_nothing(tmp_path: Path) -> None:
    database = database_in(tmp_path)
    load(database, io.BytesIO(b"".join(sealed(small()))))
    assert run_cli(tmp_path, "empty").returncode == 2
    assert not is_empty(database)
    assert run_cli(tmp_path, "empty", "--yes").returncode == 0
    assert is_empty(database)


def test_the_state_is_json(tmp_path: Path) -> None:
    load(database_in(tmp_path), io.BytesIO(b"".join(sealed(small()))))
    counts = {"conversation": 2, "member": 4}
    state = json.loads(run_cli(tmp_path, "state").stdout)
    types = ["profile", "conversation", "member", "moderation", "preferences"]
    assert state == {"mode": "open", "empty": False, "counts": counts, "types": types}


class _Maker(threading.Thread):
    """Makes groups until told to stop; remembers which were acknowledged and all other answers."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.refusals: list[httpx.Response] = []
        self.problems: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._person = person

    def run(self) -> None:
        while not self.stopping.is_set():
            answer = self._person.http.post("/conversations", json=GROUP)
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
    makers = [_Maker(ann) for _ in range(4)]
    for maker in makers:
        maker.start()
    try:
        wait_for(lambda: all(len(maker.acknowledged) > 10 for maker in makers))
        # A consistent moment, even while people write: it must import.
        during = run_cli(data, "export")
        assert run_cli(data, "read-only", "on").returncode == 0
        after = run_cli(data, "export")
        wait_for(lambda: all(maker.problems["read-only"] > 3 for maker in makers))
    finally:
        for maker in makers:
            maker.stopping.set()
        for maker in makers:
            maker.join()
    assert during.returncode == 0
    records = [json.loads(line) for line in during.stdout.splitlines()][1:-1]
    whole = sealed([profile(ann.id, "ann", "Ann"), *records])  # the first is not the monolith's
    load(database_in(tmp_path / "during"), io.BytesIO(b"".join(whole)))
    exported = {
        record["id"]
        for record in map(json.loads, after.stdout.splitlines())
        if record["type"] == "conversation"
    }
    assert exported == {id_ for maker in makers for id_ in maker.acknowledged}
    for maker in makers:
        # A lock may be waited for too long, on a slow machine: then nothing is stored either.
        assert maker.problems.keys() <= {"read-only", "busy"}
        for refused in maker.refusals:
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1


def test_read_only_survives_a_restart_and_lets_people_read(tmp_path: Path, server: Server) -> None:
    server.start()
    ann = Person(server.url)
    group = ann.group()
    run_cli(tmp_path / "data", "read-only", "on")
    server.kill()
    server.start()
    writes = [
        ann.http.post("/conversations", json=GROUP),
        ann.http.patch(f"/conversations/{group}", json={"name": "x"}),
        ann.http.put(f"/conversations/{group}/read", json={"seq": 1}),
    ]
    assert {(one.status_code, one.json()["type"]) for one in writes} == {
        (503, "/api/docs/problems#read-only")
    }
    assert ann.http.get(f"/conversations/{group}/messages").status_code == 200
    assert run_cli(tmp_path / "data", "empty", "--yes").returncode == 1
    run_cli(tmp_path / "data", "read-only", "off")
    assert ann.http.post("/conversations", json=GROUP).status_code == 201


def test_what_is_logged_gets_into_no_archive(tmp_path: Path) -> None:
    program = (
        "import structlog, chat.cli; chat.cli.main(['export']); structlog.get_logger().info('said')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PHASE,
        env=os.environ | {"CHAT_DATABASE_URL": address_of(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert [json.loads(line)["type"] for line in ran.stdout.splitlines()] == ["header", "trailer"]
    assert json.loads(ran.stderr.splitlines()[-1])["event"] == "said"
