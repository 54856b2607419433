"""File descriptors: each connection is one, and a process that has none left accepts nobody."""

import resource
from functools import cache
from typing import NamedTuple

import structlog

log = structlog.get_logger()

IDLE = 1000
"""HTTP connections that may wait, kept open by their clients, for a next request."""
IDLE_MIN = 64
"""As many as are left to them where descriptors are few."""
FILES = 64
"""Log, listener, modules, and whatever is open for a moment."""
FILES_OF_A_CONNECTION = 2
"""One to the primary, one to the replica."""


class Room(NamedTuple):
    """How many there may be at a time."""

    sockets: int
    connections: int
    """Sockets and HTTP connections together."""


@cache  # gunicorn's configuration asks, and the application in the worker that it forks
def make_room(sockets_max: int, http_threads: int, database_connections: int) -> Room:
    """Raise the soft limit to what all of these need; return what the hard limit allows of it."""
    files = FILES + FILES_OF_A_CONNECTION * database_connections
    wanted = sockets_max + http_threads + IDLE + files
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    connections = limit - files
    sockets = min(sockets_max, max(connections - http_threads - IDLE_MIN, 0))
    if sockets < sockets_max:
        log.warning(
            "descriptors.few",
            sockets=sockets,
            sockets_max=sockets_max,
            hard_limit=hard,  # `ulimit -Hn`
            wanted=wanted,
        )
    return Room(sockets, connections)
