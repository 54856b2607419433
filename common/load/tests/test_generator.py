"""The generator, against servers that are known."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from lab.errors import LabError
from load import cores, drive
from load.arrivals import Stage
from load.job import Bound, Job
from load.world import Person, Place

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"items":[]}'
SOMEBODY = Person("0", "somebody", "token", [Place("0", 1)])


class Server:
    """Answers at once, but for a while in which it answers nobody."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.may_answer = threading.Event()
        self.may_answer.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                self.may_answer.wait()
                connection.sendall(ANSWER)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def _job(url: str, *stages: Stage, users: int = 4, bound: Bound | None = None) -> Job:
    return Job(url, "Lister", users, stages, [SOMEBODY], seed=1, bound=bound)


def test_a_fixed_rate_is_kept_and_told_by_operation(server: Server) -> None:
    (summary,) = drive.run(_job(server.url, Stage(100, 2)), lambda _event: None)
    assert summary["requests"] == pytest.approx(200, rel=0.25)
    assert summary["failed"] == summary["not_served"] == 0
    assert summary["operations"]["list"]["requests"] == summary["requests"]


def test_a_stall_is_charged_for_everybody_it_kept_waiting(server: Server) -> None:
    """Two users, 100 requests a second, half a second without an answer: some fifty suffer."""
    stalled = 0.5

    def watch(event: dict[str, object]) -> None:
        if "begin" in event:
            server.may_answer.clear()
            time.sleep(stalled)
            server.may_answer.set()

    (summary,) = drive.run(_job(server.url, Stage(100, 2), users=2), watch)
    assert summary["not_served"] == 0
    # Of about 200 requests a quarter waited; were latency counted from the sending, it were two.
    assert summary["latency_ms"]["p95"] > 1000 * stalled / 2


def test_stages_end_once_the_bound_is_not_kept(server: Server) -> None:
    stages = [Stage(20, 0.5), Stage(20, 0.5), Stage(20, 0.5)]
    impossible = Bound(p99_ms=0, errors=0)
    assert len(drive.run(_job(server.url, *stages, bound=impossible), lambda _: None)) == 1
    generous = Bound(p99_ms=10_000, errors=0)
    assert len(drive.run(_job(server.url, *stages, bound=generous), lambda _: None)) == 3


def test_refusals_are_errors() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        (summary,) = drive.run(_job(url, Stage(50, 1)), lambda _event: None)
    assert summary["failed"] == summary["requests"] > 10
    assert summary["throughput"] == 0


def test_a_generator_that_cannot_start_says_why() -> None:
    job = Job("http://127.0.0.1:1", "NoSuchUser", 1, [Stage(1, 1)], [SOMEBODY], seed=1)
    with pytest.raises(LabError, match="NoSuchUser"):
        drive.run(job, lambda _event: None)


def test_its_own_limit_is_measured() -> None:
    assert drive.generator_limit(8, cores.available()) > 100
