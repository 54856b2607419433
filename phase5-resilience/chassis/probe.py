"""`python -m chassis.probe URL`: the health check, for images that have no curl.

Every service is asked every other second. A library for HTTP would take five times the processor's
time, all of it for being imported.
"""

import socket
import sys

PATIENCE = 2.0
"""Seconds, for connecting and for the answer."""


def main(url: str) -> int:
    """Return 0 when http://HOST:PORT/PATH answers with a status below 400."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    try:
        with socket.create_connection((name, int(port)), PATIENCE) as connection:
            connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            line = connection.makefile("rb").readline(1000)
        status = int(line.split()[1])
    except (OSError, ValueError, IndexError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1
    if status >= 400:
        print(f"{url}: {line.decode(errors='replace').strip()}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
