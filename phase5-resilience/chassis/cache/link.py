"""The link to Redis, and doing without it.

A request may wait for a command as long as `timeout` (seconds). The first command that fails cuts
the link: for `pause` seconds nobody asks Redis at all. Then it is tried, while requests go on
without it, and a new epoch begins.
"""

import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import structlog
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.connection import DefaultParser, parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from chassis import context
from chassis.correlation import CarryingThread
from chassis.redaction import safe_message
from chassis.resilience.report import State, watch

log = structlog.get_logger()

VERSION = 1
"""Of what lies under the keys: raise it when a document changes its form."""

Document = Mapping[str, Any]
"""What can be written as a JSON object."""
Reply = TypeVar("Reply")


class Garbage(RedisError):
    """An answer that nobody here has written."""


class Over(RedisError):
    """Another process has begun a new epoch of this name; empty if Redis has forgotten it."""

    def __init__(self, present: str) -> None:
        super().__init__("the epoch is over")
        self.present = present


@dataclass
class Epoch:
    """A stretch of time in which no command of any process failed.

    What earlier ones have left is never read. Whatever may have gone unnoticed while some process
    was cut off, a deletion above all, concerns keys that nobody asks for any more; they expire.

    The name of the present one lies in Redis. Whoever comes, or comes back, begins one; the others
    find out with their next command, which asks for the name together with all else.
    """

    client: Redis
    name: str = field(default_factory=lambda: secrets.token_hex(6))
    place: str = f"chat:{VERSION}:epoch"

    def begin(self) -> None:
        """Let this be the present one, for every process."""
        if self.client.set(self.place, self.name) is not True:
            raise Garbage("Redis takes no epoch")

    def require_present(self, reply: object) -> None:
        """Raise `Over` if an answer is the name of another epoch."""
        if isinstance(reply, bytes) and reply != self.name.encode():
            raise Over(reply.decode(errors="replace"))

    def key(self, kind: str, name: str) -> str:
        """Return the key of a document."""
        return f"chat:{VERSION}:{self.name}:{kind}:{name}"


class Link:
    """Shared by all threads of the process."""

    name = "cache"

    def __init__(self, url: str, timeout: float, pause: float) -> None:
        given = parse_url(url)  # type: ignore[no-untyped-call]
        self._address: dict[str, Any] = {"host": "localhost", "port": 6379, **given}
        self._timeout = timeout
        self._pause = pause
        self._epoch: Epoch | None = None
        self._lock = threading.Lock()
        self._trying = threading.Lock()
        self._try_at = 0.0
        self._missed = False
        self._said_off = False
        watch(self)
        self._try_if_due()

    @property
    def state(self) -> State:
        """Return whether it is asked; the trial runs in a thread of its own."""
        if self._epoch is not None:
            return "closed"
        return "half-open" if self._trying.locked() else "open"

    def answers(self) -> bool:
        """Return whether Redis does."""
        epoch = self.epoch()
        return epoch is not None and bool(self.run(epoch, lambda redis: redis.ping()))

    def epoch(self) -> Epoch | None:
        """Return the present epoch; None: do without."""
        epoch = self._epoch
        if epoch is None:
            context.describe("cache", "off")
            self._try_if_due()
        return epoch

    def epoch_to_change(self) -> Epoch | None:
        """Return the present epoch; None: what should be deleted there is in none that follows."""
        epoch = self.epoch()
        if epoch is None:
            with self._lock:
                epoch = self._epoch
                self._missed = epoch is None
        return epoch

    def run(self, epoch: Epoch, command: Callable[[Redis], Reply]) -> Reply | None:
        """Return Redis's answer, never None, or None if there was no good one in time."""
        started = time.perf_counter()
        _due.at = started + self._timeout
        try:
            return command(epoch.client)
        except Over as over:
            self._join(epoch, over)
            return None
        except (RedisError, OSError) as error:
            self._end(epoch, error)
            context.describe("cache", "off")
            return None
        finally:
            context.spend("cache", time.perf_counter() - started)

    def _try_if_due(self) -> None:
        """Try Redis in a thread: no request waits for it, nor for its name to be found."""
        if time.monotonic() >= self._try_at and self._trying.acquire(blocking=False):
            try:
                CarryingThread(target=self._begin, name="cache", daemon=True).start()
            except RuntimeError as error:  # the process may have no more threads
                self._trying.release()
                with self._lock:
                    self._wait_after(error)

    def _begin(self) -> None:
        try:
            if self._epoch is not None:
                return
            epoch = Epoch(_connect(self._address, self._timeout))
            _due.at = time.perf_counter() + 3 * self._timeout  # connects, asks who it is, tries it
            _prove(epoch)
            while not self._begun(epoch):
                epoch = Epoch(epoch.client)
        except Exception as error:  # noqa: BLE001 - whatever it is, what works without must not break
            with self._lock:
                self._wait_after(error)
        else:
            with self._lock:
                self._said_off = False
                log.info("cache.on", epoch=epoch.name)
        finally:
            self._trying.release()

    def _begun(self, epoch: Epoch) -> bool:
        """Begin an epoch for all; return False if a deletion was missed before it was ours, too."""
        self._missed = False
        epoch.begin()
        with self._lock:
            if not self._missed:
                self._epoch = epoch
        return not self._missed

    def _join(self, epoch: Epoch, over: Over) -> None:
        """Go on in the epoch that another process has begun."""
        if not over.present:
            self._end(epoch, over)
        with self._lock:
            if self._epoch is epoch:
                self._epoch = Epoch(epoch.client, over.present)

    def _end(self, epoch: Epoch, error: Exception) -> None:
        with self._lock:
            if self._epoch is epoch:
                self._epoch = None
                self._wait_after(error)

    def _wait_after(self, error: Exception) -> None:
        self._try_at = time.monotonic() + self._pause
        if not self._said_off:
            self._said_off = True
            log.warning("cache.off", error=type(error).__name__, reason=safe_message(error))


def pack(key: str, document: Document) -> bytes:
    """Return what is stored: the document, and whose it is."""
    return orjson.dumps([key, document])


def unpack(key: str, stored: bytes) -> dict[str, Any]:
    """Return the document; `Garbage` unless it was stored under this key."""
    try:
        owner, document = orjson.loads(stored)
    except (ValueError, TypeError) as error:
        raise Garbage(f"{key} holds what nobody stored there") from error
    if owner != key or not isinstance(document, dict):
        raise Garbage(f"{key} holds what belongs to {owner}")
    return document


def listed(reply: object, length: int) -> list[bytes | None]:
    """Return an answer that must be a list of so many values; `Garbage` if it is not."""
    if (
        isinstance(reply, list)
        and len(reply) == length
        and all(value is None or isinstance(value, bytes) for value in reply)
    ):
        return reply
    raise Garbage("Redis answered what was not asked")


def _prove(epoch: Epoch) -> None:
    """Raise `RedisError` unless a value is taken and given back: Redis may be full, or be none."""
    key, redis = epoch.key("proof", epoch.name), epoch.client
    if redis.set(key, epoch.name, px=1000) is not True or redis.get(key) != epoch.name.encode():
        raise Garbage("Redis forgot at once what it was given")


def _connect(address: Mapping[str, Any], timeout: float) -> Redis:
    """Return a client with connections of its own, all to the same run of the same server."""
    runs: set[object] = set()

    def on_connect(connection: Any) -> None:
        connection.on_connect()
        connection.send_command("INFO", "server")
        info = connection.read_response()
        run = re.search(rb"^run_id:\w+", info, re.MULTILINE) if isinstance(info, bytes) else None
        if run is None:
            raise Garbage("this is no Redis")
        runs.add(run[0])  # the name that a server gives itself at each start
        if len(runs) > 1:
            raise RedisConnectionError("Redis was restarted, or is another one now")

    # Looked up here alone: a name that is gone can take seconds, which no time-out bounds. A name
    # can have several addresses, and Redis listen at one of them.
    place = (address["host"], address["port"])
    with socket.create_connection(place, timeout) as listening:
        found = listening.getpeername()[0]
    pool = ConnectionPool(
        **{**address, "host": found},
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
        parser_class=_InTime,
        redis_connect_func=on_connect,
    )
    return Redis(connection_pool=pool)


_due = threading.local()
"""`at`: when the answers that this thread waits for have to be there, by `perf_counter`."""


class _InTime(DefaultParser):  # type: ignore[misc, valid-type]
    """Bounds the time of all answers together, where the socket's time-out bounds each piece."""

    def read_from_socket(self, *_args: Any, **_kwargs: Any) -> Any:
        left = _due.at - time.perf_counter()
        if left <= 0:
            raise RedisTimeoutError("the answer trickles")
        return super().read_from_socket(timeout=left)
