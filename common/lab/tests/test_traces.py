"""A trace as a tree: each span below its parent, whatever has been sent."""

from typing import Any

import pytest

from lab.traces import drawn, lines, trace_of

UUID = "01907c0e-8d1d-7000-8000-00000000abcd"


def span(name: str, of: str, at: int, *, parent: str = "", **more: Any) -> dict[str, Any]:
    """A span in Zipkin's format; its id is its name."""
    made = {
        "traceId": "t",
        "id": name,
        "name": name,
        "timestamp": 1_000_000 + at,
        "duration": 2500,
        "localEndpoint": {"serviceName": of},
        **more,
    }
    return {**made, "parentId": parent} if parent else made


def test_spans_lie_below_their_parents_in_the_order_in_which_they_began() -> None:
    found = lines(
        [
            span("work", "lists", 9000, parent="send", kind="CONSUMER"),
            span("insert", "messages", 3000, parent="send"),
            span("send", "messages", 1000, parent="door"),
            span("select", "messages", 2000, parent="send"),
            span("door", "gateway", 0),
        ]
    )
    assert [(one.depth, one.name, one.began) for one in found] == [
        (0, "door", 0.0),
        (1, "send", 1.0),
        (2, "select", 2.0),
        (2, "insert", 3.0),
        (2, "work", 9.0),
    ]
    assert [one.queued for one in found] == [False] * 4 + [True]
    assert {one.took for one in found} == {2.5}


def test_a_span_whose_parent_was_not_kept_is_shown_all_the_same() -> None:
    (found,) = lines([span("work", "lists", 0, parent="nobody", tags={"error": ""})])
    assert (found.depth, found.lost, found.failed) == (0, True, True)
    assert drawn([found]) == ["      0.0       2.5 ms  lists  work  failed  …"]


def test_a_ring_has_an_end() -> None:
    ring = [span("a", "x", 0, parent="b"), span("b", "x", 1, parent="a")]
    assert lines([*ring, span("c", "x", 2)])[0].name == "c"
    assert lines([]) == []
    assert drawn([]) == []


def test_columns_line_up() -> None:
    rows = drawn(
        lines([span("d", "gateway", 0), span("q", "relay", 5, parent="d", kind="PRODUCER")])
    )
    assert rows == [
        "      0.0       2.5 ms  gateway  d",
        "      0.0       2.5 ms    relay  ⇢ q",
    ]


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (UUID, UUID.replace("-", "")),
        (UUID.upper(), UUID.replace("-", "")),
        ("request-of-mine", "6b5f60a4afddd0c568dee220a621cf3a"),
    ],
)
def test_the_trace_is_the_request(given: str, trace: str) -> None:
    assert trace_of(given) == trace, "as the gateway and the services reckon it"
