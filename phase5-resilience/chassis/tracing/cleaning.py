"""What of a span may get out: what is listed here, whatever a library has recorded.

Traces are read by more people than the database is, and kept elsewhere. So no address, query
string, header, statement or message of an exception leaves this process: any may quote somebody.
"""

import re

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status

ALLOWED = frozenset(
    [
        "db.namespace",
        "db.operation.name",
        "db.system.name",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "messaging.destination.name",
        "messaging.message.id",
        "messaging.operation.name",
        "messaging.operation.type",
        "messaging.system",
        "peer.service",
    ]
)
"""Attributes by OpenTelemetry's semantic conventions whose values are ours, from a bounded set; and
the id of an event. Methods are: the instrumentation writes `_OTHER` for an invented one."""
LONGEST = 120

_LITERAL = re.compile(r"'[^']*'")
_OPERATION = re.compile(r"\s*(?:--[^\n]*\n\s*)*([A-Za-z]{1,20})")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?"?([a-z_]{1,60})\b(?!\()')
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]*")


def clean(span: ReadableSpan) -> ReadableSpan:
    """Return what may be sent of a span that has ended, as one that is sampled."""
    given = span.attributes or {}
    kept = {name: _short(value) for name, value in given.items() if name in ALLOWED}
    for event in span.events:
        if kind := (event.attributes or {}).get("exception.type"):
            kept["error.type"] = _short(kind)
    return ReadableSpan(
        name=_name(span),
        context=_sampled(span.context),
        parent=span.parent,
        resource=span.resource,
        attributes=kept,
        kind=span.kind,
        status=Status(span.status.status_code),  # its description is an exception's message
        start_time=span.start_time,
        end_time=span.end_time,
    )


def _name(span: ReadableSpan) -> str:
    """Return a name from a bounded set: a library may make one of a path or a statement."""
    given = span.attributes or {}
    if span.kind is SpanKind.SERVER:
        method, route = given.get("http.request.method", "HTTP"), given.get("http.route", "")
        return f"{method} {route}".strip()[:LONGEST]
    if given.get("db.system.name") == "postgresql":
        return summary(str(given.get("db.query.text", "")))
    return span.name[:LONGEST] if _PLAIN.fullmatch(span.name) else span.kind.name.lower()


def summary(statement: str) -> str:
    """Return what a statement does with which table: `SELECT messages`."""
    plain = _LITERAL.sub("", statement)
    operation, table = _OPERATION.match(plain), _TABLE.search(plain)
    words = [found[1] for found in (operation, table) if found]
    return " ".join(words) or "statement"


def _sampled(context: SpanContext | None) -> SpanContext | None:
    if context is None or context.trace_flags.sampled:
        return context
    flags = TraceFlags(context.trace_flags | TraceFlags.SAMPLED)
    return SpanContext(context.trace_id, context.span_id, is_remote=False, trace_flags=flags)


def _short(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)[:LONGEST]
