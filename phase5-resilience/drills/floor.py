"""The floor: the main operations as a bare WSGI function over psycopg and Redis.

Same statements, same databases, same reads of Redis, same server, and nothing around them: no
framework, no validation, no documents, no services that ask each other. The tests of lists and of
messages hold the statements against the phase's own.
"""

import base64
import hashlib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from threading import Event, local
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
import psycopg
import uuid_utils
from psycopg import sql
from redis import Redis
from sqlalchemy import make_url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BEGIN = "BEGIN; SELECT pg_try_advisory_xact_lock_shared(5021700001); SELECT mode FROM system_mode"
COMMIT = "COMMIT; SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint; NOTIFY outbox"
ONE_MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
MEMBERSHIP = """
SELECT members.conversation_id, members.user_id, timelines.kind, members.role,
 timelines.last_seq, timelines.rev
FROM timelines JOIN members ON members.conversation_id = timelines.conversation_id
WHERE timelines.conversation_id = %s AND members.user_id = %s"""
MEMBERSHIP_FOR_CHANGE = f"{MEMBERSHIP} FOR UPDATE"
APPEND = """
UPDATE timelines SET last_seq=(timelines.last_seq + %s), rev=(timelines.rev + %s),
 last_activity_at=greatest(%s, coalesce((SELECT timelines_1.last_activity_at
 + CASE WHEN (timelines_1.conversation_id = %s) THEN 0 ELSE 1 END AS anon_1
 FROM timelines AS timelines_1 ORDER BY timelines_1.last_activity_at DESC
 LIMIT 1), 0)) WHERE timelines.conversation_id = %s
RETURNING timelines.last_seq, timelines.rev, timelines.last_activity_at"""
INSERT = """
INSERT INTO messages (conversation_id, seq, id, rev, kind, sender_id, client_id, sent_hash, body,
 reply_to, notice, created_at, edited_at, deleted_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (conversation_id, sender_id, client_id) DO NOTHING"""
OUTBOX = """
INSERT INTO outbox (lane, topic, event, created_at)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[]) RETURNING id"""
CONVERSATION = (
    "id", "kind", "name", "created_by", "created_at", "other_id", "member_count", "rev",
    "last_seq", "last_activity_at", "role", "read_seq", "last_message",
)  # fmt: skip
LIST = """
SELECT conversations.id, conversations.kind, conversations.name, conversations.created_by,
 conversations.created_at, conversations.other_id, conversations.member_count, conversations.rev,
 conversations.last_seq, conversations.last_activity_at, members.role, members.read_seq,
 conversations.last_message
FROM conversations JOIN members ON members.conversation_id = conversations.id
WHERE members.user_id = %s
ORDER BY conversations.last_activity_at DESC, conversations.id DESC LIMIT %s"""
PAGE = """
SELECT conversations.id, conversations.rev + conversations.epoch AS version,
 conversations.last_activity_at, conversations.created_by, conversations.other_id, members.role,
 members.read_seq
FROM conversations JOIN members ON members.conversation_id = conversations.id
WHERE members.user_id = %s
ORDER BY conversations.last_activity_at DESC, conversations.id DESC LIMIT %s"""
MESSAGE = (
    "id", "conversation_id", "seq", "rev", "kind", "sender_id", "client_id", "body", "reply_to",
    "notice", "created_at", "edited_at", "deleted_at",
)  # fmt: skip
_MESSAGE_COLUMNS = ", ".join(f"messages.{name}" for name in MESSAGE)
HISTORY = f"""
SELECT {_MESSAGE_COLUMNS} FROM messages
WHERE messages.conversation_id = %s ORDER BY messages.seq DESC LIMIT %s"""  # noqa: S608
REACTIONS = """
SELECT reactions.seq, reactions.emoji, reactions.user_id FROM reactions
WHERE reactions.conversation_id = %s
 AND reactions.seq IN (SELECT anon_1 FROM unnest(%s::BIGINT[]) AS anon_1) ORDER BY reactions.rev"""

_PATH = re.compile(r"/api/v1/conversations(?:/([0-9a-f-]{36})/messages)?")
SCHEMA = "floor"
COPY_TABLE = """
CREATE TABLE {copy} (LIKE {table} INCLUDING ALL);
INSERT INTO {copy} SELECT * FROM {table}"""
ON_THEIR_WAY = ("activity", "outbox")
"""Tables that are numbered anew in the copy."""
LISTS, TIMELINES = "lists", "timelines"
"""The databases: of conversations, and of messages."""
CONNECTIONS = 16
_idle: dict[str, LifoQueue[psycopg.Connection[Any] | None]] = {
    LISTS: LifoQueue(),
    TIMELINES: LifoQueue(),
}
for _ in range(CONNECTIONS):
    for _queue in _idle.values():
        _queue.put(None)

Answer = tuple[str, Any]


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer one of the three operations; anything else is a 404."""
    found = _PATH.fullmatch(environ["PATH_INFO"])
    if found is None:
        start_response("404 Not Found", [("Content-Length", "0")])
        return []
    user_id = _caller(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "))
    status, document = _operation(environ, found[1])(user_id)
    body = orjson.dumps(document)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


application.extensions = {"stopping": Event()}  # type: ignore[attr-defined] # for gunicorn.conf.py


def connect(url: str) -> psycopg.Connection[Any]:
    """Open the database as the phase does."""
    return psycopg.connect(url, autocommit=True)


def forget_connections() -> None:
    """Close those that are not in use; the next ones are opened anew."""
    for queue in _idle.values():
        for _ in range(queue.qsize()):
            if connection := queue.get():
                connection.close()
            queue.put(None)


def copy_tables() -> dict[str, str]:
    """Copy the tables, while they are in use; return the environment for a floor on the copy.

    They lie beside the others, in a schema of their own, which is made anew each time.
    """
    for which in (LISTS, TIMELINES):
        _copy(connect(_url(which)))
    return {"FLOOR_SCHEMA": SCHEMA}


def _copy(opened: psycopg.Connection[Any]) -> None:
    with opened as connection, connection.transaction():
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in connection.execute(names).fetchall():
            tables = {"copy": sql.Identifier(SCHEMA, name), "table": sql.Identifier("public", name)}
            copy = COPY_TABLE.partition(";")[0] if name in ON_THEIR_WAY else COPY_TABLE
            connection.execute(sql.SQL(copy).format(**tables))
        connection.execute("ANALYZE")


def _operation(environ: "WSGIEnvironment", conversation_id: str) -> Callable[[str], Answer]:
    if environ["REQUEST_METHOD"] == "POST":
        sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return lambda user_id: _send(user_id, conversation_id, sent)
    limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
    if conversation_id:
        return lambda user_id: _history(user_id, conversation_id, limit)
    return lambda user_id: _list(user_id, limit)


def _send(user_id: str, conversation_id: str, sent: dict[str, str]) -> Answer:
    now = _now()
    sent_hash = hashlib.sha256(f"\n{sent['body']}".encode()).digest()
    with _connection(TIMELINES) as connection:
        connection.execute(BEGIN)
        connection.execute(MEMBERSHIP_FOR_CHANGE, (conversation_id, user_id)).fetchone()
        values = (1, 1, now, conversation_id, conversation_id)
        numbers: Any = connection.execute(APPEND, values).fetchone()
        seq, rev, _ = numbers
        row = (
            conversation_id, seq, str(uuid_utils.uuid7()), rev, "text", user_id,
            sent["client_id"], sent_hash, sent["body"], None, None, now, None, None,
        )  # fmt: skip
        connection.execute(INSERT, row)
        event = orjson.dumps({"id": row[2], "subject": conversation_id, "data": sent}).decode()
        lane = zlib.crc32(conversation_id.encode()) % 8
        told = ([lane], ["conversation.message.created"], [event], [now])
        connection.execute(OUTBOX, told).fetchone()
        connection.execute(COMMIT)
    _note(user_id, {f"rev:{conversation_id}": rev, f"seq:{conversation_id}": seq})
    return "201 Created", {"id": row[2], "seq": seq, "rev": rev, "body": sent["body"]}


def _note(user_id: str, numbers: dict[str, int]) -> None:
    """Note what somebody has written."""
    pipeline = _redis().pipeline(transaction=False)
    pipeline.zadd(f"floor:wrote:{user_id}", numbers, gt=True)
    pipeline.expire(f"floor:wrote:{user_id}", 5)
    pipeline.execute()


def _list(user_id: str, limit: int) -> Answer:
    _redis().zrange(f"floor:wrote:{user_id}", 0, -1, withscores=True)  # copies are of one moment
    with _connection(LISTS) as connection:
        rows = connection.execute(PAGE, (user_id, limit + 1)).fetchall()[:limit]
    keys = [f"floor:{row[0]}:{row[1]}" for row in rows]
    stored: Any = _redis().mget(keys)
    if None in stored:
        stored = _fill(user_id, limit, keys)
    items = [orjson.loads(value) for value in stored]
    for item, row in zip(items, rows, strict=True):
        item["role"], item["read_seq"] = row[5:7]
        item["unread_count"] = item["last_seq"] - row[6]
    return "200 OK", {"items": items}


def _fill(user_id: str, limit: int, keys: list[str]) -> list[bytes]:
    """Store what the list needs. The floor is measured alone: nobody writes meanwhile."""
    with _connection(LISTS) as connection:
        rows = connection.execute(LIST, (user_id, limit + 1)).fetchall()[:limit]
    items = [dict(zip(CONVERSATION, row, strict=True)) for row in rows]
    for item in items:
        item["last_message"] = orjson.loads(item["last_message"] or "null")
    stored = [orjson.dumps(item) for item in items]
    _redis().mset(dict(zip(keys, stored, strict=True)))
    return stored


def _history(user_id: str, conversation_id: str, limit: int) -> Answer:
    with _connection(TIMELINES) as connection:
        connection.execute(ONE_MOMENT)
        connection.execute(MEMBERSHIP, (conversation_id, user_id)).fetchone()
        rows = connection.execute(HISTORY, (conversation_id, limit)).fetchall()
        found = connection.execute(
            REACTIONS, (conversation_id, [row[2] for row in rows])
        ).fetchall()
        connection.execute("COMMIT")
    reactions: dict[int, list[tuple[str, str]]] = {}
    for seq, emoji, who in found:
        reactions.setdefault(seq, []).append((emoji, who))
    items = [dict(zip(MESSAGE, row, strict=True)) for row in reversed(rows)]
    for item in items:
        item["reactions"] = reactions.get(item["seq"], [])
    return "200 OK", {"items": items}


def _caller(token: str) -> str:
    """Return whom a token names; that it is genuine, the gateway has seen."""
    claims = token.split(".")[1]
    return str(orjson.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])


@contextmanager
def _connection(which: str) -> Iterator[psycopg.Connection[Any]]:
    """Give one of a few connections, the one that was used last."""
    connection = _idle[which].get() or connect(_url(which))
    yield connection
    _idle[which].put(connection)


def _url(which: str) -> str:
    """Return the address of a database. That of messages has its password beside the other's."""
    url = make_url(os.environ["CHAT_DATABASE_URL"])
    if password := os.environ.get("CHAT_DATABASE_PASSWORD_FILE"):
        file = Path(password)
        if which == TIMELINES:
            url = url.set(username="messages", database="messages")
            file = file.with_name("messages-database-password")
        url = url.set(password=file.read_text().strip())
    if schema := os.environ.get("FLOOR_SCHEMA"):
        url = url.update_query_dict({"options": f"-csearch_path={schema}"})
    return url.render_as_string(hide_password=False)


_local = local()


def _redis() -> Redis:
    """Return this thread's client."""
    if not hasattr(_local, "redis"):
        _local.redis = Redis.from_url(os.environ["CHAT_CACHE_URL"], protocol=2)
    client: Redis = _local.redis
    return client


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    print(orjson.dumps(copy_tables()).decode())
