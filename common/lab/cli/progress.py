"""What a start or a stop still waits for: lines that change on a terminal, else one per change."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

import click

from lab.status import Health, InstanceStatus, ServiceStatus, State

_TICK = 0.1  # seconds between two pictures
_ENDED = (State.EXITED, State.STOPPED, State.WAITING)
Done = Callable[[ServiceStatus], bool]


def describe(service: ServiceStatus) -> str:
    """Say in a word or two how a service is."""
    if service.state is State.RUNNING and service.health is Health.STARTING:
        return "starting"
    if service.state is State.RUNNING and service.health is not None:
        return service.health.value
    if service.state is State.EXITED:
        return f"{'exited' if service.exit_code else 'done'} ({service.exit_code})"
    return service.state.value


def is_up(service: ServiceStatus) -> bool:
    """Tell whether nobody waits for it to start any more."""
    return service.started


def is_down(service: ServiceStatus) -> bool:
    """Tell whether nobody waits for it to stop any more."""
    return service.state in _ENDED


class Progress:
    """Shows each status that it is called with; `done` tells who need not be waited for."""

    def __init__(self, what: str, done: Done = is_up) -> None:
        self._what = what
        self._done = done
        self._began = time.monotonic()
        self._drawn = 0.0
        self._height = 0
        self._said: dict[str, str] = {}
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def __call__(self, status: InstanceStatus | None) -> None:
        """Show a new status."""
        services = status.services if status else {}
        if not self._live:
            self._say_changes(services)
        elif time.monotonic() - self._drawn > _TICK:
            self._drawn = time.monotonic()
            self._draw(services)

    def clear(self) -> None:
        """Remove the lines that change."""
        if self._live:
            click.echo(self._erase(), err=True, nl=False)

    def _say_changes(self, services: Mapping[str, ServiceStatus]) -> None:
        """Say who is in another state than before; that somebody waits for fewer is none."""
        for name, service in services.items():
            waits = service.state is State.WAITING
            now = describe(service) if waits else _words(service)
            if self._said.get(name) != now and (service.note or not waits):
                click.echo(f"  {name}: {_words(service)}", err=True)
                self._said[name] = now

    def _draw(self, services: Mapping[str, ServiceStatus]) -> None:
        size = shutil.get_terminal_size()
        lines = list(self._picture(services, size.lines - 2))
        text = "".join(f"{line[: size.columns - 1]}\n" for line in lines)
        click.echo(self._erase() + text, err=True, nl=False)
        self._height = len(lines)

    def _picture(self, services: Mapping[str, ServiceStatus], room: int) -> Iterator[str]:
        """Yield a line for the whole, and one for each service that is waited for."""
        left = {name: one for name, one in services.items() if not self._done(one)}
        word = "down" if self._done is is_down else "up"
        count = f", {len(services) - len(left)} of {len(services)} {word}" if services else ""
        yield f"{self._what} … {self._drawn - self._began:.1f} s{count}"
        width = max(map(len, left), default=0)
        shown = list(left.items())[: room if len(left) <= room else room - 1]
        for name, service in shown:
            yield f"  {name:<{width}}  {_words(service)}{_since(service)}"
        if len(shown) < len(left):
            yield f"  … and {len(left) - len(shown)} more"

    def _erase(self) -> str:
        height, self._height = self._height, 0
        return f"\r\x1b[{height}A\x1b[J" if height else "\r\x1b[J"


def _words(service: ServiceStatus) -> str:
    """Say how a service is and what it waits for."""
    if service.state is State.WAITING and service.note:
        return service.note
    if service.once and service.state is State.RUNNING:
        return "at work"
    return f"{describe(service)} ({service.note})" if service.note else describe(service)


def _since(service: ServiceStatus) -> str:
    if service.state is not State.RUNNING or service.started_at is None:
        return ""
    return f", {max(time.time() - service.started_at, 0):.0f} s"
