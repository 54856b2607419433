"""A pool of database connections that says how long each request waits for one."""

import time

from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import PoolProxiedConnection

from chassis import context


class WatchedPool(QueuePool):
    """SQLAlchemy's pool; it waits as long as its time-out says, and then refuses."""

    def connect(self) -> PoolProxiedConnection:
        """Take a connection, or make one."""
        began = time.perf_counter()
        refused = False
        try:
            return super().connect()
        except PoolTimeoutError:
            refused = True
            raise
        finally:
            context.waited("connection", time.perf_counter() - began, refused=refused)
