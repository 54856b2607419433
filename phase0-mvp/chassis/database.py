"""SQLite for the threads of one process: many readers, one writer, no committed write lost."""

import json
import logging
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    MetaData,
    Select,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.dialects.sqlite.base import SQLiteExecutionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Session

from chassis import context
from chassis.errors import Busy, StorageFull, Unavailable
from chassis.events import Nobody, Publisher
from chassis.mode import Mode, mode_of, require_open, set_mode
from chassis.mode import metadata as mode_metadata
from chassis.work import Work

log = logging.getLogger(__name__)

ROOM = 1024 * 1024
"""Bytes that must be free for the system to be ready: some two hundred sends."""
LOG_KEPT = 8 * 1024 * 1024
"""Bytes. A long read makes the write-ahead log grow; once it is over, the log shrinks to this."""
ROOM_IN = 5
"""Seconds after which it makes sense to ask whether there is room again."""


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Database:
    """Connections to one SQLite file. What a unit of work announces, `publisher` is given.

    Errors: `Busy` when a connection or the write lock is not to be had within `timeout` seconds;
    `StorageFull` when the disk takes no more.
    """

    def __init__(
        self, file: Path, connections: int, timeout: float, publisher: Publisher | None = None
    ) -> None:
        self._file = file
        self._timeout = timeout
        self._publisher = publisher or Nobody()
        self._engine = create_engine(
            f"sqlite:///{file}",
            pool_size=connections,
            max_overflow=0,
            pool_timeout=timeout,
            connect_args={"timeout": timeout},
            hide_parameters=True,  # else an error logs what people wrote, and hashes
        )
        # SQLite admits one writer. Threads that queue here are woken one by one, in microseconds;
        # left to SQLite's own lock they would poll it, sleeping up to 100 ms in between.
        self._write_lock = threading.Lock()
        _set_up_connections(self._engine)
        self._engine.dialect.execution_ctx_cls = _Booked

    def create_tables(self) -> None:
        """Create what is missing; safe to run at every start."""
        with self.write_in_any_mode() as connection:
            for metadata in (mode_metadata, Base.metadata):
                metadata.create_all(connection)
                for table in metadata.sorted_tables:
                    for index in table.indexes:  # of a table from before there was this index
                        index.create(connection, checkfirst=True)

    def end_interrupted_import(self) -> None:
        """Take writes again after an import that was killed. Of its data nothing is left."""
        with self.write_in_any_mode() as connection:
            if mode_of(connection) is Mode.IMPORTING:
                set_mode(connection, Mode.OPEN)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection whose statements all see the same moment."""
        with _told_apart(), self._engine.connect() as connection:
            _begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Work]:
        """Give the only writing transaction there is; it is on disk when the block has ended.

        Only then is told what was announced in it, in that order.

        Errors: `ReadOnly` or `NotReady` while the system takes no writes.
        """
        try:
            with self.write_in_any_mode() as connection:
                # Inside the transaction: no write can slip past a switch that has been turned.
                require_open(mode_of(connection))
                work = Work(connection)
                yield work
        except Busy:
            require_open(self.mode())
            raise
        for announced in work.announcements:
            self._publisher.publish(announced.event, announced.user_ids)

    def mode(self) -> Mode:
        """Return whether the system takes writes."""
        with self.read() as connection:
            return mode_of(connection)

    @contextmanager
    def write_in_any_mode(self) -> Iterator[Connection]:
        """Give a writing transaction for the mode itself, and for replacing all data at once."""
        waited = time.perf_counter()
        if not self._write_lock.acquire(timeout=self._timeout):
            raise Busy("Another write is taking too long.")
        try:
            context.spend("lock", time.perf_counter() - waited)
            with _told_apart(), self._engine.connect() as connection:
                transaction = connection.begin()
                _begin(connection, "BEGIN IMMEDIATE")
                yield connection
                committing = time.perf_counter()
                transaction.commit()
                context.spend("db", time.perf_counter() - committing)
        finally:
            self._write_lock.release()

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
        except (OperationalError, Unavailable):
            return False
        return True

    def require_room(self) -> None:
        """Raise `StorageFull` if the disk has hardly any room left for data."""
        try:
            with tempfile.TemporaryFile(dir=self._file.parent) as file:
                os.posix_fallocate(file.fileno(), 0, ROOM)
        except OSError as error:
            log.warning("hardly any room for data: %s", error)
            raise StorageFull("There is hardly any room left for data.", ROOM_IN) from error

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()


KEPT_IN_KEY_ORDER = {"sqlite_with_rowid": False}
"""For `__table_args__`: neighbours by primary key lie side by side in the file."""


def insert_if_new(table: type[Base], *unique: str) -> Insert:
    """Return an INSERT of a row that has no effect if one with the same `unique` columns is there.

    Its `rowcount` tells: 1 or 0. Who looks first and then inserts may find that somebody else has
    inserted meanwhile; this leaves it to the constraint.
    """
    return insert(table).on_conflict_do_nothing(index_elements=unique)


def greatest(*values: ColumnElement[int]) -> ColumnElement[int]:
    """Return the largest of some values in one row; what the standard calls GREATEST."""
    return func.max(*values)


def items_of(parameter: str) -> Select[Any]:
    """Return a subquery for `IN`, over what `as_items` makes one parameter of.

    With a placeholder for each item, SQLAlchemy would write the statement anew each time.
    """
    items = func.json_each(bindparam(parameter)).table_valued("value")
    return select(items.c.value)


def as_items(values: Collection[str] | Collection[int]) -> str:
    """Return values as one parameter, for `items_of`."""
    return json.dumps(list(values))


def pairs_of(parameter: str) -> Select[Any]:
    """Return a subquery for `IN` that yields two columns, over what `as_pairs` makes."""
    pairs = func.json_each(bindparam(parameter)).table_valued("key", "value")
    return select(pairs.c.key, pairs.c.value)


def as_pairs(values: Mapping[str, int]) -> str:
    """Return pairs as one parameter, for `pairs_of`."""
    return json.dumps(dict(values))


def _set_up_connections(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # We begin transactions ourselves (`_begin`); the driver would begin them too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL, often recommended with WAL, can lose the last commits when the power fails.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA journal_size_limit = {LOG_KEPT}")
        cursor.close()


def _begin(connection: Connection, statement: str) -> None:
    # Straight to the driver: a statement's way through SQLAlchemy costs more than this one.
    raw: Any = connection.connection.dbapi_connection
    raw.execute(statement)


class _Booked(SQLiteExecutionContext):
    """A statement whose time is booked to the request that it is for.

    With a listener on the engine, SQLAlchemy would look up all its events for every statement.
    """

    def pre_exec(self) -> None:
        """Begin to measure."""
        super().pre_exec()  # type: ignore[no-untyped-call]
        self._started = time.perf_counter()

    def post_exec(self) -> None:
        """Book what it took."""
        context.spend("db", time.perf_counter() - self._started, 1)
        super().post_exec()  # type: ignore[no-untyped-call]


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise Busy("All database connections are in use.") from error
    except (OperationalError, sqlite3.OperationalError) as error:
        original = error.orig if isinstance(error, OperationalError) else error
        code: int = getattr(original, "sqlite_errorcode", 0)  # only what SQLite itself says has one
        if code & 0xFF in _LOCKED:  # the rest of an extended code says which kind
            raise Busy("The database is locked by another process.") from error
        if code in _FULL:
            log.error("the disk takes no more: %s", original)  # noqa: TRY400 - once, and in one line
            raise StorageFull("There is no room left for data.", ROOM_IN) from error
        raise


_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
"""No room on the disk; a quota or a limit on files; no room for the index of the log."""
