"""One client that asks as fast as it can: `python -m drill.flood URL TOKEN CONNECTIONS PATH`.

Runs until SIGTERM, and then prints how many answers it got. A process of its own, so that it takes
nothing from who measures.
"""

import itertools
import os
import signal
import sys
import threading
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

answers = itertools.count()
"""Advanced by every answer; `next` is atomic, which `+=` is not."""


def ask(host: str, port: int, path: str, token: str) -> None:
    """Ask, over one connection, for ever."""
    headers = {"Authorization": f"Bearer {token}"}
    while True:
        connection = HTTPConnection(host, port, timeout=10)
        try:
            while True:
                connection.request("GET", path, headers=headers)
                connection.getresponse().read()
                next(answers)
        except (OSError, HTTPException):
            connection.close()


def main(url: str, token: str, connections: str, path: str) -> None:
    """Ask over several connections at once."""
    signal.signal(signal.SIGTERM, _end)
    parts = urlsplit(url)
    where = (parts.hostname, parts.port, path, token)
    for _ in range(int(connections)):
        threading.Thread(target=ask, args=where, daemon=True).start()
    while True:
        signal.pause()


def _end(_number: int, _frame: object) -> None:
    print(next(answers), flush=True)
    os._exit(0)  # without waiting for the threads' answers


if __name__ == "__main__":
    main(*sys.argv[1:])
