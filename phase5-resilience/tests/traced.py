"""What tests of tracing share: an exporter that keeps what it is given, and a tracer before it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, Tracer
from prometheus_client import CollectorRegistry

from chassis.tracing.process import Tracing
from chassis.tracing.settings import TracingSettings

NEVER, ALWAYS = 0.0, 1.0


def below(trace_id: int, *, sampled: bool) -> Context:
    """A context as a header brings it."""
    flags = TraceFlags(TraceFlags.SAMPLED if sampled else 0)
    parent = SpanContext(trace_id, 7, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


@dataclass
class Kept(SpanExporter):
    """A backend that takes everything, or what a test has it do."""

    spans: list[ReadableSpan] = field(default_factory=list)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


class Traced:
    """A process that is traced; what libraries and the chassis do only once it is started."""

    def __init__(
        self, rate: float = ALWAYS, slow: float = 60.0, exporter: SpanExporter | None = None
    ) -> None:
        self.kept = Kept()
        self.registry = CollectorRegistry()
        settings = TracingSettings(traces_url="-", traces_sample=rate, traces_slow=slow)
        self.tracing = Tracing("tried", settings, self.registry, exporter or self.kept)
        self.tracer: Tracer = self.tracing.provider.get_tracer("test")

    def sent(self) -> list[ReadableSpan]:
        """Return what has been sent by now, sorted by its end."""
        self.tracing.sender.flush(10)
        return sorted(self.kept.spans, key=lambda span: span.end_time or 0)

    def names(self) -> list[str]:
        """Return their names."""
        return [span.name for span in self.sent()]

    def dropped(self, why: str) -> float:
        """Return how many spans were dropped for this reason."""
        return self.registry.get_sample_value("chat_spans_dropped_total", {"why": why}) or 0

    def exported(self) -> float:
        """Return how many arrived."""
        return self.registry.get_sample_value("chat_spans_exported_total") or 0
