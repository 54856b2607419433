"""Spans are sent beside the requests: whatever a backend does, nobody waits and all is counted."""

import json
import threading
import time
from collections.abc import Sequence

from gateways import Asked, Service, hang_up, ok
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind
from traced import Kept, Traced

from chassis.tracing import sending


class Stuck(Kept):
    """A backend that hangs until a test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.go.wait(30)
        return super().export(spans)


def begin(traced: Traced, number: int) -> None:
    for _ in range(number):
        traced.tracer.start_span("x", Context(), SpanKind.SERVER).end()


def test_a_backend_that_hangs_holds_nobody_up_and_what_waits_is_bounded() -> None:
    stuck = Stuck()
    traced = Traced(exporter=stuck)
    sent = sending.WAITING + 700
    begin(traced, sent)  # and this is reached though nothing is taken
    assert traced.tracing.sender._waiting == sending.WAITING
    assert traced.dropped("queue-full") == 700
    stuck.go.set()
    traced.tracing.sender.flush(10)
    assert len(stuck.spans) == sending.WAITING
    assert traced.exported() == sending.WAITING
    begin(traced, 3)
    traced.tracing.sender.flush(10)
    assert len(stuck.spans) == sending.WAITING + 3, "there is room again"


def test_the_end_of_a_process_is_not_held_up_either() -> None:
    stuck = Stuck()
    traced = Traced(exporter=stuck)
    begin(traced, 3)
    began = time.monotonic()
    traced.tracing.sender.flush(0.2)
    assert time.monotonic() - began < 5
    stuck.go.set()


def test_zipkin_gets_its_own_format(service: Service) -> None:
    service.answers = [ok(b"", status="202 Accepted")]
    traced = Traced(exporter=sending.to_zipkin(f"http://127.0.0.1:{service.port}/api/v2/spans"))
    begin(traced, 2)
    traced.tracing.sender.flush(10)
    (asked,) = service.asked
    assert asked.line == "POST /api/v2/spans HTTP/1.1"
    first, second = json.loads(asked.body)
    assert first["localEndpoint"] == {"serviceName": "tried"}
    assert (first["kind"], len(first["traceId"])) == ("SERVER", 32)
    assert first["id"] != second["id"]
    assert traced.exported() == 2


def test_what_a_backend_does_not_take_is_counted_and_not_kept(service: Service) -> None:
    def refuse(asked: Asked, connection: object) -> bool:
        return ok(b"no", status="500 Internal Server Error")(asked, connection)  # type: ignore[arg-type]

    service.answers = [refuse, hang_up, ok(b"", status="202 Accepted")]
    traced = Traced(exporter=sending.to_zipkin(f"http://127.0.0.1:{service.port}/api/v2/spans"))
    for lost in (2, 4):
        begin(traced, 2)
        traced.tracing.sender.flush(10)
        assert traced.dropped("backend") == lost
    begin(traced, 1)
    traced.tracing.sender.flush(10)
    assert (traced.dropped("backend"), traced.exported()) == (4, 1)
    assert traced.tracing.sender._waiting == 0


def test_nobody_there_is_a_loss_of_spans_and_of_nothing_else(service: Service) -> None:
    service.stop()
    traced = Traced(exporter=sending.to_zipkin(f"http://127.0.0.1:{service.port}/api/v2/spans"))
    begin(traced, 5)
    traced.tracing.sender.flush(10)
    assert traced.dropped("backend") == 5
