"""Connections to one PostgreSQL server: how many, for how long, and alive when given out."""

import secrets
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import PostgresDsn
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGExecutionContext_psycopg
from sqlalchemy.exc import InvalidatePoolError

from chassis import context
from chassis.faults import FAULTS, is_lost, told_apart
from chassis.settings import DatabaseSettings

PROCESS = secrets.token_hex(4)
"""Which one this is, among those that have connections; `chat` are those with a replica."""


def engine_for(url: PostgresDsn, settings: DatabaseSettings, name: str) -> Engine:
    """Return an engine whose statements are booked under `name`.

    Its connections begin no transactions by themselves: one SELECT needs none, and each saves two
    round trips. Who needs a transaction says so to the server.
    """
    engine = create_engine(
        settings.address(url),
        isolation_level="AUTOCOMMIT",
        pool_size=settings.database_connections,
        max_overflow=0,
        pool_timeout=settings.database_timeout,
        pool_use_lifo=True,  # few warm connections rather than many that take turns
        connect_args=connect_args(settings),
        hide_parameters=True,  # else an error logs what people wrote, and hashes
    )
    event.listen(engine, "checkout", _refuse_the_dead)
    engine.dialect.execution_ctx_cls = _booked_as(name)
    return engine


@contextmanager
def connect(engine: Engine) -> Iterator[Connection]:
    """Give a connection once there is one; a transaction open at the end is rolled back."""
    with told_apart():
        with context.waiting("connection"):
            connection = engine.connect()
        with connection:
            connection.begin()  # for SQLAlchemy: nothing is sent
            try:
                yield connection
            except FAULTS as error:
                if is_lost(error):
                    connection.invalidate()
                raise


def connect_args(settings: DatabaseSettings) -> dict[str, Any]:
    """Return what libpq is told for each connection."""
    timeout, patience = settings.database_timeout * 1000, settings.database_patience * 1000
    return {
        "application_name": f"{'chat' if settings.replica_url else 'worker'} {PROCESS}",
        "connect_timeout": 2,
        # Who hears nothing from a server for some ten seconds gives it up.
        "tcp_user_timeout": 5000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        # Before COMMIT answers, the primary has it on disk. Waiting for the replica too would make
        # every send wait for a second machine, and fail with it.
        "options": f"-c synchronous_commit=on -c lock_timeout={timeout:.0f}"
        f" -c statement_timeout={patience:.0f}"
        f" -c idle_in_transaction_session_timeout={patience:.0f}",
    }


def _refuse_the_dead(raw: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool make another connection instead of one that the server has ended.

    The kernel knows, for nothing: an idle connection on which there is something to read is over.
    `SELECT 1` before each use, as a pool's own pre-ping does it, would cost a round trip.
    """
    arrived = select.poll()
    arrived.register(raw.fileno(), select.POLLIN)
    if arrived.poll(0):
        raise InvalidatePoolError


def _booked_as(name: str) -> type[PGExecutionContext_psycopg]:
    """Return what SQLAlchemy runs a statement in, with its time booked to the request it is for.

    With a listener on the engine, SQLAlchemy would look up all its events for every statement.
    """

    class Booked(PGExecutionContext_psycopg):
        def pre_exec(self) -> None:
            super().pre_exec()  # type: ignore[no-untyped-call]
            self._started = time.perf_counter()

        def post_exec(self) -> None:
            context.spend(name, time.perf_counter() - self._started, 1)
            super().post_exec()  # type: ignore[no-untyped-call]

    return Booked
