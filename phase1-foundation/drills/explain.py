"""`python -m drills.explain`: what the frequent queries do on a million messages.

Makes a schema of its own in the database of CHAT_DATABASE_URL, fills it, explains each query with
the tables as migration 0001 leaves them and as the newest does, measures what a send costs with
these indexes and with others, and drops it. The server must be on this machine, and be left alone.
Prints Markdown.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from drills.filled import CONVERSATIONS, SCHEMA, fill, schema
from drills.writing import MAINTAINED, VARIANTS, Writer, kept

RUNS = 5
"""Of each query; the quickest counts."""

LIST = """SELECT c.*, m.role, m.read_seq
FROM conversations c JOIN members m ON m.conversation_id = c.id
WHERE m.user_id = id(1, {person}) ORDER BY c.last_activity_at DESC, c.id DESC LIMIT 51"""
PLACES = "SELECT conversation_id FROM members WHERE user_id = id(1, 1) ORDER BY 1 LIMIT 50"
BY_PLACE = """SELECT m.* FROM messages m WHERE (conversation_id, seq) IN
(SELECT id, last_seq FROM conversations WHERE id IN ({places}))"""
LATERAL = """SELECT m.* FROM ({places}) AS c, LATERAL (SELECT * FROM messages
WHERE conversation_id = c.conversation_id ORDER BY seq DESC LIMIT 1) AS m"""
DISTINCT = """SELECT DISTINCT ON (conversation_id) * FROM messages
WHERE conversation_id IN ({places}) ORDER BY conversation_id, seq DESC"""
QUERIES = {
    "people search, a rare word": """SELECT * FROM profiles
WHERE search_text LIKE '% c4ca4%' ORDER BY username LIMIT 51""",
    "people search, two letters": """SELECT * FROM profiles
WHERE search_text LIKE '% ab%' ORDER BY username LIMIT 51""",
    "list, of ten conversations": LIST.format(person=7),
    "list, of 5,000": LIST.format(person=1),
    "last messages, by place (as it is)": BY_PLACE.format(places=PLACES),
    "last messages, one lateral join each": LATERAL.format(places=PLACES),
    "last messages, DISTINCT ON": DISTINCT.format(places=PLACES),
    "history, the newest page": """SELECT * FROM messages
WHERE conversation_id = id(2, 5000) ORDER BY seq DESC LIMIT 50""",
    "history, by OFFSET from the middle": """SELECT * FROM messages
WHERE conversation_id = id(2, 5000) ORDER BY seq DESC LIMIT 50 OFFSET 50""",
    "changes after a rev": """SELECT * FROM messages
WHERE conversation_id = id(2, 5000) AND rev > 90 ORDER BY rev LIMIT 51""",
    "a resend": """SELECT id, sent_hash FROM messages WHERE conversation_id = id(2, 5000)
AND sender_id = id(1, 2 + (35000 + 2 * 1999) % 19999) AND client_id = 'c2'""",
    "reactions of a page": """SELECT seq, emoji, user_id FROM reactions
WHERE conversation_id = id(2, 5000) AND seq IN (SELECT generate_series(51, 100)) ORDER BY rev""",
    "audience": "SELECT user_id FROM members WHERE conversation_id = id(2, 5000)",
    "the newest activity of all, for a send": """SELECT id, last_activity_at FROM conversations
ORDER BY last_activity_at DESC LIMIT 1""",
    "acquaintances": """SELECT DISTINCT t.user_id FROM members t
JOIN members m USING (conversation_id) WHERE m.user_id = id(1, 7)""",
}

MAINTAINED_LIST = """SELECT c.*, m.role, m.read_seq FROM members m JOIN conversations c
ON c.id = m.conversation_id WHERE m.user_id = id(1, {person})
ORDER BY m.last_activity_at DESC, m.conversation_id DESC LIMIT 51"""


class Found:
    """What EXPLAIN said of one query."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.ms = float(plan["Execution Time"])
        top = plan["Plan"]
        self.pages = int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
        self.nodes = " ← ".join(_nodes(top))


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the nodes of a plan that read something, the last first."""
    if "Relation Name" in plan or "Index Name" in plan:
        yield f"{plan['Node Type']} {plan.get('Index Name', plan.get('Relation Name'))}"
    elif plan["Node Type"] in {"Sort", "Incremental Sort", "Hash Join", "Nested Loop"}:
        yield plan["Node Type"]
    for part in plan.get("Plans", []):
        yield from _nodes(part)


def explain(connection: psycopg.Connection[Any], query: str) -> Found:
    """Return the quickest of a few runs."""
    asked = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}".encode()
    runs = [Found(connection.execute(asked).fetchone()[0][0]) for _ in range(RUNS)]  # type: ignore[index]
    return min(runs, key=lambda found: found.ms)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    each = parser.parse_args().messages // CONVERSATIONS
    with psycopg.connect(_url(), autocommit=True) as connection, schema(connection):
        report(connection, each)
    return 0


def report(connection: psycopg.Connection[Any], each: int) -> None:
    """Fill, explain and write; change the schema; explain and write again."""
    first, second = (
        import_module(f"migrations.versions.{name}") for name in ("0001_schema", "0002_indexes")
    )
    version = connection.execute("SHOW server_version").fetchone()
    print(f"PostgreSQL {version and version[0]}, {each * CONVERSATIONS:,} messages\n")
    connection.execute(first.SCHEMA.encode())
    fill(connection, each)
    connection.execute("VACUUM ANALYZE")
    # How long the disk takes to flush is not what is measured here.
    connection.execute("SET synchronous_commit = off")
    before, sizes = explain_all(connection), sizes_of_indexes(connection)
    connection.execute(second.CHANGES.encode())
    tell_sizes(sizes, sizes_of_indexes(connection))
    connection.execute("VACUUM ANALYZE")
    tell_queries(before, explain_all(connection) | explain_maintained(connection))
    writer = Writer(connection)
    tell_costs({variant.name: writer.cost(variant) for variant in VARIANTS})


def explain_all(connection: psycopg.Connection[Any]) -> dict[str, Found]:
    """Explain what the application asks."""
    return {name: explain(connection, query) for name, query in QUERIES.items()}


def explain_maintained(connection: psycopg.Connection[Any]) -> dict[str, Found]:
    """Explain what it could ask of a column that it would have to maintain."""
    with kept(connection, MAINTAINED):
        return {
            f"list, maintained column, {words}": explain(
                connection, MAINTAINED_LIST.format(person=n)
            )
            for n, words in ((7, "of ten"), (1, "of 5,000"))
        }


def sizes_of_indexes(connection: psycopg.Connection[Any]) -> dict[str, float]:
    """Return how large the indexes are, in MB, when they are new."""
    connection.execute(f"REINDEX SCHEMA {SCHEMA}")
    sizes = """SELECT indexrelname, pg_relation_size(indexrelid) / 1e6 FROM pg_stat_user_indexes
WHERE schemaname = %s ORDER BY pg_relation_size(indexrelid) DESC LIMIT 9"""
    return {name: float(size) for name, size in connection.execute(sizes, [SCHEMA])}


def tell_sizes(before: dict[str, float], after: dict[str, float]) -> None:
    """Print how large the indexes are."""
    print("| index | 0001: MB | 0002: MB |\n| --- | ---: | ---: |")
    for name in before | after:
        print(f"| {name} | {_mb(before.get(name))} | {_mb(after.get(name))} |")


def _mb(size: float | None) -> str:
    return "" if size is None else f"{size:.1f}"


def tell_queries(before: dict[str, Found], after: dict[str, Found]) -> None:
    """Print what was read."""
    print("\n| query | 0001: ms | pages | 0002: ms | pages | how (0002) |\n|" + " --- |" * 6)
    for name, now in after.items():
        then = before.get(name)
        old = f"{then.ms:.3f} | {then.pages:,}" if then else "|"
        how = re.sub(r"\s+", " ", now.nodes)
        print(f"| {name} | {old} | {now.ms:.3f} | {now.pages:,} | {how} |")


def tell_costs(costs: dict[str, str]) -> None:
    """Print what was written."""
    print("\n| a send in SQL | CPU ms | bytes of log | HOT updates |\n| --- | ---: | ---: | ---: |")
    for name, cells in costs.items():
        print(f"| {name} | {cells} |")


def _url() -> str:
    url = make_url(os.environ["CHAT_DATABASE_URL"])
    if password := os.environ.get("CHAT_DATABASE_PASSWORD_FILE"):
        url = url.set(password=Path(password).read_text().strip())
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    sys.exit(main())
