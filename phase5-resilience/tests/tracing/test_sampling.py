"""Which traces there are, under which ids, and which of them are sampled."""

import uuid

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from traced import ALWAYS, NEVER, Traced, below

from chassis import context
from chassis.ids import new_id
from chassis.tracing.ids import is_chosen, trace_of


def test_a_trace_has_the_id_of_its_request() -> None:
    traced, request_id = Traced(), new_id()
    with context.entered(None) as served:
        served.request_id = request_id
        traced.tracer.start_span("x", Context(), SpanKind.SERVER).end()
    (span,) = traced.sent()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == request_id.replace("-", "")


def test_an_id_that_is_no_uuid_makes_a_trace_too_always_the_same() -> None:
    assert trace_of("request-of-mine") == trace_of("request-of-mine") != trace_of("another-one")
    assert 0 < trace_of("request-of-mine") < 2**128


@pytest.mark.parametrize("make", [new_id, lambda: str(uuid.uuid4()), lambda: uuid.uuid4().hex[:12]])
def test_a_part_of_all_ids_is_chosen_whoever_made_them(make: object) -> None:
    assert callable(make)
    traces = [trace_of(make()) for _ in range(4000)]
    assert 280 < sum(is_chosen(one, 0.1) for one in traces) < 520  # six sigma
    assert all(is_chosen(one, 1) for one in traces)
    assert not any(is_chosen(one, 0) for one in traces)


def test_the_parent_says_whether_a_trace_is_sampled_and_not_the_rate() -> None:
    for rate, sampled in ((NEVER, True), (ALWAYS, False)):
        traced = Traced(rate)
        traced.tracer.start_span("x", below(5, sampled=sampled), SpanKind.SERVER).end()
        assert len(traced.sent()) == sampled


def test_what_is_below_a_request_goes_with_it() -> None:
    traced = Traced(ALWAYS)
    with traced.tracer.start_as_current_span("outer", Context(), SpanKind.SERVER):
        traced.tracer.start_span("inner", kind=SpanKind.CLIENT).end()
    inner, outer = traced.sent()
    assert inner.parent == outer.context
    assert inner.name == "inner"


def test_a_statement_outside_of_any_request_begins_no_trace() -> None:
    traced = Traced(ALWAYS)
    with traced.tracer.start_as_current_span("SELECT", Context(), SpanKind.CLIENT) as outer:
        assert not outer.is_recording()
        traced.tracer.start_span("below it", kind=SpanKind.CLIENT).end()
    assert traced.names() == []


def test_what_goes_on_after_its_request_is_over_is_not_added_to_it() -> None:
    traced = Traced(ALWAYS)
    request = traced.tracer.start_span("request", Context(), SpanKind.SERVER)
    request.end()
    late = traced.tracer.start_span("late", trace.set_span_in_context(request), SpanKind.CLIENT)
    late.end()
    assert traced.names() == ["HTTP"]
