"""Tracing one process, with all that it takes; imported only where something is traced."""

import os
from typing import TYPE_CHECKING

from opentelemetry import propagate
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.trace import NoOpTracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import CollectorRegistry

from chassis.tracing import spans
from chassis.tracing.keeping import Keeping
from chassis.tracing.sampling import ByParent, Ids
from chassis.tracing.sending import Counts, Sender, to_zipkin
from chassis.tracing.settings import TracingSettings

if TYPE_CHECKING:
    from flask import Flask

UNTRACED = r"^https?://[^/]+/(healthz|readyz)$"
"""What is asked every few seconds, and by nobody."""
_LIMITS = SpanLimits(max_span_attributes=32, max_attribute_length=1024, max_events=2, max_links=0)


class Tracing:
    """The tracing of one process. `exporter` takes the spans; without one, Zipkin does."""

    def __init__(
        self,
        service: str,
        settings: TracingSettings,
        registry: CollectorRegistry | None = None,
        exporter: SpanExporter | None = None,
    ) -> None:
        counts = Counts(registry)
        self.sender = Sender(exporter or to_zipkin(settings.traces_url), counts)
        self.provider = TracerProvider(
            sampler=ByParent(settings.traces_sample),
            resource=Resource({"service.name": service}),
            shutdown_on_exit=False,  # it would wait for half a minute for a backend that hangs
            id_generator=Ids(),
            span_limits=_LIMITS,
        )
        keeping = Keeping(self.sender.send, settings.traces_slow, counts.dropped)
        self.provider.add_span_processor(keeping)

    def start(self) -> None:
        """Have libraries and the chassis make spans."""
        # The names of the stable conventions; by default libraries keep to those before.
        os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http,database"
        propagate.set_global_textmap(TraceContextTextMapPropagator())  # and no baggage
        PsycopgInstrumentor().instrument(tracer_provider=self.provider)
        RedisInstrumentor().instrument(tracer_provider=self.provider)
        spans.use(self.provider.get_tracer("chassis"))

    def stop(self) -> None:
        """Have none made any more."""
        PsycopgInstrumentor().uninstrument()
        RedisInstrumentor().uninstrument()
        spans.use(NoOpTracer())

    def follow(self, app: "Flask") -> None:
        """Give each request to an application a span."""
        # Workers have no Flask, and do without its 8 MB.
        from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415

        FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
            app,
            tracer_provider=self.provider,
            excluded_urls=UNTRACED,
            enable_commenter=False,
        )
