"""Keeping what failed or was slow, though nobody had chosen it beforehand.

Whether a trace is worth keeping is known at its end. So the spans of those that are not sampled
wait here until the part of the trace that is in this process is over, and then go on or are
forgotten. What other processes did for the same trace they have to judge themselves: a service that
did well forgets its part.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import StatusCode

from chassis.tracing.sampling import begins_here

TRACES, SPANS, OF_ONE = 512, 4096, 256
"""At most so many traces wait, and spans in all and of one trace: some 12 MB, whatever happens."""
KEPT_EACH_SECOND = 20
"""Traces; an overload makes everything slow, and is not to make it slower."""


@dataclass(slots=True)
class _Waiting:
    open: int = 0
    """Spans that began the trace in this process, and have not ended: a call may come back here."""
    wanted: bool = False
    spans: list[ReadableSpan] = field(default_factory=list)


class Keeping(SpanProcessor):
    """Passes spans on: sampled ones at once, others if they are worth it. `slow` is in seconds.

    `dropped` is told how many it lost for lack of room, and why.
    """

    def __init__(
        self,
        pass_on: Callable[[ReadableSpan], None],
        slow: float,
        dropped: Callable[[str, int], None],
    ) -> None:
        self._pass_on = pass_on
        self._slow_ns = slow * 1e9
        self._dropped = dropped
        self._lock = Lock()
        self._traces: dict[int, _Waiting] = {}
        self._held = 0
        self._second, self._kept = 0, 0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002
        """Note that a trace has begun here."""
        context = span.context
        if context is None or context.trace_flags.sampled or not begins_here(span.parent):
            return
        with self._lock:
            if context.trace_id not in self._traces and len(self._traces) >= TRACES:
                self._forget_oldest()
            self._traces.setdefault(context.trace_id, _Waiting()).open += 1

    def on_end(self, span: ReadableSpan) -> None:
        """Pass on a span, have it wait, or judge its trace."""
        context = span.context
        if context is None:
            return
        if context.trace_flags.sampled:
            self._pass_on(span)
            return
        with self._lock:
            wanted = self._ended(context.trace_id, span)
        for one in wanted:
            self._pass_on(one)

    def _ended(self, trace_id: int, span: ReadableSpan) -> list[ReadableSpan]:
        """Return what is to be passed on now."""
        waiting = self._traces.get(trace_id)
        if waiting is None:
            return []
        first = begins_here(span.parent)
        if first or (len(waiting.spans) < OF_ONE and self._held < SPANS):
            waiting.spans.append(span)
            self._held += 1
        else:
            self._dropped("too-many", 1)
        if not first:
            return []
        waiting.open -= 1
        waiting.wanted = waiting.wanted or self._is_worth_it(span)
        if waiting.open:
            return []
        del self._traces[trace_id]
        self._held -= len(waiting.spans)
        if not waiting.wanted:
            return []
        if not self._may_keep():
            self._dropped("too-many", len(waiting.spans))
            return []
        return waiting.spans

    def _is_worth_it(self, span: ReadableSpan) -> bool:
        took = (span.end_time or 0) - (span.start_time or 0)
        return span.status.status_code is StatusCode.ERROR or took > self._slow_ns

    def _may_keep(self) -> bool:
        second = _second()
        if second != self._second:
            self._second, self._kept = second, 0
        self._kept += 1
        return self._kept <= KEPT_EACH_SECOND

    def _forget_oldest(self) -> None:
        """Make room: what never ends is not to stay for ever."""
        oldest = self._traces.pop(next(iter(self._traces)))
        self._held -= len(oldest.spans)
        self._dropped("too-many", len(oldest.spans))

    def shutdown(self) -> None:
        """Nothing is to be closed here."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:  # noqa: ARG002
        """Nothing that is over waits here."""
        return True


def _second() -> int:
    return int(time.monotonic())
