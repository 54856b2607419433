"""What it costs to read a timeline does not grow with its length."""

import uuid
from typing import Any

import pytest
from flask import Flask
from playing import Conversations, Group, Somebody
from sqlalchemy import Connection, event, insert, update

from chassis import services
from chassis.clock import now_ms
from chassis.database import Database
from chassis.ids import new_id
from messages.models import MessageRow, TimelineRow


@pytest.mark.parametrize("query", ["", "before=60000&", "after=100&"])
def test_a_long_history_is_read_by_search_not_by_scan(
    app: Flask, conversations: Conversations, ann: Somebody, query: str
) -> None:
    """PostgreSQL's own account of the work: pages touched do not depend on the machine."""
    pages = []
    for length in (1_000, 100_000):
        group = _filled(app, conversations, ann, length)
        pages.append(_pages(app, ann, f"{group.path}/messages?{query}limit=50"))
    assert pages[1] <= pages[0] * 1.2


def test_catching_up_is_read_by_search_not_by_scan(
    app: Flask, conversations: Conversations, ann: Somebody
) -> None:
    group = _filled(app, conversations, ann, 50_000)
    path = f"{group.path}/changes?limit=50&after="
    assert _pages(app, ann, f"{path}49000") <= _pages(app, ann, f"{path}0") * 1.2


def _filled(app: Flask, conversations: Conversations, ann: Somebody, length: int) -> Group:
    group = Group(app.test_client(), conversations, ann)
    group.bring(1)
    _fill(services.of(app).get(Database), group.id, length)
    return group


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
            update(TimelineRow)
            .where(TimelineRow.conversation_id == conversation_id)
            .values(last_seq=count, rev=count)
        )
    with database.write_in_any_mode() as connection:
        connection.exec_driver_sql("ANALYZE")


def _pages(app: Flask, ann: Somebody, path: str) -> int:
    """Count the pages (of 8 KiB) that the statements of a request touch in tables and indexes."""
    database: Database = services.of(app).get(Database)
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        statements.append((sql, values))

    event.listen(database._engine, "before_cursor_execute", note)
    found = ann.do("GET", path)
    event.remove(database._engine, "before_cursor_execute", note)
    assert len(found["items"]) == 50
    with database.read() as connection:
        return sum(_pages_of(connection, sql, values) for sql, values in statements)


def _pages_of(connection: Connection, sql: str, values: Any) -> int:
    explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
    plan = connection.exec_driver_sql(explained, values).scalar_one()[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
