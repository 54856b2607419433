"""What is known about the request that the current thread is serving."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from chassis.ids import new_id

NO_ROUTE = "(none)"
OPERATIONS = "(operations)"


@dataclass(slots=True)
class Span:
    """Milliseconds spent in one place, how often it was entered, and how it went there."""

    ms: float = 0.0
    count: int = 0
    outcome: str = ""


@dataclass(slots=True)
class RequestContext:
    """A request's id, and where its time goes."""

    request_id: str = field(default_factory=new_id)
    started: float = field(default_factory=time.perf_counter)
    spans: dict[str, Span] = field(default_factory=dict)
    method: str = ""
    deadline: float = math.inf
    """When nobody waits for the answer any more, by `time.perf_counter`."""
    status: int = 0
    """Zero until it is answered, and for what is no request of HTTP."""
    route: str = NO_ROUTE
    """The template of the path, such as `/api/v1/profiles/<uuid:user_id>`."""
    fields: dict[str, str] = field(default_factory=dict)
    """What stands in each of its log lines, beside the id."""
    waits: dict[str, float] = field(default_factory=dict)
    """Seconds in queues of ours, by what was waited for."""
    counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """What happened how often: a name, and labels."""
    elsewhere: float = 0.0
    """Seconds in which other services worked for it."""
    degraded: set[str] = field(default_factory=set)
    """Which parts of the answer are not as they should be."""

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


def leave() -> None:
    """End the request: what this thread says from now on belongs to nobody."""
    _current.set(None)


@contextmanager
def entered(cause: RequestContext | None, *, own_id: bool = False) -> Iterator[RequestContext]:
    """Do something on behalf of a request: under its id, or under an own one that names it."""
    before = _current.get()
    context = enter(cause.request_id if cause and not own_id else None)
    if cause:
        context.fields.update(cause.fields, **({"cause": cause.request_id} if own_id else {}))
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


def time_left() -> float:
    """Return for how many seconds the answer is still waited for; outside of a request for ever."""
    context = _current.get()
    return context.deadline - time.perf_counter() if context else math.inf


def user_id() -> str:
    """Return who is being served; empty if nobody has said."""
    context = _current.get()
    return context.fields.get("user_id", "") if context else ""


def spend(name: str, seconds: float, count: int = 0) -> None:
    """Book time to the current request, if there is one."""
    context = _current.get()
    if context:
        context.spend(name, seconds, count)


def spend_elsewhere(name: str, seconds: float) -> None:
    """Book time in which another service worked for the current request, if there is one."""
    context = _current.get()
    if context:
        context.spend(name, seconds)
        context.elsewhere += seconds


def elsewhere() -> float:
    """Return the seconds in which others worked for the current request."""
    context = _current.get()
    return context.elsewhere if context else 0.0


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


def count(name: str, *labels: str, by: int = 1) -> None:
    """Book something that happened to the current request, if there is one."""
    context = _current.get()
    if context and by:
        context.counts[name, *labels] += by


def degrade(part: str) -> None:
    """Say that a part of the current answer is old, or missing, since nobody gave a better one."""
    context = _current.get()
    if context and part not in context.degraded:
        context.degraded.add(part)
        context.counts["degraded", part] += 1


@contextmanager
def waiting(resource: str) -> Iterator[None]:
    """Book the time that the block takes as a wait of the current request, if there is one."""
    began = time.perf_counter()
    try:
        yield
    finally:
        context = _current.get()
        if context:
            waited = context.waits.get(resource, 0.0)
            context.waits[resource] = waited + time.perf_counter() - began
