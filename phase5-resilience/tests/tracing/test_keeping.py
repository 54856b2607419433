"""What failed or was slow is kept, though it was not sampled; and never more than there is room."""

import pytest
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, use_span
from traced import NEVER, Traced, below

from chassis.tracing import keeping

ROOT = {"context": Context(), "kind": SpanKind.SERVER}
CLIENT = SpanKind.CLIENT


def request(traced: Traced, children: int = 1, *, fails: bool = False) -> None:
    """Serve a request that asks for `children` things."""
    with traced.tracer.start_as_current_span("r", Context(), SpanKind.SERVER) as root:
        for number in range(children):
            traced.tracer.start_span(f"child {number}", kind=CLIENT).end()
        if fails:
            root.set_status(StatusCode.ERROR)


def test_of_what_went_well_nothing_is_kept() -> None:
    traced = Traced(NEVER)
    request(traced)
    assert traced.sent() == []
    assert traced.tracing.sender._waiting == 0


def test_what_failed_is_kept_with_all_that_it_did() -> None:
    traced = Traced(NEVER)
    request(traced)
    request(traced, fails=True)
    child, root = traced.sent()
    assert (child.name, root.name) == ("child 0", "HTTP")
    assert child.parent is not None
    assert root.context is not None
    assert child.parent.span_id == root.context.span_id
    assert {span.context and span.context.trace_flags.sampled for span in (child, root)} == {True}


def test_an_exception_is_a_failure() -> None:
    traced = Traced(NEVER)
    entered = traced.tracer.start_as_current_span("r", Context(), SpanKind.CONSUMER)
    with pytest.raises(ValueError, match="so it is"), entered:
        raise ValueError("so it is")
    (root,) = traced.sent()
    assert root.attributes == {"error.type": "ValueError"}


def test_that_a_part_failed_which_was_made_up_for_is_no_failure() -> None:
    traced = Traced(NEVER)
    with traced.tracer.start_as_current_span("r", Context(), SpanKind.SERVER):
        traced.tracer.start_span("cache", kind=CLIENT).set_status(StatusCode.ERROR)
    assert traced.sent() == []


def test_what_was_slow_is_kept() -> None:
    traced = Traced(NEVER, slow=1.0)
    for milliseconds in (999, 1001):
        root = traced.tracer.start_span("r", Context(), SpanKind.SERVER, start_time=0)
        root.end(milliseconds * 1_000_000)
    assert [span.end_time for span in traced.sent()] == [1_001_000_000]


def test_a_call_that_comes_back_to_this_process_is_judged_with_its_caller() -> None:
    traced = Traced(NEVER)
    with traced.tracer.start_as_current_span("outer", Context(), SpanKind.SERVER) as outer:
        said = outer.get_span_context()
        inner = traced.tracer.start_span(
            "inner", below(said.trace_id, sampled=False), SpanKind.SERVER
        )
        with use_span(inner, end_on_exit=True):
            traced.tracer.start_span("statement", kind=CLIENT).end()
        assert traced.sent() == []
        outer.set_status(StatusCode.ERROR)
    assert len(traced.sent()) == 3


def test_a_trace_is_kept_no_longer_than_so_many_spans() -> None:
    traced = Traced(NEVER)
    request(traced, keeping.OF_ONE + 10, fails=True)
    assert len(traced.sent()) == keeping.OF_ONE + 1, "and the request itself"
    assert traced.dropped("too-many") == 10


def test_all_together_wait_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SPANS", 50)
    traced = Traced(NEVER)
    roots = [traced.tracer.start_span("r", **ROOT) for _ in range(4)]  # type: ignore[arg-type]
    for root in roots:
        with use_span(root):
            for _ in range(20):
                traced.tracer.start_span("child", kind=CLIENT).end()
    assert traced.dropped("too-many") == 30
    for root in roots:
        root.set_status(StatusCode.ERROR)
        root.end()
    assert len(traced.sent()) == 54
    request(traced, fails=True)
    assert len(traced.sent()) == 56, "there is room again"


def test_what_never_ends_makes_room_for_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "TRACES", 3)
    traced = Traced(NEVER)
    never = [traced.tracer.start_span("r", **ROOT) for _ in range(5)]  # type: ignore[arg-type]
    request(traced, fails=True)
    assert len(traced.sent()) == 2
    for one in never:
        one.set_status(StatusCode.ERROR)
        one.end()
    assert len(traced.sent()) == 2 + 2, "the three oldest were forgotten"


def test_an_overload_keeps_only_so_many_traces_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_second", lambda: 7)
    traced = Traced(NEVER)
    for _ in range(keeping.KEPT_EACH_SECOND + 5):
        request(traced, fails=True)
    assert len(traced.sent()) == 2 * keeping.KEPT_EACH_SECOND
    assert traced.dropped("too-many") == 10
    monkeypatch.setattr(keeping, "_second", lambda: 8)
    request(traced, fails=True)
    assert len(traced.sent()) == 2 * keeping.KEPT_EACH_SECOND + 2
