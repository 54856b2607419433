"""The table of span trees tells a trace that is whole from one that is not."""

from typing import Any

import pytest
from drills.trees import TREES, Step, missing, step

TREE = step("gateway", "POST x", step("a", "POST /x", step("b", "process b")), step("c", "d"))


def spans_of(tree: Step, parent: str = "") -> list[dict[str, Any]]:
    """A trace that has what the tree asks for."""
    own = {
        "id": f"{parent}/{tree.span.name}",
        "name": tree.span.name,
        "localEndpoint": {"serviceName": tree.span.service},
        **({"parentId": parent} if parent else {}),
    }
    return [own, *(one for sub in tree.below for one in spans_of(sub, str(own["id"])))]


@pytest.mark.parametrize("name", TREES)
def test_what_is_whole_lacks_nothing(name: str) -> None:
    assert missing(TREES[name], spans_of(TREES[name])) == []


def test_a_span_that_is_not_there_is_missed() -> None:
    spans = [one for one in spans_of(TREE) if one["name"] != "process b"]
    assert missing(TREE, spans) == ["gateway: post x > a: post /x > b: process b"]
    assert missing(TREE, []) == ["gateway: post x"]


@pytest.mark.parametrize("parent", ["nobody", None])
def test_below_something_else_is_not_there(parent: str | None) -> None:
    spans = spans_of(TREE)
    for one in spans:
        if one["name"] == "process b":
            one.pop("parentId")
            if parent:
                one["parentId"] = parent
    assert missing(TREE, spans) == ["gateway: post x > a: post /x > b: process b"]


def test_of_another_service_is_not_there() -> None:
    spans = spans_of(TREE)
    spans[-1]["localEndpoint"] = {"serviceName": "e"}
    assert missing(TREE, spans) == ["gateway: post x > c: d"]
