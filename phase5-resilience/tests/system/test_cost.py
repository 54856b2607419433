"""What a request costs does not grow with history, nor with the length of a list."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from stand_in import claims_of
from werkzeug.test import TestResponse

from chassis import services
from chassis.database import Database


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


def test_what_is_asked_again_and_again_is_prepared_once(app: Flask, client: FlaskClient) -> None:
    """Parsing and planning a page anew costs more than reading it."""
    ann = _register(client, "ann")
    path = f"/api/v1/conversations/{_group(client, ann)}/members"
    for _ in range(10):
        assert client.get(path, headers=ann).status_code == 200
    with services.of(app).get(Database).read() as connection:
        prepared = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements")
        statements = prepared.scalars().all()
    for table in ("conversations", "members"):
        assert any(f"FROM {table}" in one or f"JOIN {table}" in one for one in statements)
