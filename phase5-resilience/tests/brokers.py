"""A real RabbitMQ to use and to hurt: one for all tests, with a virtual host for each."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
from pika import BlockingConnection
from redises import free_port
from waiting import PHASE, wait_for

from chassis.messaging.settings import BrokerSettings
from chassis.messaging.topology import Topology
from events.topology import TOPOLOGY

PASSWORD = "of the tests"
DIES = """
import os, signal
from {module} import {name} as target
from chat.consumers import jobs

once, calls = target.{attribute}, []

def dying(*given, **named):
    calls.append(None)
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return once(*given, **named)

target.{attribute} = dying
jobs.main()
"""
"""Dies when something is about to be called for the n-th time."""


class Broker:
    """A node of Erlang's own, with ports and an epmd of its own."""

    def __init__(self) -> None:
        self._directory = TemporaryDirectory(prefix="chat-broker-")
        self.port, self._pages, self.metrics_port = free_port(), free_port(), free_port()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> "Broker":
        """Start, and wait until it answers; some six seconds."""
        home = Path(self._directory.name)
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.one = 127.0.0.1:{self.port}\nmanagement.tcp.ip = 127.0.0.1\n"
            f"management.tcp.port = {self._pages}\ndefault_user = chat\ndefault_pass = {PASSWORD}\n"
            "vm_memory_high_watermark.absolute = 400MiB\ndisk_free_limit.absolute = 1MiB\n"
            f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self.metrics_port}\n"
        )
        (home / "plugins").write_text("[rabbitmq_management,rabbitmq_prometheus].")
        environment = os.environ | {
            "HOME": str(home),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": "rabbit@localhost",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_DIST_PORT": str(free_port()),
        }
        found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
        assert found, "no RabbitMQ found for the tests: apt-get install rabbitmq-server"
        for command in (["epmd"], [str(found[-1])]):
            self._running.append(
                subprocess.Popen(
                    ["setpriv", "--pdeathsig=KILL", *command],
                    env=environment,
                    cwd=home,  # where Erlang writes what it dies of
                    start_new_session=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        wait_for(self._answers, within=60)
        return self

    def close(self) -> None:
        """End it, with all its children."""
        for process in self._running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._directory.cleanup()

    def ask(self, method: str, path: str, said: object = None) -> httpx.Response:
        """Ask the management plugin."""
        url = f"http://127.0.0.1:{self._pages}/api{path}"
        return httpx.request(method, url, auth=("chat", PASSWORD), json=said, timeout=10)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/overview").status_code == 200
        except httpx.TransportError:
            return False


@cache
def broker() -> Broker:
    """Return the one of this test run; it is closed with it."""
    return Broker().start()


class Host:
    """A virtual host, as empty as a broker at its first start."""

    def __init__(self, directory: Path) -> None:
        self.name = uuid.uuid4().hex
        broker().ask("PUT", f"/vhosts/{self.name}").raise_for_status()
        self._password = directory / "broker-password"
        self._password.write_text(PASSWORD)
        self.settings = BrokerSettings(
            broker_url=f"amqp://127.0.0.1:{broker().port}/{self.name}",
            broker_password_file=self._password,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Return what tells a process of it."""
        return {
            "CHAT_BROKER_URL": self.settings.broker_url,
            "CHAT_BROKER_PASSWORD_FILE": str(self._password),
        }

    @contextmanager
    def connection(self) -> Iterator[BlockingConnection]:
        """Give a connection."""
        with closing(BlockingConnection(self.settings.parameters("test"))) as connection:
            yield connection

    def declare(self, topology: Topology = TOPOLOGY) -> None:
        """Declare what a table says."""
        with self.connection() as connection:
            topology.declare(connection)

    def publish(self, body: bytes, topic: str = "conversation.read") -> None:
        """Put something at the exchange."""
        with self.connection() as connection:
            connection.channel().basic_publish(TOPOLOGY.exchange, topic, body)

    def take(self, queue: str) -> list[tuple[dict[str, Any], Any]]:
        """Take all that is in a queue, until it is empty; return bodies and properties."""
        taken: list[tuple[dict[str, Any], Any]] = []
        with self.connection() as connection:
            channel = connection.channel()
            for method, properties, body in channel.consume(
                queue, auto_ack=True, inactivity_timeout=1
            ):
                if method is not None:
                    taken.append((json.loads(body or b""), properties))
                    continue
                left = channel.queue_declare(queue, passive=True).method.message_count
                if left == channel.get_waiting_message_count() == 0:  # and not just slow
                    break
        return taken

    def queues(self) -> list[str]:
        """Return the names of all queues."""
        return [one["name"] for one in broker().ask("GET", f"/queues/{self.name}").json()]

    def drop(self) -> None:
        """Leave nothing behind."""
        broker().ask("DELETE", f"/vhosts/{self.name}")


class Worker:
    """A process that answers nobody; what it says lies in `log`."""

    def __init__(self, log: Path, environment: dict[str, str], *command: str) -> None:
        self._log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=PHASE,
                env=os.environ | environment,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def said(self, event: str) -> int:
        """Return how often it has said so."""
        return sum(event in line for line in self._log.read_text().splitlines())

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.terminate()
        return self.process.wait(120)


def rows(url: str, statement: str, *values: object) -> list[Any]:
    """Return what a statement finds in a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []
