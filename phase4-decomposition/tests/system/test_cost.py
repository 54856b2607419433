"""What a request costs does not grow with history, nor with the length of a list."""

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, insert, update
from stand_in import claims_of
from werkzeug.test import TestResponse

from chassis import services
from chassis.clock import now_ms
from chassis.database import Database
from chassis.ids import new_id
from chat.conversations.models import ConversationRow
from chat.messages.models import MessageRow


def _register(client: FlaskClient, name: str) -> dict[str, str]:
    body = {"username": name, "password": "correct horse", "display_name": name}
    tokens = client.post("/api/v1/auth/register", json=body).json
    assert tokens
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _group(client: FlaskClient, who: dict[str, str]) -> str:
    body = {"kind": "group", "name": "G", "member_ids": []}
    answer = client.post("/api/v1/conversations", json=body, headers=who).json
    assert answer
    return str(answer["id"])


def _queries(client: FlaskClient, path: str, who: dict[str, str]) -> int:
    answer = client.get(path, headers=who)
    assert answer.status_code == 200
    found = re.search(r'db;dur=[\d.]+;desc="(\d+) quer', answer.headers["Server-Timing"])
    assert found
    return int(found[1])


ROUTES = [
    "/conversations?limit=50",
    "/conversations/{group}",
    "/conversations/{group}/members?limit=50",
    "/conversations/{group}/messages?limit=50",
    "/conversations/{group}/changes?after=0&limit=50",
    "/presence?ids={people}",
]


def test_requests_for_fifty_things_take_as_many_queries_as_those_for_one(
    client: FlaskClient,
) -> None:
    of_one, of_fifty = _queries_of_each_route(client, 1), _queries_of_each_route(client, 50)
    assert of_fifty == of_one
    assert max(of_one.values()) <= 4


def _queries_of_each_route(client: FlaskClient, items: int) -> dict[str, int]:
    """Let somebody have so many conversations, one of them with so many members and messages."""
    people = [_register(client, f"of{items}-{number:02}") for number in range(items)]
    ids = [claims_of(who["Authorization"].removeprefix("Bearer "))["sub"] for who in people]
    body = {"kind": "group", "name": "G", "member_ids": ids[1:]}
    groups = [
        _json(client.post("/api/v1/conversations", json=body, headers=people[0]))["id"]
        for _ in range(items)
    ]
    place = f"/api/v1/conversations/{groups[0]}/messages"
    for number in range(1, items):  # the notice of the group is the first
        sent = {"client_id": f"c{number}", "body": "hello"}
        message = _json(client.post(place, json=sent, headers=people[number]))
        client.put(f"{place}/{message['id']}/reactions/👍", headers=people[0])
    named = {"group": groups[0], "people": ",".join(ids)}
    found = {route: f"/api/v1{route.format(**named)}" for route in ROUTES}
    for path in found.values():
        page = _json(client.get(path, headers=people[0]))
        assert len(page.get("items", range(items))) == items
    return {route: _queries(client, path, people[0]) for route, path in found.items()}


def _json(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code < 300
    assert answer.json is not None
    return dict(answer.json)


@pytest.mark.parametrize("query", ["", "before=60000&", "after=100&"])
def test_a_long_history_is_read_by_search_not_by_scan(
    app: Flask, client: FlaskClient, query: str
) -> None:
    """PostgreSQL's own account of the work: pages touched do not depend on the machine."""
    ann = _register(client, "ann")
    short, long = _group(client, ann), _group(client, ann)
    _fill(services.of(app).get(Database), short, 1_000)
    _fill(services.of(app).get(Database), long, 100_000)
    pages = {}
    for name, conversation in (("short", short), ("long", long)):
        path = f"/api/v1/conversations/{conversation}/messages?{query}limit=50"
        pages[name] = _pages(app, client, path, ann)
    assert pages["long"] <= pages["short"] * 1.2


def test_catching_up_is_read_by_search_not_by_scan(app: Flask, client: FlaskClient) -> None:
    ann = _register(client, "ann")
    conversation = _group(client, ann)
    _fill(services.of(app).get(Database), conversation, 50_000)
    path = f"/api/v1/conversations/{conversation}/changes?limit=50&after="
    assert _pages(app, client, f"{path}49000", ann) <= _pages(app, client, f"{path}0", ann) * 1.2


def _fill(database: Database, conversation_id: str, count: int) -> None:
    now = now_ms()
    with database.write() as work:
        work.connection.execute(
            insert(MessageRow),
            [
                {
                    "conversation_id": conversation_id,
                    "seq": seq,
                    "id": new_id(),
                    "rev": seq,
                    "kind": "text",
                    "sender_id": str(uuid.UUID(int=seq)),
                    "client_id": "c",
                    "body": "text",
                    "created_at": now,
                }
                for seq in range(2, count + 1)
            ],
        )
        work.connection.execute(
            update(ConversationRow)
            .where(ConversationRow.id == conversation_id)
            .values(last_seq=count, rev=count)
        )
    with database.write_in_any_mode() as connection:
        connection.exec_driver_sql("ANALYZE")


def _pages(app: Flask, client: FlaskClient, path: str, who: dict[str, str]) -> int:
    """Count the pages (of 8 KiB) that the statements of a request touch in tables and indexes."""
    database: Database = services.of(app).get(Database)
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        statements.append((sql, values))

    event.listen(database._engine, "before_cursor_execute", note)
    answer = client.get(path, headers=who)
    event.remove(database._engine, "before_cursor_execute", note)
    assert answer.json is not None
    assert len(answer.json["items"]) == 50
    with database.read() as connection:
        return sum(_pages_of(connection, sql, values) for sql, values in statements)


def _pages_of(connection: Connection, sql: str, values: Any) -> int:
    explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
    plan = connection.exec_driver_sql(explained, values).scalar_one()[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_what_is_asked_again_and_again_is_prepared_once(app: Flask, client: FlaskClient) -> None:
    """Parsing and planning a page of history anew costs more than reading it."""
    ann = _register(client, "ann")
    path = f"/api/v1/conversations/{_group(client, ann)}/messages"
    for _ in range(10):
        assert client.get(path, headers=ann).status_code == 200
    with services.of(app).get(Database).read() as connection:
        prepared = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements")
        statements = prepared.scalars().all()
    for table in ("conversations", "messages", "reactions"):
        assert any(f"FROM {table}" in one or f"JOIN {table}" in one for one in statements)
