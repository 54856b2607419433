"""When something breaks: the client learns that it did and what to do, and nothing else."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from postgres import settings_for
from running import Server
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from stand_in import create_app

from chassis import services
from chassis.database import Database
from chassis.redaction import Fields
from chat.conversations.service import ConversationService


def _register(client: FlaskClient) -> dict[str, str]:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens = client.post("/api/v1/auth/register", json=body).json
    assert tokens is not None
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _group(client: FlaskClient, who: dict[str, str]) -> str:
    body = {"kind": "group", "name": "G", "member_ids": []}
    answer = client.post("/api/v1/conversations", json=body, headers=who)
    assert answer.json is not None
    return str(answer.json["id"])


def test_a_fault_of_ours_leaks_nothing_but_the_id_to_ask_about(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = _register(client)

    def broken(*_: Any) -> None:
        raise OperationalError("SELECT secret FROM accounts", {}, Exception("/data/chat.sqlite3"))

    monkeypatch.setattr(services.of(app).get(ConversationService), "list_of", broken)
    answer = client.get("/api/v1/conversations", headers=who)
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert answer.json["type"] == "/api/docs/problems#internal-error"
    for secret in ("SELECT", "sqlite", "/data", "Traceback", "OperationalError"):
        assert secret not in answer.text


@pytest.mark.parametrize("locked_by", ["another process", "another thread"])
def test_a_conversation_that_another_write_holds_is_busy_for_a_bounded_time(
    tmp_path: Path, locked_by: str
) -> None:
    settings = settings_for(tmp_path, database_timeout=0.2)
    app = create_app(settings)
    client = app.test_client()
    who = _register(client)
    conversation = _group(client, who)
    # A second `Database` has connections of its own, as another process would.
    locker: Database = (
        services.of(app).get(Database) if locked_by == "another thread" else Database(settings)
    )
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with locker.write() as work:
            work.connection.exec_driver_sql("SELECT FROM conversations FOR UPDATE")
            locked.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(5)
        began = time.monotonic()
        path = f"/api/v1/conversations/{conversation}"
        answer = client.patch(path, json={"name": "hello"}, headers=who)
        assert time.monotonic() - began < 5
        assert answer.status_code == 503
        assert answer.json is not None
        assert answer.json["type"].endswith("#busy")
        assert int(answer.headers["Retry-After"]) == answer.json["retry_after"] >= 1
        reading = client.get(path, headers=who)
        assert reading.status_code == 200, "readers do not wait for a writer"
    finally:
        release.set()
        holder.join()


def test_a_path_cannot_forge_a_log_line(client: FlaskClient, written: list[Fields]) -> None:
    client.get("/nowhere%0aINFO%20forged")
    requests = [line for line in written if line["event"] == "http.request"]
    assert [line["route"] for line in requests] == ["(none)"]
    assert "forged" not in str(written)


def test_neither_the_log_nor_the_answer_depends_on_what_people_write(
    tmp_path: Path, written: list[Fields]
) -> None:
    app = create_app(settings_for(tmp_path))
    client = app.test_client()
    who = _register(client)
    conversation = _group(client, who)
    engine = services.of(app).get(Database)._engine

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def fail(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
        return statement.replace("INSERT INTO membership_changes", "INSERT INTO nowhere"), values

    path = f"/api/v1/conversations/{conversation}"
    answer = client.patch(path, json={"name": "the door is locked"}, headers=who)
    assert answer.status_code == 500  # a fault, and not "locked"
    assert "UndefinedTable" in str(written)
    assert "the door is locked" not in str(written)


def test_no_header_says_where_the_application_is(server: Server) -> None:
    server.start()
    answer = httpx.get(f"{server.url}/healthz", headers={"SCRIPT_NAME": "/elsewhere"})
    assert answer.status_code == 200
