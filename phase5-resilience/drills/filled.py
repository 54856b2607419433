"""A million messages in tables of their own, for measurements beside a system that runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

SCHEMA = "explained"
CONVERSATIONS = 10_000
"""With ten people each, out of 20,000. Person 1 is in half of them, person 7 in ten."""

_IDS = """
CREATE FUNCTION id(kind int, n bigint) RETURNS text IMMUTABLE LANGUAGE sql AS
$$SELECT '0190000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0')$$"""
_FILL = """
SELECT setseed(0.13);
INSERT INTO profiles
SELECT id(1, n), 'user' || n, name, '', ' user' || n || ' ' || lower(name), n, n
FROM (SELECT n, initcap(substr(md5(n::text), 1, 5)) || ' ' || initcap(substr(md5('x' || n), 1, 7))
      AS name FROM generate_series(1, 20000) n) AS people;
INSERT INTO conversations
SELECT id(2, n), 'group', 'G', id(1, n), n, NULL, 10, {each}, {each}, (random() * 1e12)::bigint
FROM generate_series(1, {conversations}) n;
INSERT INTO members
SELECT id(2, n),
  id(1, CASE WHEN m = 0 AND n % 2 = 0 THEN 1 ELSE 2 + (n * 7 + m * 1999) % 19999 END),
  'member', n, 0
FROM generate_series(1, {conversations}) n, generate_series(0, 9) m;
INSERT INTO messages
SELECT id(2, n), seq, id(3, n::bigint * 1000 + seq), seq,
  CASE WHEN notice THEN 'notice' ELSE 'text' END,
  id(1, 2 + (n * 7 + seq % 10 * 1999) % 19999),
  CASE WHEN NOT notice THEN 'c' || seq END,
  CASE WHEN NOT notice THEN sha256(seq::text::bytea) END,
  CASE WHEN NOT notice THEN repeat('word ', 12) END,
  NULL, CASE WHEN notice THEN '{{"action":"renamed"}}' END, seq, NULL, NULL
FROM generate_series(1, {conversations}) n, generate_series(1, {each}) seq,
  LATERAL (SELECT seq % 20 = 1) AS _ (notice);
INSERT INTO reactions SELECT id(2, n), seq, '+', id(1, n), seq
FROM generate_series(1, {conversations}) n, generate_series(1, {each}, 10) seq;
CREATE VIEW fifty AS
SELECT conversation_id FROM members WHERE user_id = id(1, 1) ORDER BY 1 LIMIT 50;
CREATE TABLE asked AS SELECT jsonb_object_agg(conversation_id, {each}) AS places FROM fifty;
"""


@contextmanager
def schema(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Work in a schema of one's own, which is gone afterwards."""
    connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    connection.execute(f"SET search_path = {SCHEMA}, public")
    connection.execute(_IDS)
    try:
        yield
    finally:
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def fill(connection: psycopg.Connection[Any], each: int) -> None:
    """Put so many messages into each conversation."""
    connection.execute(_FILL.format(each=each, conversations=CONVERSATIONS).encode())
