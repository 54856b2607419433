"""A streaming replica: reads that can do with what it has replayed are answered there."""

import functools
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar

import structlog
from pydantic import PostgresDsn
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from chassis.engine import connect, engine_for
from chassis.errors import Busy, Unavailable
from chassis.freshness import Freshness
from chassis.redaction import safe_message
from chassis.settings import DatabaseSettings

log = structlog.get_logger()

LOOK_EVERY, LOOK_EVERY_AT_REST = 0.02, 0.2
"""Seconds between two questions to the replica: while somebody waits for it, and otherwise."""
ALONE_AFTER = 30.0
"""Seconds for which another process that writes may have no connection, and yet come back."""
STALE_AFTER = 1.0
"""Seconds that it may lag behind what concerns others, or not be heard of. The contract has two."""

_CONTROL = "pg_control_system(), pg_control_checkpoint()"
_AT_PRIMARY = f"""
SELECT system_identifier, timeline_id, (pg_current_wal_flush_lsn() - '0/0')::bigint, (
    SELECT count(DISTINCT application_name) FROM pg_stat_activity
    WHERE application_name LIKE 'chat %%' AND datname = current_database()
) FROM {_CONTROL}"""  # noqa: S608 - ours
_AT_REPLICA = f"""
SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint FROM {_CONTROL}
WHERE pg_is_in_recovery() AND system_identifier = %s AND timeline_id = %s"""  # noqa: S608 - ours

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class ReplicaLost(Busy):
    """The replica failed in the middle of a read; the primary can answer it."""


def rereading(method: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Have a method that only reads begin anew, at the primary, if the replica fails under it."""

    @functools.wraps(method)
    def read(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        with suppress(ReplicaLost):
            return method(*args, **kwargs)
        return method(*args, **kwargs)

    return read


class Replica:
    """Connections to the replica, and a thread that knows how far it is."""

    def __init__(self, url: PostgresDsn, settings: DatabaseSettings, freshness: Freshness) -> None:
        self._engine = engine_for(url, settings, "replica")
        self._freshness = freshness
        # Connections of its own, so that it is not in the queue that it helps to keep short.
        alone = settings.model_copy(update={"database_connections": 1})
        self._asked = [engine_for(one, alone, "") for one in (settings.database_url, url)]
        self._know_nothing()
        self._alone_from = -math.inf
        self.why_not = ""
        """Why it is not used, if it is not."""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="replica", daemon=True)
        self._thread.start()

    @property
    def is_used(self) -> bool:
        """Return whether it is heard of, and does not lag behind for long."""
        return time.monotonic() < self._good_until

    def has(self, keys: Collection[str]) -> bool:
        """Return whether it shows all that was acknowledged about these people, conversations.

        Never beside another process that answers people: nobody here knows what that one has
        acknowledged, and it is to be seen here at once.
        """
        is_alone = time.monotonic() >= self._alone_from
        return (
            is_alone and self.is_used and self._freshness.allows(keys, self._replayed, self._as_of)
        )

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection to the replica; `ReplicaLost` if it fails."""
        try:
            with connect(self._engine) as connection:
                yield connection
        except Unavailable as error:
            self._good_until = -math.inf  # nobody else need find out: until it is heard again
            raise ReplicaLost("The replica does not answer.") from error

    def close(self) -> None:
        """Stop following, and close every connection that is not in use."""
        self._closing.set()
        self._thread.join()
        for engine in (self._engine, *self._asked):
            engine.dispose()

    def _know_nothing(self) -> None:
        self._good_until = self._as_of = self._asked_at = -math.inf
        self._primary = [0, 0, 0]
        self._replayed = 0

    def _follow(self) -> None:
        wait = 0.0
        while not self._closing.wait(wait):
            wait = LOOK_EVERY_AT_REST
            try:
                self._look(*self._asked)
                self.why_not = ""
                if self._freshness.is_awaited:
                    wait = LOOK_EVERY
            except (SQLAlchemyError, ConnectionError) as error:
                self._know_nothing()  # after a crash it may come back with less than it had
                if safe_message(error) != self.why_not:
                    self.why_not = safe_message(error)
                    log.warning("replica.off", reason=self.why_not)

    def _look(self, primary: Engine, replica: Engine) -> None:
        now, is_away = time.monotonic(), False
        if self._as_of == self._asked_at <= now - LOOK_EVERY_AT_REST:
            try:
                *self._primary, processes = _ask(primary, _AT_PRIMARY)
                self._asked_at = now
                if processes > 1:
                    self._alone_from = now + ALONE_AFTER
            except SQLAlchemyError:
                is_away = True  # so that nobody writes, and what the replica has stays good
        *identity, target = self._primary
        found = _ask(replica, _AT_REPLICA, *identity)
        if found is None:
            raise ConnectionError("it follows nobody, or another primary, or none is known")
        self._replayed = found[0]
        if self._replayed >= target:
            self._as_of = self._asked_at
            self._good_until = (now if is_away else self._asked_at) + STALE_AFTER
        self._freshness.forget(self._replayed)


def _ask(engine: Engine, question: str, *values: Any) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql(question, values).first()
