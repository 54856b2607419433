"""What a send costs in SQL, with the indexes that there are and with others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from drills.filled import SCHEMA

SENDS, RUNS = 2_000, 10
GROUPS = 500
"""In so many is spoken: few enough to have each of their pages in the log as a whole soon."""

# The application's statements, each send committed by itself. What comes back is thrown away.
_SEND = """
DO $$
DECLARE conversation text; person text; place bigint; at bigint;
BEGIN
  FOR n IN {first}..{last} LOOP
    conversation := id(2, 1 + n % {groups} * 20);
    person := id(1, 2 + ((1 + n % {groups} * 20) * 7 + (1 + n / {groups} % 9) * 1999) % 19999);
    at := 2 * 10^12 + n;
    PERFORM FROM conversations JOIN members ON conversation_id = id
      WHERE id = conversation AND user_id = person FOR UPDATE;
    UPDATE conversations SET last_seq = last_seq + 1, rev = rev + 1, last_activity_at = {activity}
      WHERE id = conversation RETURNING last_seq INTO place;
    INSERT INTO messages VALUES (conversation, place, id(4, n), place, 'text', person, 'd' || n,
      sha256(n::text::bytea), repeat('word ', 12), NULL, NULL, n, NULL, NULL)
      ON CONFLICT DO NOTHING;
    UPDATE members SET read_seq = place
      WHERE conversation_id = conversation AND user_id = person AND read_seq < place;
    PERFORM user_id FROM members WHERE conversation_id = conversation;
    {more}
    COMMIT;
  END LOOP;
END $$"""
_NEWEST = """greatest(at, (SELECT o.last_activity_at + CASE o.id WHEN conversation THEN 0
      ELSE 1 END FROM conversations o ORDER BY o.last_activity_at DESC LIMIT 1))"""
_STATE = """
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), sum(n_tup_upd), sum(n_tup_hot_upd)
FROM pg_stat_user_tables WHERE schemaname = %s"""
_SENT = "uq_messages_conversation_id_sender_id_client_id"


@dataclass(frozen=True)
class Variant:
    """Another way to keep the tables, and back."""

    name: str
    change: str = "SELECT"
    undo: str = "SELECT"
    activity: str = _NEWEST
    more: str = ""
    is_exported: bool = False
    """Whether somebody reads everything meanwhile, in one transaction."""


MAINTAINED = Variant(
    "with last_activity_at in members, and an index on it",
    """ALTER TABLE members ADD last_activity_at bigint NOT NULL DEFAULT 0;
    CREATE INDEX maintained ON members (user_id, last_activity_at DESC, conversation_id DESC);
    UPDATE members SET last_activity_at = c.last_activity_at
    FROM conversations c WHERE c.id = conversation_id""",
    "ALTER TABLE members DROP last_activity_at",
    more="UPDATE members SET last_activity_at = at WHERE conversation_id = conversation;",
)
VARIANTS = (
    Variant("as it is"),
    Variant("the same, while an export runs", is_exported=True),
    Variant(
        "a fifth of each page left free for updates",
        """ALTER TABLE conversations SET (fillfactor = 80);
        ALTER TABLE members SET (fillfactor = 80)""",
        "ALTER TABLE conversations RESET (fillfactor); ALTER TABLE members RESET (fillfactor)",
    ),
    Variant(
        "without conversations (last_activity_at), and a clock that may go back",
        "DROP INDEX ix_conversations_last_activity_at",
        "CREATE INDEX ix_conversations_last_activity_at ON conversations (last_activity_at)",
        activity="greatest(at, last_activity_at)",
    ),
    Variant(
        "without it, and the newest time in a sequence",
        "DROP INDEX ix_conversations_last_activity_at; CREATE SEQUENCE activity",
        """CREATE INDEX ix_conversations_last_activity_at ON conversations (last_activity_at);
        DROP SEQUENCE activity""",
        activity="(SELECT setval('activity', greatest(at, last_value + 1)) FROM activity)",
    ),
    Variant(
        "without messages (conversation_id, rev)",
        "DROP INDEX ix_messages_rev",
        "CREATE UNIQUE INDEX ix_messages_rev ON messages (conversation_id, rev)",
    ),
    Variant(
        "without messages (id)",
        "ALTER TABLE messages DROP CONSTRAINT uq_messages_id",
        "ALTER TABLE messages ADD CONSTRAINT uq_messages_id UNIQUE (id)",
    ),
    Variant(
        "without messages (conversation_id, sender_id, client_id)",
        f"ALTER TABLE messages DROP CONSTRAINT {_SENT}",
        f"""ALTER TABLE messages
        ADD CONSTRAINT {_SENT} UNIQUE (conversation_id, sender_id, client_id)""",
    ),
    Variant(
        "with members (user_id, conversation_id) INCLUDE (read_seq)",
        "CREATE INDEX covering ON members (user_id, conversation_id) INCLUDE (read_seq)",
        "DROP INDEX covering",
    ),
    MAINTAINED,
    Variant("as it is, once more"),
)


@dataclass(frozen=True)
class Cost:
    """What sends have cost."""

    sends: int
    cpu: float
    """Milliseconds of the server's processor."""
    log: float
    """Bytes."""
    updated: float
    hot: float
    """So many of the updated rows no index was told of."""


@contextmanager
def kept(connection: psycopg.Connection[Any], variant: Variant) -> Iterator[None]:
    """Keep the tables in another way until the end of the block."""
    connection.execute(variant.change.encode())
    for table in ("conversations", "members"):
        connection.execute(f"VACUUM FULL {table}".encode())
    connection.execute("VACUUM ANALYZE")
    yield
    connection.execute(variant.undo.encode())


class Writer:
    """Sends with other values each time: the same ones again would change no index."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._sent = 0

    def cost(self, variant: Variant) -> str:
        """Return the cost of a send in this variant, as cells of a table."""
        with kept(self._connection, variant), self._export(variant.is_exported):
            self._send(variant)
            runs = [self._send(variant) for _ in range(RUNS)]
        return _cells(runs)

    def _send(self, variant: Variant) -> Cost:
        first, self._sent = self._sent + 1, self._sent + SENDS
        sends = _SEND.format(
            first=first,
            last=self._sent,
            groups=GROUPS,
            activity=variant.activity,
            more=variant.more,
        )
        before = self._state()
        self._connection.execute(sends.encode())
        found = [float(now - then) for then, now in zip(before, self._state(), strict=True)]
        return Cost(SENDS, *found)

    def _state(self) -> tuple[Any, ...]:
        self._connection.execute("SELECT pg_stat_force_next_flush()")
        counted: Any = self._connection.execute(_STATE, [SCHEMA]).fetchone()
        return _cpu(self._connection.info.backend_pid), *counted

    @contextmanager
    def _export(self, is_wanted: bool) -> Iterator[None]:  # noqa: FBT001 - private
        if not is_wanted:
            yield
            return
        info = self._connection.info
        with psycopg.connect(info.dsn, password=info.password or None) as other:
            other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            other.execute("SELECT 1")  # a snapshot begins with the first statement
            yield


def _cells(runs: list[Cost]) -> str:
    sends, updated = sum(run.sends for run in runs), sum(run.updated for run in runs)
    cpu = sum(run.cpu for run in runs) / sends
    log = min(run.log / run.sends for run in runs)  # the run with the fewest whole pages
    return f"{cpu:.3f} | {log:,.0f} | {100 * sum(run.hot for run in runs) / updated:.0f} %"


def _cpu(pid: int) -> float:
    """Return the processor time, in ms, of a process of this machine."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
