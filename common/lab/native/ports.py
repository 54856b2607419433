"""Free loopback ports.

A port found free may be taken before its server binds it: the supervisor notices and asks again.
"""

import random
import socket
from collections.abc import Iterable
from itertools import chain

LOOPBACK = "127.0.0.1"
INTERNAL = range(20000, 30000)  # below what the kernel gives to outgoing connections


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not count
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError:
            return False
    return True


class PortChooser:
    """Hands out ports, none of them twice and none of the `taken`."""

    def __init__(self, taken: Iterable[int] = ()) -> None:
        self._taken = set(taken)

    def at_or_after(self, preferred: int) -> int:
        """Return the preferred port, or the next free one."""
        for port in range(preferred, 65536):
            if self._take(port):
                return port
        return self.any()

    def any(self) -> int:
        """Return a free port that no one prefers."""
        start = random.randrange(INTERNAL.start, INTERNAL.stop)  # noqa: S311 - no secret
        for port in chain(range(start, INTERNAL.stop), range(INTERNAL.start, start)):
            if self._take(port):
                return port
        raise OSError("no free port on 127.0.0.1")

    def _take(self, port: int) -> bool:
        if port in self._taken or not is_free(port):
            return False
        self._taken.add(port)
        return True
