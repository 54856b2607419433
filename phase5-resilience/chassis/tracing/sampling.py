"""Which traces there are, and which of them are sampled."""

from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState

from chassis import context
from chassis.ids import new_id
from chassis.tracing.ids import is_chosen, trace_of

BEGIN_TRACES = (SpanKind.SERVER, SpanKind.CONSUMER, SpanKind.PRODUCER)
"""A trace begins with a request or an event. A statement outside of both is nobody's: a probe's."""


class Ids(RandomIdGenerator):
    """Begins a trace under the id of the request that is being served."""

    def generate_trace_id(self) -> int:
        """Return it."""
        return trace_of(context.request_id() or new_id())

    def is_trace_id_random(self) -> bool:
        """Return that only a part of it is chance."""
        return False


class ByParent(Sampler):
    """As the parent says; a trace that begins here by its id, a part `rate` of all.

    Those that are not sampled are recorded all the same: only their end tells whether they failed.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,  # noqa: ARG002
        kind: SpanKind | None = None,
        attributes: Any = None,
        links: Sequence[Link] | None = None,  # noqa: ARG002
        trace_state: TraceState | None = None,  # noqa: ARG002
    ) -> SamplingResult:
        """Decide about one span, before it begins."""
        parent = trace.get_current_span(parent_context)
        said = parent.get_span_context()
        if not said.is_valid:
            if kind not in BEGIN_TRACES:
                return SamplingResult(Decision.DROP)
            sampled = is_chosen(trace_id, self._rate)
        elif said.is_remote or parent.is_recording():
            sampled = said.trace_flags.sampled
        else:  # below something that was dropped, or that is over
            return SamplingResult(Decision.DROP)
        decision = Decision.RECORD_AND_SAMPLE if sampled else Decision.RECORD_ONLY
        return SamplingResult(decision, attributes)

    def get_description(self) -> str:
        """Return what a debugger shows."""
        return f"ByParent({self._rate})"


def begins_here(parent: SpanContext | None) -> bool:
    """Return whether a span with this parent is the first of its trace in this process."""
    return parent is None or parent.is_remote
