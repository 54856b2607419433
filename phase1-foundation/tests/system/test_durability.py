"""An acknowledged message is on disk: it survives kill -9, and the power going off."""

import random
import threading
import time
from pathlib import Path

import httpx
from running import Person, Server

from chassis.database import LOG_KEPT, Database


def test_connections_commit_to_disk_before_they_answer(tmp_path: Path) -> None:
    """Killing a process cannot tell FULL from OFF: the page cache survives it. So ask."""
    database = Database(tmp_path / "d.sqlite3", connections=2, timeout=1)
    database.create_tables()
    with database.read() as reader, database.write() as work:
        for connection in (reader, work.connection):
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_write_takes_the_lock_at_its_first_statement(tmp_path: Path) -> None:
    statements: list[str] = []
    database = Database(tmp_path / "d.sqlite3", connections=1, timeout=1)
    database.create_tables()
    with database.write() as work:
        raw = work.connection.connection.dbapi_connection
        assert raw is not None
        assert raw.in_transaction
        raw.set_trace_callback(statements.append)
    with database.write():
        pass
    assert "BEGIN IMMEDIATE" in statements


def test_the_log_shrinks_again_after_a_long_read(tmp_path: Path) -> None:
    database = Database(tmp_path / "d.sqlite3", connections=3, timeout=5)
    database.create_tables()
    log = tmp_path / "d.sqlite3-wal"

    def write() -> None:
        with database.write() as work:
            work.connection.exec_driver_sql("INSERT INTO big VALUES (randomblob(1000000))")

    with database.write() as work:
        work.connection.exec_driver_sql("CREATE TABLE big (content BLOB)")
    with database.read() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM big").scalar() == 0
        for _ in range(30):
            write()
        assert log.stat().st_size > 3 * LOG_KEPT
    write()  # copies all of it into the database's file …
    write()  # … and begins the log anew
    assert log.stat().st_size <= LOG_KEPT


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


def test_only_its_owner_may_read_the_database(tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    try:
        Person(server.url)
        modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "data").iterdir()}
    finally:
        server.stop()
    assert modes == dict.fromkeys(modes, 0)
    assert "chat.sqlite3" in modes
