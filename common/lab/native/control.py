"""Commands to a running supervisor: one JSON object each way over a Unix socket."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from lab.errors import LabError, NotRunningError
from lab.instance import Instance

SOCKET = "control.sock"


@contextlib.contextmanager
def short_path(directory: Path) -> Iterator[str]:
    """Name the socket through a descriptor: a socket's path may have 107 bytes at most."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def send(instance: Instance, command: str, timeout: float = 60.0, **arguments: object) -> None:
    """Have the supervisor do something and wait until it is done.

    Raises NotRunningError, or LabError with the supervisor's own words.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection, short_path(instance.directory) as path:
            connection.settimeout(timeout)
            connection.connect(path)
            connection.sendall(json.dumps({"do": command, **arguments}).encode() + b"\n")
            line = connection.makefile("rb").readline()
    except OSError as error:
        raise NotRunningError(f"{instance.phase.label} does not answer: {error}") from None
    reply = json.loads(line or b'{"error": "it ended before it answered"}')
    if "error" in reply:
        raise LabError(reply["error"])
