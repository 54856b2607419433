"""The spans that no library makes: calls to other services, and events on their way."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis.clock import now_ms

_W3C = TraceContextTextMapPropagator()
_SLOW_MS = 1000
_tracer: Tracer = NoOpTracer()


def use(tracer: Tracer) -> None:
    """Have spans made by this tracer from now on."""
    global _tracer  # noqa: PLW0603 - one for a process, as its log is
    _tracer = tracer


@contextmanager
def calling(service: str, method: str) -> Iterator[Span]:
    """Do one try of a call to another service; its answer is for `answered`."""
    named = {"http.request.method": method, "peer.service": service}
    with _tracer.start_as_current_span(
        f"{method} {service}", kind=SpanKind.CLIENT, attributes=named
    ) as span:
        yield span


def answered(span: Span, status: int) -> None:
    """Note what the other service has answered; to a caller its own mistakes are errors too."""
    span.set_attribute("http.response.status_code", status)
    if status >= 400:
        span.set_status(StatusCode.ERROR)


@contextmanager
def consuming(queue: str, event: Mapping[str, Any]) -> Iterator[None]:
    """Do something about an event, below what it came from."""
    with _tracer.start_as_current_span(
        f"process {queue}",
        context=_W3C.extract(event, Context()),
        kind=SpanKind.CONSUMER,
        attributes=_of_event("process", queue, event["id"]),
    ):
        yield


class Waited(NamedTuple):
    """An event that has waited in the outbox since a moment, in milliseconds."""

    topic: str
    event: Mapping[str, Any]
    since: int


@contextmanager
def publishing(exchange: str, waited: Sequence[Waited]) -> Iterator[None]:
    """Publish events. The span of each begins with its wait, so it is its whole way to the broker.

    There is none for those that are neither sampled nor late: they are many, and all the same.
    """
    late = now_ms() - _SLOW_MS
    told = [one for one in waited if one.since < late or one.event["traceparent"].endswith("1")]
    spans = [_publishing(exchange, one) for one in told]
    try:
        yield
    except Exception as error:
        for span in spans:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__qualname__)
        raise
    finally:
        for span in spans:
            span.end()


def _publishing(exchange: str, waited: Waited) -> Span:
    return _tracer.start_span(
        f"publish {waited.topic}",
        context=_W3C.extract(waited.event, Context()),
        kind=SpanKind.PRODUCER,
        attributes=_of_event("publish", f"{exchange}:{waited.topic}", waited.event["id"]),
        start_time=waited.since * 1_000_000,
    )


def _of_event(operation: str, destination: str, event_id: str) -> dict[str, str]:
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": operation,
        "messaging.operation.type": {"publish": "send"}.get(operation, operation),
        "messaging.destination.name": destination,
        "messaging.message.id": event_id,
    }
