"""Sending spans, beside the requests: who is served never waits for it, nor fails with it."""

from collections.abc import Callable, Sequence
from threading import Lock, Thread

import requests
import structlog
from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from prometheus_client import CollectorRegistry, Counter

from chassis.tracing.cleaning import clean

WAITING = 2048
"""Spans that wait to be sent, at most; cleaned they take some 2 MB."""
BATCH, EVERY = 512, 1.0
"""Spans in one request, and the seconds between two if fewer wait."""
TIMEOUT = 2
"""Seconds for one request."""

log = structlog.get_logger()


class Counts:
    """What became of spans; in `registry`, if the process has one that somebody reads."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.exported = Counter("chat_spans_exported_total", "Spans sent.", registry=registry)
        self._dropped = Counter(
            "chat_spans_dropped_total",
            "Spans lost: for lack of room (too-many, queue-full), or sent in vain (backend).",
            ["why"],
            registry=registry,
        )

    def dropped(self, why: str, number: int) -> None:
        """Note spans that nobody will see."""
        self._dropped.labels(why).inc(number)


def to_zipkin(url: str) -> SpanExporter:
    """Return what sends spans there."""
    session = requests.Session()
    session.trust_env = False  # it is a neighbour: no proxy, and no password from ~/.netrc
    return ZipkinExporter(endpoint=url, timeout=TIMEOUT, session=session)


class Sender:
    """Cleans spans and sends them in batches, from a thread of its own."""

    def __init__(self, exporter: SpanExporter, counts: Counts) -> None:
        self._counts = counts
        self._lock = Lock()
        self._waiting = 0
        # Its own bound drops spans and tells nobody how many; so here it is never reached.
        self._batches = BatchSpanProcessor(
            _Counting(exporter, counts, self._sent),
            max_queue_size=WAITING + BATCH,
            schedule_delay_millis=EVERY * 1000,
            max_export_batch_size=BATCH,
        )

    def send(self, span: ReadableSpan) -> None:
        """Take a span on; returns at once."""
        with self._lock:
            is_full = self._waiting >= WAITING
            self._waiting += not is_full
        if is_full:
            self._counts.dropped("queue-full", 1)
        else:
            self._batches.on_end(clean(span))

    def flush(self, seconds: float) -> None:
        """Send what waits, as far as that is possible in this time."""
        last = Thread(target=self._batches.force_flush, name="last-spans", daemon=True)
        last.start()
        last.join(seconds)

    def _sent(self, number: int) -> None:
        with self._lock:
            self._waiting -= number


class _Counting(SpanExporter):
    """Counts what arrives, and says once that nothing does."""

    def __init__(self, exporter: SpanExporter, counts: Counts, sent: Callable[[int], None]) -> None:
        self._exporter = exporter
        self._counts = counts
        self._sent = sent
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch. One that cannot be sent is lost: to keep it would be to pile up."""
        try:
            result, reason = self._exporter.export(spans), "refused"
        except Exception as error:  # noqa: BLE001 - whatever it is, the next batch is to be sent
            result, reason = SpanExportResult.FAILURE, type(error).__name__
        is_lost = result is not SpanExportResult.SUCCESS
        self._sent(len(spans))
        if is_lost:
            self._counts.dropped("backend", len(spans))
        else:
            self._counts.exported.inc(len(spans))
        if is_lost and not self._failing:
            log.warning("traces.lost", reason=reason)
        elif self._failing and not is_lost:
            log.info("traces.sent-again")
        self._failing = is_lost
        return result

    def shutdown(self) -> None:
        """Close connections."""
        self._exporter.shutdown()
