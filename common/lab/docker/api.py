"""The Docker Engine's API over its local socket: what the docker command would have to be run for.

https://docs.docker.com/reference/api/engine/
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
from functools import cache
from typing import Any
from urllib.parse import urlencode

from lab.errors import LabError, RefusedError

_ANSWERS = 20.0  # seconds; an engine that hangs takes connections and says nothing
_DEFAULT = "unix:///var/run/docker.sock"
_NATIVE = "or run it without Docker: --native"


class MissingError(LabError):
    """There is no such thing in the engine."""


class Api:
    """Makes one request per connection; answers are decoded JSON."""

    def __init__(self, path: str) -> None:
        self._path = path

    def get(self, path: str, **query: object) -> Any:
        """Return what is at a path. Raises LabError."""
        return json.loads(self.read(path, **query))

    def find(self, path: str) -> Any:
        """Return what is at a path, None if there is nothing. Raises LabError."""
        try:
            return self.get(path)
        except MissingError:
            return None

    def read(self, path: str, **query: object) -> bytes:
        """Return the bytes at a path. Raises LabError."""
        return self._request("GET", path, query)

    def post(self, path: str, **query: object) -> None:
        """Have something done; returns when it is. Raises LabError."""
        self._request("POST", path, query)

    def ping(self) -> None:
        """Ask whether it answers. Raises RefusedError."""
        self._request("GET", "/_ping", {}, patience=_ANSWERS)

    def _request(
        self, method: str, path: str, query: dict[str, object], patience: float | None = None
    ) -> bytes:
        connection = _Connection(self._path, patience)
        words = {key: _word(value) for key, value in query.items()}
        try:
            connection.request(method, f"{path}?{urlencode(words)}" if words else path)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            raise _unreachable(self._path, error) from None
        finally:
            connection.close()
        if answer.status == 404:
            raise MissingError(f"Docker: {_message(body)}")
        if answer.status >= 400:
            raise LabError(f"Docker: {_message(body)}")
        return body


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, patience: float | None) -> None:
        super().__init__("docker", timeout=patience)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connect() -> Api:
    """Return the engine that docker commands would use here.

    Raises RefusedError: none answers, or it is not on this machine.
    """
    path = _socket_path()
    api = Api(path)
    api.ping()
    return api


@cache
def _socket_path() -> str:
    endpoint = os.environ.get("DOCKER_HOST") or _of_context() or _DEFAULT
    kind, _, path = endpoint.partition("://")
    if kind != "unix":
        raise RefusedError(
            f"the Docker engine at {endpoint} is on another machine, and the phases mount files "
            "of this one",
            f"docker context use default, {_NATIVE}",
        )
    return path


def _of_context() -> str | None:
    """Return the endpoint of the context chosen with `docker context use`."""
    if shutil.which("docker") is None:
        return None
    words = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _unreachable(path: str, error: OSError) -> RefusedError:
    if isinstance(error, PermissionError):
        return RefusedError(
            f"you may not use the Docker engine: no permission on {path}",
            f"sudo usermod -aG docker $USER, and log in again; {_NATIVE}",
        )
    if shutil.which("docker") is None and shutil.which("dockerd") is None:
        return RefusedError(
            "Docker is not installed",
            f"https://docs.docker.com/engine/install/ says how; {_NATIVE}",
        )
    return RefusedError(
        f"the Docker engine is not running: {path}: {error.strerror or error}",
        f"sudo systemctl start docker, or open Docker Desktop; {_NATIVE}",
    )


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
