"""Turns what holds inside containers (`redis:6379`, `/data`) into what holds on this machine."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

_EVERY_HOST = ("0.0.0.0", "[::]")  # noqa: S104 - what a server listens on in its container
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_OWN_HOSTS = (*_EVERY_HOST, *_LOOPBACK)
_BEFORE_PATH = r"(?:(?<![^\s=:,;'\"(\[])|(?<=:///)|(?<=://))"
_AFTER_PATH = r"(?=$|[/\s:,;'\"()\]?&])"
_BEFORE_HOST = r"(?<![\w.-])"


class Rewriter:
    """Rewrites what one process is told.

    `services` are the names that can stand as hosts, `paths` maps container paths to those
    here, `address` gives the loopback port of (process or service, container port), `outside`
    tells of a port of loopback whether it is this machine's already.
    """

    def __init__(
        self,
        process: str,
        services: Iterable[str],
        paths: Mapping[str, Path],
        address: Callable[[str, int], int],
        outside: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._process = process
        self._paths = paths
        self._address = address
        self._outside = outside
        hosts = [*(re.escape(host) for host in _OWN_HOSTS), *_names(services)]
        pattern = rf"{_BEFORE_HOST}(?P<host>{'|'.join(hosts)}):(?P<port>\d{{1,5}})(?!\w)"
        if paths:
            targets = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
            pattern += rf"|{_BEFORE_PATH}(?P<path>{targets}){_AFTER_PATH}"
        self._pattern = re.compile(pattern)
        self._portless = re.compile(
            rf"://(?:[^/@\s]*@)?(?P<host>{'|'.join(_names(services))})(?![\w.:@-])"
        )

    def __call__(self, text: str, stand_ins: Mapping[str, str] = MappingProxyType({})) -> str:
        """Return text with addresses and paths of this machine.

        stand_ins maps hosts to those that are asked for their address instead.
        """
        return self._pattern.sub(lambda found: self._replace(found, stand_ins), text)

    def hosts(self, text: str) -> list[str]:
        """Return the services whose addresses stand in text, each once."""
        found = {match["host"]: None for match in self._pattern.finditer(text) if match["host"]}
        return [host for host in found if host not in _OWN_HOSTS]

    def listens_on(self, text: str) -> list[int]:
        """Return the ports of `0.0.0.0:8000` in text."""
        found = self._pattern.finditer(text)
        return [int(match["port"]) for match in found if match["host"] in _EVERY_HOST]

    def portless(self, text: str) -> str | None:
        """Return the service that a URL names without a port, which cannot be rewritten."""
        found = self._portless.search(text)
        return found["host"] if found else None

    def _replace(self, found: re.Match[str], stand_ins: Mapping[str, str]) -> str:
        host = found["host"]
        if host is None:
            return str(self._paths[found["path"]])
        port = int(found["port"])
        if host in _LOOPBACK and self._outside(port):
            return f"127.0.0.1:{port}"
        owner = self._process if host in _OWN_HOSTS else stand_ins.get(host, host)
        return f"127.0.0.1:{self._address(owner, port)}"


def _names(services: Iterable[str]) -> list[str]:
    return [re.escape(name) for name in sorted(services, key=len, reverse=True)]
