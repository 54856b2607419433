"""PostgreSQL: a primary that takes every write, and perhaps a replica that answers reads."""

import math
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    MetaData,
    QueuePool,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.orm import DeclarativeBase, Session

from chassis import context
from chassis.engine import connect, engine_for
from chassis.errors import Away, Busy, Unavailable
from chassis.events import Nobody, Publisher, Recorder
from chassis.freshness import EVERYBODY, Freshness
from chassis.mode import Mode, enter, lock, mode_of, require_open, set_mode
from chassis.replica import Replica
from chassis.resilience.breaker import Breaker, Tuning
from chassis.settings import DatabaseSettings
from chassis.work import Work

_COMMIT = "COMMIT; SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint"
# After COMMIT, since whoever notifies holds up all others that do until it is on disk. If it is not
# sent, the relay looks by itself.
_COMMIT_AND_TELL = f"{_COMMIT}; NOTIFY outbox"
_ONE_MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_ROOM = "SET LOCAL work_mem = 64; SELECT FROM generate_series(1, 60000) OFFSET 60000"
"""Sets aside a megabyte in a temporary file: some two hundred sends."""
_TUNING = Tuning(slow=math.inf, at_once=1024, window=10, least=5)
"""How many wait, the pool bounds, and for how long its time-out."""


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it so
        int: BigInteger,  # milliseconds since the epoch have 41 bits
        # Sorted by code points, wherever the server was set up: cursors and archives rely on it.
        str: Text(collation="C"),
    }


class Database:
    """Connections to the servers. What a unit of work announces, `outbox` stores with it.

    `publisher` is given it after the commit.

    Errors: `Busy` when a connection or a lock is not to be had in time, or the server is away;
    `StorageFull` when its disk takes no more.
    """

    def __init__(
        self,
        settings: DatabaseSettings,
        publisher: Publisher | None = None,
        outbox: Recorder | None = None,
    ) -> None:
        self._publisher = publisher or Nobody()
        self._outbox = outbox
        self._engine = engine_for(settings.database_url, settings, "db")
        self._breaker = Breaker("database", _TUNING, failure=Away)
        self._freshness = Freshness()
        self.replica: Replica | None = None
        if settings.replica_url:
            self.replica = Replica(settings.replica_url, settings, self._freshness)

    def end_interrupted_import(self) -> None:
        """Take writes again after an import that was killed. Of its data nothing is left."""
        with suppress(Busy), self.write_in_any_mode() as connection:  # it is alive, or away
            if mode_of(connection) is Mode.IMPORTING:
                set_mode(connection, Mode.OPEN)

    @contextmanager
    def read(
        self, *, fresh_for: Collection[str] | None = None, one_moment: bool = False
    ) -> Iterator[Connection]:
        """Give a connection to read from; with `one_moment`, all its statements see the same.

        With `fresh_for` it may be the replica's: it has everything that was acknowledged about
        these people and conversations, and lags behind in other things for less than two seconds.
        Whoever asks for that begins anew on `ReplicaLost`; see `chassis.replica.rereading`.
        """
        replica = self.replica
        if fresh_for is None or (replica and not replica.has(fresh_for)):
            replica = None
        context.count("read", "replica" if replica else "primary")
        with replica.connect() if replica else self._connect() as connection:
            if one_moment:
                _raw(connection).execute(_ONE_MOMENT)
            yield connection
            if one_moment:  # a rollback would have the driver forget what it has prepared
                _raw(connection).execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[Work]:
        """Give a transaction; it is on the primary's disk when the block has ended.

        Only then is told what was announced in it, in that order.

        Errors: `ReadOnly` or `NotReady` while the system takes no writes.
        """
        with self._connect() as connection:
            began = time.perf_counter()
            # Inside the transaction: no write can slip past a switch that has been turned.
            require_open(enter(_raw(connection)))
            context.spend("db", time.perf_counter() - began)
            work = Work(connection)
            yield work
            tells = self._record(work)
            self._commit(connection, work.concerned() or [EVERYBODY], tells=tells)
        for announced in work.announcements:
            self._publisher.publish(announced.event, announced.audience)

    def mode(self) -> Mode:
        """Return whether the system takes writes."""
        with self.read() as connection:
            return mode_of(connection)

    @contextmanager
    def write_in_any_mode(self) -> Iterator[Connection]:
        """Give a transaction for the mode itself, and for replacing all data: the only one then."""
        with self._connect() as connection:
            lock(_raw(connection))
            yield connection
            self._commit(connection, [EVERYBODY])

    @contextmanager
    def session(self) -> Iterator[tuple[Session, Work]]:
        """Give `write`'s unit of work, and an ORM session in it: objects can read better than rows.

        What the session has to write is written at the end of the block.
        """
        with (
            self.write() as work,
            # The transaction is ours to end, not the session's.
            Session(work.connection, join_transaction_mode="rollback_only") as session,
        ):
            yield session, work
            session.flush()

    def is_alive(self) -> bool:
        """Return whether a statement can be run at all."""
        try:
            with self.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except Unavailable:
            return False
        return True

    def require_room(self) -> None:
        """Raise `StorageFull` if the primary's disk has hardly any room left for data."""
        with self.read(one_moment=True) as connection:
            _raw(connection).execute(_ROOM)

    @property
    def pool(self) -> QueuePool:
        """Return the pool that the primary's connections come from."""
        return cast(QueuePool, self._engine.pool)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()
        if self.replica:
            self.replica.close()

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        """Give a connection to the primary; while it is away, none, and that at once."""
        with ExitStack() as opened:
            with self._breaker.call():
                connection = opened.enter_context(connect(self._engine))
            yield connection

    def _record(self, work: Work) -> bool:
        """Store what was announced, last of all: whoever is ordered by a row's lock is by then."""
        if self._outbox is None:
            return False
        began = time.perf_counter()
        try:
            return self._outbox.record(work.connection, work.announcements)
        finally:
            context.spend("db", time.perf_counter() - began)

    def _commit(
        self, connection: Connection, concerned: Collection[str], *, tells: bool = False
    ) -> None:
        """Commit, and note for whom a replica must be that far.

        A connection that breaks here leaves open whether it was: the client sends again what was
        not acknowledged, and its client id finds what it has made.
        """
        began = time.perf_counter()
        lsn: int | None = None
        self._freshness.committing(concerned)
        try:
            cursor = _raw(connection).execute(_COMMIT_AND_TELL if tells else _COMMIT)
            cursor.nextset()
            (lsn,) = cursor.fetchone()
        finally:
            self._freshness.committed(concerned, lsn)
            context.spend("db", time.perf_counter() - began)


def insert_if_new(table: type[Base], *unique: str) -> Insert:
    """Return an INSERT of a row that has no effect if one with the same `unique` columns is there.

    Its `rowcount` tells: 1 or 0. Who looks first and then inserts may find that somebody else has
    inserted meanwhile; this leaves it to the constraint.
    """
    statement = insert(table).on_conflict_do_nothing(index_elements=unique)
    return statement.execution_options(preserve_rowcount=True)  # which the driver forgets


def greatest(*values: SQLColumnExpression[int]) -> ColumnElement[int]:
    """Return the largest of some values in one row; what the standard calls GREATEST."""
    return func.greatest(*values)


def items_of(parameter: str, kind: type[Text | BigInteger] = Text) -> Select[Any]:
    """Return a subquery for `IN`, over what `as_items` makes one parameter of.

    With a placeholder for each item, SQLAlchemy would write the statement anew each time.
    """
    return select(func.unnest(bindparam(parameter, type_=ARRAY(kind))).column_valued())


def as_items(values: Collection[str] | Collection[int]) -> list[Any]:
    """Return values as one parameter, for `items_of`."""
    return list(values)


def pairs_of(parameter: str) -> Select[Any]:
    """Return a subquery for `IN` that yields two columns, over what `as_pairs` makes."""
    pairs = func.jsonb_each_text(bindparam(parameter, type_=JSONB)).table_valued("key", "value")
    return select(pairs.c.key, pairs.c.value.cast(BigInteger))


def as_pairs(values: Mapping[str, int]) -> dict[str, int]:
    """Return pairs as one parameter, for `pairs_of`."""
    return dict(values)


def _raw(connection: Connection) -> Any:
    """Return the driver's connection: a statement's way through SQLAlchemy costs more than some."""
    return connection.connection.dbapi_connection
