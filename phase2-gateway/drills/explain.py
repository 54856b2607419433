"""`python -m drills.explain`: what the frequent queries do on a million messages.

Makes a schema of its own in the database of CHAT_DATABASE_URL, fills it, explains each query with
the tables as migration 0001 leaves them and as the newest does, and drops it. Prints Markdown.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

SCHEMA = "explained"
SENDS = 2000
RUNS = 5
"""Of each query; the quickest counts."""

FILL = """
SELECT setseed(0.13);
INSERT INTO profiles
SELECT id(1, n), 'user' || n, name, '', ' user' || n || ' ' || lower(name), n, n
FROM (SELECT n, initcap(substr(md5(n::text), 1, 5)) || ' ' || initcap(substr(md5('x' || n), 1, 7))
      AS name FROM generate_series(1, 20000) n) AS people;
INSERT INTO conversations
SELECT id(2, n), 'group', 'G', id(1, n), n, NULL, 10, {each}, {each}, (random() * 1e12)::bigint
FROM generate_series(1, 10000) n;
-- Ten in each; person 1 is in half of them.
INSERT INTO members
SELECT id(2, n),
  id(1, CASE WHEN m = 0 AND n % 2 = 0 THEN 1 ELSE 2 + (n * 7 + m * 1999) % 19999 END),
  'member', n, 0
FROM generate_series(1, 10000) n, generate_series(0, 9) m;
INSERT INTO messages
SELECT id(2, n), seq, id(3, n::bigint * 1000 + seq), seq,
  CASE WHEN notice THEN 'notice' ELSE 'text' END,
  id(1, 2 + (n * 7 + seq % 10 * 1999) % 19999),
  CASE WHEN NOT notice THEN 'c' || seq END,
  CASE WHEN NOT notice THEN sha256(seq::text::bytea) END,
  CASE WHEN NOT notice THEN repeat('word ', 12) END,
  NULL, CASE WHEN notice THEN '{{"action":"renamed"}}' END, seq, NULL, NULL
FROM generate_series(1, 10000) n, generate_series(1, {each}) seq,
  LATERAL (SELECT seq % 20 = 1) AS _ (notice);
INSERT INTO reactions SELECT id(2, n), seq, '+', id(1, n), seq
FROM generate_series(1, 10000) n, generate_series(1, {each}, 10) seq;
"""
IDS = """
CREATE FUNCTION id(kind int, n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$SELECT '0190000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0')$$"""

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
    "acquaintances": """SELECT DISTINCT t.user_id FROM members t
JOIN members m USING (conversation_id) WHERE m.user_id = id(1, 7)""",
}

SEND = """
DO $$
DECLARE c text; s bigint;
BEGIN
  FOR n IN 1..{sends} LOOP
    c := id(2, 1 + (n * 7919) % 10000);
    UPDATE conversations SET last_seq = last_seq + 1, rev = rev + 1, last_activity_at = n
      WHERE id = c RETURNING last_seq INTO s;
    INSERT INTO messages VALUES (c, s, id(4, {salt} + n), s, 'text', id(1, 9), 'd' || s,
      sha256('x'), repeat('word ', 12), NULL, NULL, n, NULL, NULL);
    UPDATE members SET read_seq = s WHERE conversation_id = c AND user_id =
      (SELECT user_id FROM members WHERE conversation_id = c ORDER BY 1 LIMIT 1);
    {more}
  END LOOP;
END $$"""
MAINTAINED = """
ALTER TABLE members ADD last_activity_at bigint NOT NULL DEFAULT 0;
CREATE INDEX maintained ON members (user_id, last_activity_at DESC, conversation_id DESC);
UPDATE members SET last_activity_at = c.last_activity_at
FROM conversations c WHERE c.id = conversation_id;
"""
MAINTAINED_LIST = """SELECT c.*, m.role, m.read_seq FROM members m JOIN conversations c
ON c.id = m.conversation_id WHERE m.user_id = id(1, {person})
ORDER BY m.last_activity_at DESC, m.conversation_id DESC LIMIT 51"""
MAINTAINED_MORE = "UPDATE members SET last_activity_at = n WHERE conversation_id = c;"


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


def write_cost(connection: psycopg.Connection[Any], salt: int, more: str = "") -> str:
    """Send, and return what a send wrote to the log, took, and how many row versions were HOT."""
    connection.execute("SELECT pg_stat_force_next_flush()")  # what earlier statements counted
    hot = """SELECT sum(n_tup_upd), sum(n_tup_hot_upd) FROM pg_stat_xact_user_tables
WHERE schemaname = %s"""
    statement = SEND.format(sends=SENDS, salt=salt, more=more).encode()
    with connection.transaction():
        began, lsn = _now(connection)
        connection.execute(statement)
        updated, of_them_hot = connection.execute(hot, [SCHEMA]).fetchone() or (1, 0)
        ended, lsn_after = _now(connection)
    written = (_lsn(lsn_after) - _lsn(lsn)) / SENDS
    took = 1000 * (ended - began).total_seconds() / SENDS
    return f"{took:.3f} ms | {written:,.0f} | {100 * of_them_hot / updated:.0f} %"


def _now(connection: psycopg.Connection[Any]) -> Any:
    return connection.execute("SELECT clock_timestamp(), pg_current_wal_insert_lsn()").fetchone()


def _lsn(text: str) -> int:
    high, low = text.split("/")
    return (int(high, 16) << 32) | int(low, 16)


@contextmanager
def schema(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Work in a schema of one's own, which is gone afterwards."""
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    connection.execute(f"SET search_path = {SCHEMA}, public")
    try:
        yield
    finally:
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    each = parser.parse_args().messages // 10_000
    with psycopg.connect(_url(), autocommit=True) as connection, schema(connection):
        report(connection, each)
    return 0


def report(connection: psycopg.Connection[Any], each: int) -> None:
    """Fill, explain, change, explain again."""
    first, second = (
        import_module(f"migrations.versions.{name}") for name in ("0001_schema", "0002_indexes")
    )
    version = connection.execute("SHOW server_version").fetchone()
    print(f"PostgreSQL {version and version[0]}, {each * 10_000:,} messages\n")
    connection.execute(first.SCHEMA.encode())
    connection.execute(IDS)
    connection.execute(FILL.format(each=each).encode())
    connection.execute("VACUUM ANALYZE")
    before = {name: explain(connection, query) for name, query in QUERIES.items()}
    writes = {"as 0001 left it": write_cost(connection, 0)}
    connection.execute(second.CHANGES.encode())
    for table in ("conversations", "members"):
        connection.execute(f"VACUUM FULL {table}".encode())  # lays the rows out with room between
    connection.execute("VACUUM ANALYZE")
    after = {name: explain(connection, query) for name, query in QUERIES.items()}
    writes["as 0002 leaves it"] = write_cost(connection, 10_000_000)
    tell_sizes(connection)
    connection.execute(MAINTAINED.encode())
    connection.execute("VACUUM ANALYZE")
    maintained = {
        f"list, maintained column, of {words}": explain(
            connection, MAINTAINED_LIST.format(person=n)
        )
        for n, words in ((7, "ten"), (1, "5,000"))
    }
    writes["with a maintained column"] = write_cost(connection, 20_000_000, MAINTAINED_MORE)
    tell(before, after | maintained, writes)


def tell_sizes(connection: psycopg.Connection[Any]) -> None:
    """Print how large the indexes are."""
    print("| index | size |\n| --- | --- |")
    sizes = """SELECT indexrelname, pg_size_pretty(pg_relation_size(indexrelid))
FROM pg_stat_user_indexes WHERE schemaname = %s
ORDER BY pg_relation_size(indexrelid) DESC LIMIT 8"""
    for name, size in connection.execute(sizes, [SCHEMA]):
        print(f"| {name} | {size} |")


def tell(before: dict[str, Found], after: dict[str, Found], writes: dict[str, str]) -> None:
    """Print what was found."""
    print("\n| query | 0001: ms | pages | 0002: ms | pages | how (0002) |\n|" + " --- |" * 6)
    for name, now in after.items():
        then = before.get(name)
        old = f"{then.ms:.3f} | {then.pages:,}" if then else "|"
        how = re.sub(r"\s+", " ", now.nodes)
        print(f"| {name} | {old} | {now.ms:.3f} | {now.pages:,} | {how} |")
    print("\n| a send in SQL | took | bytes of log | HOT updates |\n| --- | --- | --- | --- |")
    for name, cost in writes.items():
        print(f"| {name} | {cost} |")


def _url() -> str:
    url = make_url(os.environ["CHAT_DATABASE_URL"])
    if password := os.environ.get("CHAT_DATABASE_PASSWORD_FILE"):
        url = url.set(password=Path(password).read_text().strip())
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    sys.exit(main())
