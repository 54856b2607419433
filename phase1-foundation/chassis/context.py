"""What is known about the request that the current thread is serving."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from chassis.ids import new_id


@dataclass(slots=True)
class Span:
    """Milliseconds spent in one place, how often it was entered, and how it went there."""

    ms: float = 0.0
    count: int = 0
    outcome: str = ""


@dataclass(slots=True)
class Wait:
    """Seconds waited for something of which there is only so much, and how often in vain."""

    seconds: float = 0.0
    refused: int = 0


@dataclass(slots=True)
class RequestContext:
    """A request's id, where its time goes, and what its log lines and the metrics say of it."""

    request_id: str = field(default_factory=new_id)
    started: float = field(default_factory=time.perf_counter)
    spans: dict[str, Span] = field(default_factory=dict)
    route: str = ""
    """The template of the path, such as `/api/v1/profiles/<uuid:user_id>`."""
    fields: dict[str, str] = field(default_factory=dict)
    """What stands in each of its log lines, beside the id."""
    waits: dict[str, Wait] = field(default_factory=dict)
    looks: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many documents of a kind were sought in the cache, by how it went."""

    def spend(self, name: str, seconds: float, count: int = 0) -> None:
        """Add time, and `count` operations, to the entry `name`."""
        span = self.spans.setdefault(name, Span())
        span.ms += seconds * 1000
        span.count += count

    def describe(self, name: str, outcome: str) -> None:
        """Say how it went in the entry `name`, in one word."""
        self.spans.setdefault(name, Span()).outcome = outcome

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the request came in."""
        return (time.perf_counter() - self.started) * 1000

    def server_timing(self) -> str:
        """Return the Server-Timing header (W3C): `app` is everything, the rest are parts of it."""
        entries = [f"app;dur={self.elapsed_ms():.2f}"]
        for name, span in self.spans.items():
            unit = "query" if span.count == 1 else "queries"
            said = f"{span.count} {unit}" if span.count else span.outcome
            described = f';desc="{said}"' if said else ""
            entries.append(f"{name};dur={span.ms:.2f}{described}")
        return ", ".join(entries)


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def enter(request_id: str | None = None) -> RequestContext:
    """Begin a request in this thread; without an id it gets a new one."""
    context = RequestContext(request_id or new_id())
    _current.set(context)
    return context


@contextmanager
def entered(request_id: str | None = None) -> Iterator[RequestContext]:
    """Begin something smaller than a request, such as an event of a socket, and end it."""
    before = _current.get()
    context = enter(request_id)
    if before:
        context.fields.update(before.fields)
    try:
        yield context
    finally:
        _current.set(before)


def current() -> RequestContext | None:
    """Return the request being served, or None outside of one."""
    return _current.get()


def request_id() -> str | None:
    """Return the current request's id, or None outside of a request."""
    context = _current.get()
    return context.request_id if context else None


def spend(name: str, seconds: float, count: int = 0) -> None:
    """Book time to the current request, if there is one."""
    context = _current.get()
    if context:
        context.spend(name, seconds, count)


def describe(name: str, outcome: str) -> None:
    """Say how it went in one place, if there is a current request."""
    context = _current.get()
    if context:
        context.describe(name, outcome)


def bind(**fields: str) -> None:
    """Put fields into every further log line of the current request, if there is one."""
    context = _current.get()
    if context:
        context.fields.update(fields)


def waited(resource: str, seconds: float, *, refused: bool = False) -> None:
    """Book a wait to the current request, if there is one."""
    context = _current.get()
    if context:
        wait = context.waits.setdefault(resource, Wait())
        wait.seconds += seconds
        wait.refused += refused


def looked(kind: str, **outcomes: int) -> None:
    """Book that so many documents of a kind were sought in the cache: `hit=3, miss=1`."""
    context = _current.get()
    if context:
        for outcome, count in outcomes.items():
            context.looks[kind, outcome] += count
