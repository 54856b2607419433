"""Redis: what all processes of this service have to know, for a minute at the most."""

import time
from collections.abc import Callable
from typing import TypeVar

from redis import BlockingConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from chassis import context
from chassis.errors import NotReady
from chassis.resilience.breaker import Breaker, Tuning

CONNECTIONS, PLACES = 32, 4096
Reply = TypeVar("Reply")


class Store:
    """Shared by everything in the process. `timeout` is in seconds."""

    def __init__(self, url: str, timeout: float) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 1),  # a connection that was kept may be dead
        )
        self._redis = Redis(connection_pool=pool)
        # Who is too many waits for a connection: there are bursts of those who come.
        self._breaker = Breaker("store", Tuning(slow=timeout, at_once=PLACES))

    def ask(self, command: Callable[[Redis], Reply]) -> Reply:
        """Return Redis's answer. Errors: `NotReady`."""
        began = time.perf_counter()
        try:
            with self._breaker.call():
                return self._told(command)
        finally:
            context.spend("store", time.perf_counter() - began)

    def _told(self, command: Callable[[Redis], Reply]) -> Reply:
        try:
            return command(self._redis)
        except (RedisError, OSError) as error:
            raise NotReady("Redis does not answer.") from error

    def answers(self) -> bool:
        """Return whether Redis does."""
        try:
            return bool(self.ask(lambda redis: redis.ping()))
        except NotReady:
            return False
