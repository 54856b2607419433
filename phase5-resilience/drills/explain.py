"""`python -m drills.explain`: what the frequent queries do on a million messages.

Makes a schema of its own in the database of CHAT_DATABASE_URL and fills it. Explains each query
with its index and without, measures what a send costs with these indexes and with others, and
drops the schema. The server must be on this machine, and be left alone. Prints Markdown.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import make_url

from drills.filled import CONVERSATIONS, SCHEMA, fill, schema
from drills.writing import MAINTAINED, VARIANTS, Writer, kept

RUNS = 5
"""Of each query; the quickest counts."""


class Query(NamedTuple):
    """What the application asks, or could ask, and the index that is there for it."""

    name: str
    statement: str
    table: str = ""
    its_index: str = ""


LIST = """SELECT c.*, m.role, m.read_seq
FROM conversations c JOIN members m ON m.conversation_id = c.id
WHERE m.user_id = id(1, {person}) ORDER BY c.last_activity_at DESC, c.id DESC LIMIT 51"""
MAINTAINED_LIST = """SELECT c.*, m.role, m.read_seq FROM members m JOIN conversations c
ON c.id = m.conversation_id WHERE m.user_id = id(1, {person})
ORDER BY m.last_activity_at DESC, m.conversation_id DESC LIMIT 51"""
QUERIES = (
    Query(
        "people search, a rare word",
        "SELECT * FROM profiles WHERE search_text LIKE '% c4ca4%' ORDER BY username LIMIT 51",
        *("profiles", "ix_profiles_search_text"),
    ),
    Query(
        "people search, two letters",
        "SELECT * FROM profiles WHERE search_text LIKE '% ab%' ORDER BY username LIMIT 51",
        *("profiles", "ix_profiles_search_text"),
    ),
    Query("list, of ten", LIST.format(person=7), "members", "ix_members_user_id"),
    Query(
        "list, of 5,000",
        LIST.format(person=1),
        *("conversations", "ix_conversations_last_activity_at"),
    ),
    Query(
        "a send: the newest activity of all",
        "SELECT id, last_activity_at FROM conversations ORDER BY last_activity_at DESC LIMIT 1",
        *("conversations", "ix_conversations_last_activity_at"),
    ),
    Query(
        "a send: who is in",
        "SELECT user_id FROM members WHERE conversation_id = id(2, 5000)",
        *("members", "members_pkey"),
    ),
    Query(
        "a resend",
        """SELECT id, sent_hash FROM messages WHERE conversation_id = id(2, 5000)
        AND sender_id = id(1, 2 + (35000 + 2 * 1999) % 19999) AND client_id = 'c2'""",
        *("messages", "uq_messages_conversation_id_sender_id_client_id"),
    ),
    Query(
        "history, the newest page",
        "SELECT * FROM messages WHERE conversation_id = id(2, 5000) ORDER BY seq DESC LIMIT 50",
        *("messages", "messages_pkey"),
    ),
    Query(
        "changes after a rev",
        """SELECT * FROM messages WHERE conversation_id = id(2, 5000) AND rev > 90
        ORDER BY rev LIMIT 51""",
        *("messages", "ix_messages_rev"),
    ),
    Query(
        "one message, by its id",
        "SELECT * FROM messages WHERE conversation_id = id(2, 5000) AND id = id(3, 5000050)",
        *("messages", "uq_messages_id"),
    ),
    Query(
        "reactions of a page",
        """SELECT seq, emoji, user_id FROM reactions WHERE conversation_id = id(2, 5000)
        AND seq IN (SELECT generate_series(51, 100)) ORDER BY rev""",
        *("reactions", "reactions_pkey"),
    ),
    Query(
        "last messages of fifty, by their place",
        """SELECT m.* FROM messages m WHERE (conversation_id, seq) IN
        (SELECT key, value::bigint FROM jsonb_each_text((SELECT places FROM asked)))""",
        *("messages", "messages_pkey"),
    ),
)
ALTERNATIVES = (
    Query(
        "last messages of fifty, one lateral join each",
        """SELECT m.* FROM fifty AS c, LATERAL (SELECT * FROM messages
        WHERE conversation_id = c.conversation_id ORDER BY seq DESC LIMIT 1) AS m""",
    ),
    Query(
        "last messages of fifty, DISTINCT ON",
        """SELECT DISTINCT ON (conversation_id) * FROM messages
        WHERE conversation_id IN (TABLE fifty) ORDER BY conversation_id, seq DESC""",
    ),
    Query(
        "history, by OFFSET from the middle",
        """SELECT * FROM messages WHERE conversation_id = id(2, 5000)
        ORDER BY seq DESC LIMIT 50 OFFSET 50""",
    ),
)
WITH_MAINTAINED = (
    Query("list, of ten, by a maintained column", MAINTAINED_LIST.format(person=7)),
    Query("list, of 5,000, by a maintained column", MAINTAINED_LIST.format(person=1)),
)
TEXTS_ALONE = """CREATE UNIQUE INDEX of_texts_alone
ON messages (conversation_id, sender_id, client_id) WHERE client_id IS NOT NULL"""


class Found:
    """What EXPLAIN said of one query."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.ms = float(plan["Execution Time"])
        top = plan["Plan"]
        self.pages = int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
        self.nodes = " ← ".join(_nodes(top))

    def __str__(self) -> str:
        return f"{self.ms:.3f} | {self.pages:,}"


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the nodes of a plan that read something, the last first."""
    if "Relation Name" in plan or "Index Name" in plan:
        yield f"{plan['Node Type']} {plan.get('Index Name', plan.get('Relation Name'))}"
    elif plan["Node Type"] in {"Sort", "Incremental Sort", "Hash Join", "Nested Loop"}:
        yield plan["Node Type"]
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    each = parser.parse_args().messages // CONVERSATIONS
    with psycopg.connect(_url(), autocommit=True) as connection, schema(connection):
        version = connection.execute("SHOW server_version").fetchone()
        print(f"PostgreSQL {version and version[0]}, {each * CONVERSATIONS:,} messages")
        for name in ("0001_schema", "0002_indexes"):
            connection.execute(import_module(f"migrations.versions.{name}").SCHEMA.encode())
        fill(connection, each)
        connection.execute(f"REINDEX SCHEMA {SCHEMA}")
        connection.execute("VACUUM ANALYZE")
        tell_reads(connection)
        tell_sizes(connection)
        tell_writes(connection)
    return 0


def tell_reads(connection: psycopg.Connection[Any]) -> None:
    """Print what each query reads, and what it would read without its index."""
    print("\n| query | ms | pages | how | its index | without: ms | pages |")
    print("| --- | ---: | ---: | --- | --- | ---: | ---: |")
    for query in QUERIES:
        found, without = explain(connection, query), explain_without(connection, query)
        print(f"| {query.name} | {found} | {found.nodes} | {query.its_index} | {without} |")
    for query in ALTERNATIVES:
        _tell_alternative(connection, query)
    with kept(connection, MAINTAINED):
        for query in WITH_MAINTAINED:
            _tell_alternative(connection, query)


def _tell_alternative(connection: psycopg.Connection[Any], query: Query) -> None:
    found = explain(connection, query)
    print(f"| *instead:* {query.name} | {found} | {found.nodes} | | | |")


def explain(connection: psycopg.Connection[Any], query: Query) -> Found:
    """Return the quickest of a few runs."""
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query.statement}".encode()
    runs = [Found(connection.execute(asked).fetchone()[0][0]) for _ in range(RUNS)]  # type: ignore[index]
    return min(runs, key=lambda found: found.ms)


def explain_without(connection: psycopg.Connection[Any], query: Query) -> Found:
    """Return the same without the query's index, which is there again afterwards."""
    with connection.transaction(force_rollback=True):
        for drop in (
            f"ALTER TABLE {query.table} DROP CONSTRAINT IF EXISTS {query.its_index} CASCADE",
            f"DROP INDEX IF EXISTS {SCHEMA}.{query.its_index}",  # never the system's own
        ):
            connection.execute(drop.encode())
        return explain(connection, query)


def tell_sizes(connection: psycopg.Connection[Any]) -> None:
    """Print how large the indexes are, newly made, and a partial one that there could be."""
    print("\n| index | MB |\n| --- | ---: |")
    sizes = """SELECT indexrelname, pg_relation_size(indexrelid) / 1e6 FROM pg_stat_user_indexes
WHERE schemaname = %s ORDER BY pg_relation_size(indexrelid) DESC LIMIT 10"""
    with connection.transaction(force_rollback=True):
        connection.execute(TEXTS_ALONE)
        for name, size in connection.execute(sizes, [SCHEMA]):
            print(f"| {name} | {size:.1f} |")


def tell_writes(connection: psycopg.Connection[Any]) -> None:
    """Print what a send costs."""
    print("\n| a send in SQL | CPU ms | bytes of log | HOT updates |\n| --- | ---: | ---: | ---: |")
    # How long the disk takes to flush is not what is measured here.
    connection.execute("SET synchronous_commit = off")
    writer = Writer(connection)
    for variant in VARIANTS:
        print(f"| {variant.name} | {writer.cost(variant)} |", flush=True)


def _url() -> str:
    url = make_url(os.environ["CHAT_DATABASE_URL"])
    if password := os.environ.get("CHAT_DATABASE_PASSWORD_FILE"):
        url = url.set(password=Path(password).read_text().strip())
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    sys.exit(main())
