"""One id in everything that is done on somebody's behalf."""

import socket
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from people import Somebody
from running import Server, wait_for

from chassis import context, services
from chassis.correlation import CarryingThread, given_id
from chassis.redaction import Fields
from chat.conversations.service import ConversationService


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """A server that says what it usually says."""
    server = Server(tmp_path / "data", CHAT_LOG_LEVEL="INFO")
    yield server.start()
    server.stop()


@pytest.mark.parametrize("given", ["12345678", "a" * 128, "A.b_c-1234"])
def test_a_callers_id_is_taken_over(given: str) -> None:
    assert given_id({"HTTP_X_REQUEST_ID": given}) == given


@pytest.mark.parametrize("given", ["", "1234567", "a" * 129, "a b c d e f", "12345678\n", "é" * 9])
def test_what_could_be_taken_for_something_else_is_not(given: str) -> None:
    assert given_id({"HTTP_X_REQUEST_ID": given}) is None


def test_every_line_of_a_request_carries_its_id(
    app: Flask, client: FlaskClient, written: list[Fields], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        structlog.get_logger().info("on.the.way")
        raise RuntimeError

    ann = Somebody(client, "ann")
    monkeypatch.setattr(services.of(app).get(ConversationService), "list_of", broken)
    answer = client.get(
        "/api/v1/conversations", headers={**ann.headers, "X-Request-ID": "my-request"}
    )
    assert answer.json is not None
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] == "my-request"
    lines = [line for line in written if line["event"] != "cache.off"]
    assert [line["event"] for line in lines] == ["on.the.way", "http.fault", "http.request"]
    assert {line["request_id"] for line in lines} == {"my-request"}


def test_the_line_of_a_request_says_what_it_was_and_whose(
    client: FlaskClient, written: list[Fields]
) -> None:
    body = {"username": "ann", "password": "correct horse", "display_name": "Ann"}
    tokens = client.post("/api/v1/auth/register", json=body).json
    assert tokens is not None
    who = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = client.get("/api/v1/conversations", headers=who)
    line = written[-1]
    assert (line["method"], line["route"], line["status"]) == (
        *("GET", "/api/v1/conversations"),
        200,
    )
    assert line["user_id"] == tokens["user_id"]
    assert (line["queries"], line["cache"], line["bytes"]) == (2, "off", len(answer.data))
    assert 0 < line["db_ms"] <= line["ms"]
    assert not {"username", "display_name", "path"} & line.keys()


def test_a_thread_carries_the_id_and_books_its_own_time(written: list[Fields]) -> None:
    def work() -> None:
        context.spend("db", 1.0, 1)
        structlog.get_logger().info("in.a.thread")

    request = context.enter("my-request")
    request.fields["user_id"] = "ann"
    try:
        thread = CarryingThread(target=work)
    finally:
        context.enter("another-request")
    thread.start()
    thread.join()
    assert written[0]["request_id"] == "my-request"
    assert written[0]["user_id"] == "ann"
    assert request.spans == {}


def test_a_thread_of_nobody_has_an_id_of_its_own(written: list[Fields]) -> None:
    def outside() -> None:
        thread = CarryingThread(target=lambda: structlog.get_logger().info("in.a.thread"))
        thread.start()
        thread.join()

    thread = threading.Thread(target=outside)
    thread.start()
    thread.join()
    assert written[0]["request_id"]


def test_what_cannot_be_read_is_said_under_nobodys_id(server: Server) -> None:
    """The thread has served somebody before, and would still have that request's id."""
    for _ in range(40):
        httpx.get(f"{server.url}/healthz", headers={"X-Request-ID": "somebody-elses"})
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            connection.recv(100)
    warnings = [line for line in server.lines("gunicorn.error") if line["level"] == "warning"]
    assert len(warnings) == 40
    assert {line.get("request_id") for line in warnings} == {None}


def test_what_libraries_say_is_written_in_the_same_way(server: Server) -> None:
    said = [line["said"] for line in server.lines("gunicorn.error")]
    assert any(server.url in text for text in said), said
    httpx.get(f"{server.url}/lesson")
    request = wait_for(lambda: server.lines("http.request"))[-1]
    assert {"time", "level", "event", "request_id"} <= request.keys()
