"""The image `rabbitmq`: the machine's own RabbitMQ, with an Erlang node that nobody else shares.

Debian's is older than the image; phases use what both have.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lab.native.adapters.adapter import Launch, Program, Server

_SERVER = "rabbitmq-server"
_NAMES = (
    _SERVER,
    "rabbitmqctl",
    "rabbitmq-diagnostics",
    "rabbitmq-plugins",
    "rabbitmq-queues",
    "rabbitmq-streams",
)
_ERLANG = ("erl", "epmd")
_OLDEST = (3, 10)  # Debian 12
_DEBIAN = Path("/usr/lib/rabbitmq/lib")  # a directory for each version
_VERSION = re.compile(r"rabbitmq_server-(\d+(?:\.\d+)+)")
_ENV = Path("/usr/bin/env")
_ENTRYPOINT = "docker-entrypoint.sh"
_SCRIPT = Path(__file__).with_name("rabbitmq.bash")
_DATA = "/var/lib/rabbitmq"
_SETTINGS = "/etc/rabbitmq"
_AMQP, _PAGES, _METRICS, _EPMD, _DISTRIBUTION = 5672, 15672, 15692, 4369, 25672


class RabbitMQ:
    """See lab.native.adapters.adapter.Adapter; `rabbitmq.bash` does what the entrypoint does."""

    image = "rabbitmq"
    package = "rabbitmq-server"
    units: Sequence[str] = ("rabbitmq-server.service", "epmd.service", "epmd.socket")
    home = _DATA
    volumes: Sequence[str] = (_DATA,)
    listed: Sequence[str] = (f"{_SETTINGS}/conf.d",)
    stop_signal = "SIGTERM"

    def find(self) -> Server | None:
        """Look where Debian keeps its versions, the newest first.

        The scripts on the PATH are of no use: they change the user, and share one Erlang node.
        The directory's name tells the version, since asking a program takes a second.
        """
        if not all(map(shutil.which, _ERLANG)):
            return None
        return next(_installed(), None)

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:
        """Have the script run each of the server's programs.

        The server says what it listens on in a configuration that the script writes, so that
        nothing listens on the usual ports or beyond loopback.
        """
        script = ("bash", str(_SCRIPT))
        programs = {
            name: Program(_ENV, before=(*script, str(file)))
            for name, file in server.programs.items()
        }
        programs[_ENTRYPOINT] = Program(_ENV)
        environment = {
            "ERL_EPMD_PORT": str(port(_EPMD)),
            "LAB_ADVANCED": f"{_SETTINGS}/advanced.config",
            "LAB_AMQP_PORT": str(port(_AMQP)),
            "LAB_CONFIGURATION": f"{_SETTINGS}/rabbitmq.conf",
            "LAB_DATA": _DATA,
            "LAB_DISTRIBUTION_PORT": str(port(_DISTRIBUTION)),
            "LAB_METRICS_PORT": str(port(_METRICS)),
            "LAB_MORE_CONFIGURATION": f"{_SETTINGS}/conf.d",
            "LAB_PAGES_PORT": str(port(_PAGES)),
            "LAB_PLUGINS": f"{_SETTINGS}/enabled_plugins",
            "RABBITMQ_NODENAME": "rabbit@localhost",
        }
        return Launch((_ENTRYPOINT, *(command or (_SERVER,))), programs, environment)


def _installed() -> Iterator[Server]:
    """Yield the servers that are new enough and whole."""
    names = map(_VERSION.fullmatch, (home.name for home in _DEBIAN.glob("*")))
    versions = {_numbers(name[1]): name[1] for name in names if name}
    for numbers in sorted(versions, reverse=True):
        folder = _DEBIAN / f"rabbitmq_server-{versions[numbers]}" / "sbin"
        files = {name: folder / name for name in _NAMES}
        if numbers >= _OLDEST and all(file.is_file() for file in files.values()):
            yield Server("RabbitMQ", versions[numbers], files)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
