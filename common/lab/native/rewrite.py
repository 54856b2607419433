"""Turns what holds inside containers (`redis:6379`, `/data`) into what holds on this machine."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

_OWN_HOSTS = ("0.0.0.0", "127.0.0.1", "localhost", "[::]", "[::1]")  # noqa: S104
_BEFORE_PATH = r"(?:(?<![^\s=:,;'\"(\[])|(?<=:///)|(?<=://))"
_AFTER_PATH = r"(?=$|[/\s:,;'\"()\]?&])"
_BEFORE_HOST = r"(?<![\w.-])"


class Rewriter:
    """Rewrites the values of one service.

    `services` are the names that can stand as hosts, `paths` maps container paths to
    directories here, `address` gives the loopback port of (service, container port).
    """

    def __init__(
        self,
        service: str,
        services: Iterable[str],
        paths: Mapping[str, Path],
        address: Callable[[str, int], int],
    ) -> None:
        self._service = service
        self._paths = paths
        self._address = address
        hosts = [*(re.escape(host) for host in _OWN_HOSTS), *_names(services)]
        pattern = rf"{_BEFORE_HOST}(?P<host>{'|'.join(hosts)}):(?P<port>\d{{1,5}})(?!\w)"
        if paths:
            targets = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
            pattern += rf"|{_BEFORE_PATH}(?P<path>{targets}){_AFTER_PATH}"
        self._pattern = re.compile(pattern)
        self._portless = re.compile(
            rf"://(?:[^/@\s]*@)?(?P<host>{'|'.join(_names(services))})(?![\w.:-])"
        )

    def __call__(self, text: str) -> str:
        """Return text with addresses and paths of this machine."""
        return self._pattern.sub(self._replace, text)

    def portless(self, text: str) -> str | None:
        """Return the service that a URL names without a port, which cannot be rewritten."""
        found = self._portless.search(text)
        return found["host"] if found else None

    def _replace(self, found: re.Match[str]) -> str:
        if found["host"] is None:
            return str(self._paths[found["path"]])
        owner = self._service if found["host"] in _OWN_HOSTS else found["host"]
        return f"127.0.0.1:{self._address(owner, int(found['port']))}"


def _names(services: Iterable[str]) -> list[str]:
    return [re.escape(name) for name in sorted(services, key=len, reverse=True)]
