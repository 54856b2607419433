"""A streaming replica: reads that can do with what it has replayed are answered there."""

import functools
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar

import psycopg
import structlog
from sqlalchemy import URL, Connection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.engine import Limits, connect, connect_args, engine_for
from chassis.errors import Busy
from chassis.faults import FAULTS, is_lost, original
from chassis.freshness import STALE_AFTER, Freshness, lsn_of
from chassis.redaction import safe_message

log = structlog.get_logger()

LOOK_EVERY, LOOK_EVERY_AT_REST = 0.01, 0.2
"""Seconds between two questions to the replica: while somebody waits for it, and otherwise."""
ASK_PRIMARY_EVERY = 0.5
NOTICED_AFTER = STALE_AFTER + 2 * ASK_PRIMARY_EVERY
"""Seconds after which every process knows what another one has written."""
SILENT_AFTER = 1.0
"""Seconds after which a replica that does not answer is not used."""

_OWN = "SELECT system_identifier, timeline_id FROM pg_control_system(), pg_control_checkpoint()"
_AT_PRIMARY = "SELECT pg_current_wal_flush_lsn()"
_AT_REPLICA = "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn()"

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

    def __init__(self, address: URL, primary: URL, limits: Limits, freshness: Freshness) -> None:
        self._engine = engine_for(address, limits, "replica")
        self._freshness = freshness
        self._replayed = 0
        self._heard_at = -math.inf
        self.why_not = ""
        """Why it is not used, if it is not."""
        self._closing = threading.Event()
        watch = _Watch(address, primary, limits)
        self._thread = threading.Thread(target=self._follow, args=[watch], name="replica")
        self._thread.daemon = True
        self._thread.start()

    def has(self, keys: Collection[str]) -> bool:
        """Return whether the replica has all that concerns a reader with these keys."""
        return self._replayed >= self._freshness.needed(keys) and self.is_heard

    @property
    def is_heard(self) -> bool:
        """Return whether the replica has answered a moment ago."""
        return time.monotonic() - self._heard_at < SILENT_AFTER

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection to the replica; `ReplicaLost` whatever it is that fails there."""
        try:
            with connect(self._engine) as connection:
                yield connection
        except (*FAULTS, PoolTimeoutError) as error:
            if not isinstance(error, PoolTimeoutError) and is_lost(original(error)):
                self._heard_at = -math.inf  # nobody else need find out: used again when it is heard
            log.warning("replica.lost", reason=safe_message(error))
            raise ReplicaLost("The replica does not answer.") from error

    def close(self) -> None:
        """Stop following, and close every connection that is not in use."""
        self._closing.set()
        self._thread.join()
        self._engine.dispose()

    def _follow(self, watch: "_Watch") -> None:
        while not self._closing.is_set():
            try:
                self._look(watch)
            except psycopg.Error as error:
                watch.close()
                self._replayed, self._heard_at = 0, -math.inf
                if str(error) != self.why_not:
                    self.why_not = str(error)
                    log.warning(
                        "replica.off", error=type(error).__name__, reason=safe_message(error)
                    )
            awaited = self._replayed and self._freshness.is_awaited
            self._closing.wait(LOOK_EVERY if awaited else LOOK_EVERY_AT_REST)
        watch.close()

    def _look(self, watch: "_Watch") -> None:
        observed = watch.primary()
        if observed is not None:
            self._freshness.observe(*observed)
        replayed = watch.replica()
        self.why_not = ""
        now = time.monotonic()
        self._freshness.replayed(replayed, now)
        self._replayed, self._heard_at = replayed, now


class _Watch:
    """Two connections of its own, so that it is not in the queue that it helps to keep short."""

    def __init__(self, replica: URL, primary: URL, limits: Limits) -> None:
        self._limits = limits
        self._addresses = {"replica": replica, "primary": primary}
        self._connections: dict[str, psycopg.Connection[Any]] = {}
        self._identities: dict[str, Any] = {}
        self._asked_at = 0.0

    def primary(self) -> tuple[int, float] | None:
        """Return how far the primary's log is on disk, and when that was asked (monotonic).

        None if it was asked a moment ago, or is away.
        """
        now = time.monotonic()
        if now - self._asked_at < ASK_PRIMARY_EVERY:
            return None
        self._asked_at = now
        try:
            row = self._ask("primary", _AT_PRIMARY)
        except psycopg.Error:
            self._close("primary")
            return None  # nobody can write either: what the replica has stays good
        return lsn_of(row[0]), now

    def replica(self) -> int:
        """Return how much the replica has replayed; `psycopg.Error` if it is another primary's."""
        is_replica, replayed = self._ask("replica", _AT_REPLICA)
        if not is_replica:
            raise psycopg.OperationalError("the replica follows nobody any more")
        if self._identities["replica"] != self._identities.get("primary"):
            raise psycopg.OperationalError("the replica follows another primary, or none is known")
        return lsn_of(replayed)

    def close(self) -> None:
        """Close both connections; the next question opens them again."""
        for name in list(self._connections):
            self._close(name)

    def _ask(self, name: str, question: str) -> Any:
        connection = self._connections.get(name)
        if connection is None:
            connection = self._connect(name)
        return connection.execute(question).fetchone()

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        address = self._addresses[name].set(drivername="postgresql")
        connection = psycopg.connect(
            address.render_as_string(hide_password=False),
            autocommit=True,
            **connect_args(self._limits),
        )
        self._connections[name] = connection
        self._identities[name] = connection.execute(_OWN).fetchone()
        return connection

    def _close(self, name: str) -> None:
        connection = self._connections.pop(name, None)
        if connection is not None:
            connection.close()
