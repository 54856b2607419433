"""Connections to one PostgreSQL server: how many, for how long, and alive when given out."""

import select
import time
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import QueuePool

from chassis import context

KEEPALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""Seconds, seconds, times: who hears nothing from a server for eleven seconds gives it up."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the database one process may take. Times are in seconds."""

    connections: int
    timeout: float
    """How long to wait for a connection that is free, and for a row that somebody else changes."""
    patience: float
    """How long one statement may take, and a transaction stand still; 0 is for ever."""


def engine_for(address: URL, limits: Limits, name: str) -> Engine:
    """Return an engine whose statements are booked under `name`.

    Its connections begin no transactions by themselves: one SELECT needs none, and each saves two
    round trips. Who needs a transaction says so to the server.
    """
    engine = create_engine(
        address,
        isolation_level="AUTOCOMMIT",
        poolclass=QueuePool,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.timeout,
        pool_use_lifo=True,  # few warm connections rather than many that take turns
        connect_args=connect_args(limits),
        hide_parameters=True,  # else an error logs what people wrote, and hashes
    )
    event.listen(engine, "checkout", _refuse_the_dead)
    _book_statements(engine, name)
    return engine


def connect(engine: Engine) -> Connection:
    """Return a connection of the pool, once there is one."""
    with context.waiting("connection"):
        return engine.connect()


def pool_of(engine: Engine) -> QueuePool:
    """Return the pool of an engine of ours."""
    return cast(QueuePool, engine.pool)


def connect_args(limits: Limits) -> dict[str, Any]:
    """Return what libpq is told for each connection."""
    settings = {
        # Before COMMIT answers, the primary has it on disk. Waiting for the replica too would make
        # every send wait for a second machine, and fail with it.
        "synchronous_commit": "on",
        "lock_timeout": _ms(limits.timeout),
        "statement_timeout": _ms(limits.patience),
        "idle_in_transaction_session_timeout": _ms(limits.patience),
    }
    return {
        "application_name": "chat",
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        **KEEPALIVE,
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _refuse_the_dead(raw: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool make another connection instead of one that the server has ended.

    The kernel knows, for nothing: an idle connection on which there is something to read is over.
    `SELECT 1` before each use, as a pool's own pre-ping does it, would cost a round trip.
    """
    arrived = select.poll()
    arrived.register(raw.fileno(), select.POLLIN)
    if arrived.poll(0):
        raise InvalidatePoolError


def _book_statements(engine: Engine, name: str) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def before(_c: Any, _cursor: Any, _sql: str, _args: Any, execution: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        if execution is not None:
            execution.started = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(_c: Any, _cursor: Any, _sql: str, _args: Any, execution: Any, _many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's signature
        if execution is not None:
            context.spend(name, time.perf_counter() - execution.started, 1)
