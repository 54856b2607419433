"""The floor: phase 0's main operations as a bare WSGI function over sqlite3.

Same statements, same database, same server, and nothing around them: no framework, no validation,
no documents, no events. tests/drills/test_floor.py holds the statements against the phase's own.
"""

import hashlib
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
import uuid_utils

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CALLER = """
SELECT logins.account_id, logins.id
FROM logins JOIN access_tokens ON access_tokens.login_id = logins.id
WHERE access_tokens.token_hash = ? AND access_tokens.expires_at > ?"""
MODE = "SELECT mode FROM system_mode"
MEMBERSHIP = """
SELECT members.conversation_id, members.user_id, conversations.kind, members.role,
 conversations.last_seq, conversations.rev, members.read_seq
FROM conversations JOIN members ON members.conversation_id = conversations.id
WHERE conversations.id = ? AND members.user_id = ?"""
APPEND = """
UPDATE conversations SET last_seq=(conversations.last_seq + 1), rev=(conversations.rev + 1),
 last_activity_at=max(?, coalesce((SELECT conversations_1.last_activity_at
 + CASE WHEN (conversations_1.id = ?) THEN 0 ELSE 1 END AS anon_1
 FROM conversations AS conversations_1 ORDER BY conversations_1.last_activity_at DESC
 LIMIT 1 OFFSET 0), 0)) WHERE conversations.id = ? RETURNING last_seq, rev"""
INSERT = """
INSERT INTO messages (conversation_id, seq, id, rev, kind, sender_id, client_id, sent_hash, body,
 reply_to, notice, created_at, edited_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (conversation_id, sender_id, client_id) DO NOTHING"""
MARK_READ = """
UPDATE members SET read_seq=?
WHERE members.conversation_id = ? AND members.user_id = ? AND members.read_seq < ?"""
AUDIENCE = "SELECT members.user_id FROM members WHERE members.conversation_id = ?"
CONVERSATION = (
    "id", "kind", "name", "created_by", "created_at", "other_id", "member_count", "rev",
    "last_seq", "last_activity_at", "role", "read_seq",
)  # fmt: skip
LIST = """
SELECT conversations.id, conversations.kind, conversations.name, conversations.created_by,
 conversations.created_at, conversations.other_id, conversations.member_count, conversations.rev,
 conversations.last_seq, conversations.last_activity_at, members.role, members.read_seq
FROM conversations JOIN members ON members.conversation_id = conversations.id
WHERE members.user_id = ?
ORDER BY conversations.last_activity_at DESC, conversations.id DESC LIMIT ? OFFSET ?"""
MESSAGE = (
    "id", "conversation_id", "seq", "rev", "kind", "sender_id", "client_id", "body", "reply_to",
    "notice", "created_at", "edited_at", "deleted_at",
)  # fmt: skip
_MESSAGE_COLUMNS = ", ".join(f"messages.{name}" for name in MESSAGE)
NEWEST = f"""
SELECT {_MESSAGE_COLUMNS} FROM messages
WHERE (messages.conversation_id, messages.seq)
 IN (SELECT anon_1."key", anon_1.value FROM json_each(?) AS anon_1)"""  # noqa: S608
HISTORY = f"""
SELECT {_MESSAGE_COLUMNS} FROM messages
WHERE messages.conversation_id = ? ORDER BY messages.seq DESC LIMIT ? OFFSET ?"""  # noqa: S608
REACTIONS = """
SELECT reactions.seq, reactions.emoji, reactions.user_id FROM reactions
WHERE reactions.conversation_id = ?
 AND reactions.seq IN (SELECT anon_1.value FROM json_each(?) AS anon_1) ORDER BY reactions.rev"""

_PATH = re.compile(r"/api/v1/conversations(?:/([0-9a-f-]{36})/messages)?")
DATABASE = "chat.sqlite3"
_local = threading.local()
_writing = threading.Lock()

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


def connect(file: str) -> sqlite3.Connection:
    """Open the database as the phase does."""
    connection = sqlite3.connect(file, timeout=5, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def copy_into(directory: Path) -> dict[str, str]:
    """Copy the database, while it is in use; return the environment for a floor on the copy."""
    file = Path(os.environ["CHAT_DATA_DIR"]) / DATABASE
    with (
        closing(sqlite3.connect(file)) as source,
        closing(sqlite3.connect(directory / DATABASE)) as copy,
    ):
        source.backup(copy)
    return {"CHAT_DATA_DIR": str(directory)}


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
    with _writing, _transaction("BEGIN IMMEDIATE", "COMMIT") as connection:
        connection.execute(MODE).fetchone()
        connection.execute(MEMBERSHIP, (conversation_id, user_id)).fetchone()
        seq, rev = connection.execute(APPEND, (now, conversation_id, conversation_id)).fetchone()
        row = (
            conversation_id, seq, str(uuid_utils.uuid7()), rev, "text", user_id,
            sent["client_id"], sent_hash, sent["body"], None, None, now, None, None,
        )  # fmt: skip
        connection.execute(INSERT, row)
        connection.execute(MARK_READ, (seq, conversation_id, user_id, seq))
        connection.execute(AUDIENCE, (conversation_id,)).fetchall()
    return "201 Created", {"id": row[2], "seq": seq, "rev": rev, "body": sent["body"]}


def _list(user_id: str, limit: int) -> Answer:
    with _transaction("BEGIN", "ROLLBACK") as connection:
        rows = connection.execute(LIST, (user_id, limit + 1, 0)).fetchall()[:limit]
        last_seqs = orjson.dumps({row[0]: row[8] for row in rows}).decode()
        newest = connection.execute(NEWEST, (last_seqs,)).fetchall()
    previews = {row[1]: dict(zip(MESSAGE, row, strict=True)) for row in newest}
    items = [dict(zip(CONVERSATION, row, strict=True)) for row in rows]
    for item in items:
        item["last_message"] = previews.get(item["id"])
    return "200 OK", {"items": items}


def _history(user_id: str, conversation_id: str, limit: int) -> Answer:
    with _transaction("BEGIN", "ROLLBACK") as connection:
        connection.execute(MEMBERSHIP, (conversation_id, user_id)).fetchone()
        rows = connection.execute(HISTORY, (conversation_id, limit, 0)).fetchall()
        seqs = orjson.dumps([row[2] for row in rows]).decode()
        found = connection.execute(REACTIONS, (conversation_id, seqs)).fetchall()
    reactions: dict[int, list[tuple[str, str]]] = {}
    for seq, emoji, who in found:
        reactions.setdefault(seq, []).append((emoji, who))
    items = [dict(zip(MESSAGE, row, strict=True)) for row in reversed(rows)]
    for item in items:
        item["reactions"] = reactions.get(item["seq"], [])
    return "200 OK", {"items": items}


def _caller(token: str) -> str:
    digest = hashlib.sha256(token.encode()).digest()
    with _transaction("BEGIN", "ROLLBACK") as connection:
        row = connection.execute(CALLER, (digest, _now())).fetchone()
    return str(row[0])


@contextmanager
def _transaction(begin: str, end: str) -> Iterator[sqlite3.Connection]:
    """Give this thread's connection, in a transaction."""
    if not hasattr(_local, "connection"):
        _local.connection = connect(f"{os.environ['CHAT_DATA_DIR']}/{DATABASE}")
    connection: sqlite3.Connection = _local.connection
    connection.execute(begin)
    yield connection
    connection.execute(end)


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    print(orjson.dumps(copy_into(Path(sys.argv[1]))).decode())
