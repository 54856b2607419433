"""SQLite for the threads of one process: many readers, one writer, no committed write lost."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    QueuePool,
    Select,
    bindparam,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import DeclarativeBase, Session

from chassis import context
from chassis.errors import Busy
from chassis.mode import Mode, mode_of, require_open, set_mode
from chassis.mode import metadata as mode_metadata


class Base(DeclarativeBase):
    """The parent of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Database:
    """Connections to one SQLite file.

    Errors: `Busy` when a connection or the write lock is not to be had within `timeout` seconds.
    """

    def __init__(self, file: Path, connections: int, timeout: float) -> None:
        self._timeout = timeout
        self._engine = create_engine(
            f"sqlite:///{file}",
            pool_size=connections,
            max_overflow=0,
            pool_timeout=timeout,
            connect_args={"timeout": timeout},
            hide_parameters=True,  # else an error logs what people wrote, and hashes
        )
        self._writer_engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        # SQLite admits one writer. Threads that queue here are woken one by one, in microseconds;
        # left to SQLite's own lock they would poll it, sleeping up to 100 ms in between.
        self._write_lock = threading.Lock()
        _set_up_connections(self._engine)
        _book_statements(self._engine)

    def create_tables(self) -> None:
        """Create what is missing; safe to run at every start."""
        for metadata in (mode_metadata, Base.metadata):
            metadata.create_all(self._writer_engine)

    def end_interrupted_import(self) -> None:
        """Take writes again after an import that was killed. Of its data nothing is left."""
        with self.write_in_any_mode() as connection:
            if mode_of(connection) is Mode.IMPORTING:
                set_mode(connection, Mode.OPEN)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection whose statements all see the same moment."""
        with _busy_if_late(), _connect(self._engine) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the only writing transaction there is; it is on disk when the block has ended.

        Errors: `ReadOnly` or `NotReady` while the system takes no writes.
        """
        try:
            with self.write_in_any_mode() as connection:
                # Inside the transaction: no write can slip past a switch that has been turned.
                require_open(mode_of(connection))
                yield connection
        except Busy:
            require_open(self.mode())
            raise

    def mode(self) -> Mode:
        """Return whether the system takes writes."""
        with self.read() as connection:
            return mode_of(connection)

    @contextmanager
    def write_in_any_mode(self) -> Iterator[Connection]:
        """Give a writing transaction for the mode itself, and for replacing all data at once."""
        waited = time.perf_counter()
        with context.waiting("write lock"):
            locked = self._write_lock.acquire(timeout=self._timeout)
        if not locked:
            raise Busy("Another write is taking too long.")
        try:
            context.spend("lock", time.perf_counter() - waited)
            with _busy_if_late(), _connect(self._writer_engine) as connection:
                transaction = connection.begin()
                yield connection
                committing = time.perf_counter()
                transaction.commit()
                context.spend("db", time.perf_counter() - committing)
        finally:
            self._write_lock.release()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give an ORM session in a writing transaction, where objects read better than rows."""
        with (
            self.write() as connection,
            # The transaction is ours to end, not the session's.
            Session(connection, join_transaction_mode="rollback_only") as session,
        ):
            yield session
            session.flush()

    def is_alive(self) -> bool:
        """Return whether a statement can be run at all."""
        try:
            with self.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except (OperationalError, Busy):
            return False
        return True

    @property
    def pool(self) -> QueuePool:
        """Return the pool that the connections come from."""
        return cast(QueuePool, self._engine.pool)

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()


def items_of(parameter: str) -> Select[Any]:
    """Return a subquery for `IN`, over a list that is given as one parameter, written as JSON.

    With a placeholder for each item, SQLAlchemy would write the statement anew each time.
    """
    items = func.json_each(bindparam(parameter)).table_valued("value")
    return select(items.c.value)


def _connect(engine: Engine) -> Connection:
    with context.waiting("connection"):
        return engine.connect()


def _set_up_connections(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # We begin transactions ourselves (below); the driver would begin them too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL, often recommended with WAL, can lose the last commits when the power fails.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # Straight to the driver: a statement's way through SQLAlchemy costs more than this one.
        raw: Any = connection.connection.dbapi_connection
        raw.execute(connection.get_execution_options().get("begin", "BEGIN"))


def _book_statements(engine: Engine) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def before(_c: Any, _cursor: Any, _sql: str, _args: Any, execution: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        if execution is not None:
            execution.started = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(_c: Any, _cursor: Any, _sql: str, _args: Any, execution: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        if execution is not None:
            context.spend("db", time.perf_counter() - execution.started, 1)


@contextmanager
def _busy_if_late() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise Busy("All database connections are in use.") from error
    except (OperationalError, sqlite3.OperationalError) as error:
        if _is_lock(error.orig if isinstance(error, OperationalError) else error):
            raise Busy("The database is locked by another process.") from error
        raise


def _is_lock(error: BaseException | None) -> bool:
    code: int = getattr(error, "sqlite_errorcode", 0)  # what SQLite itself did not say has none
    primary = code & 0xFF  # the rest of an extended code says which kind
    return primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
