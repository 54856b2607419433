"""Which spans each operation must have, and below which: one table for every service."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Who did what; Zipkin writes names in small letters."""

    service: str
    name: str


class Step(NamedTuple):
    """A span, and what must be below it."""

    span: Span
    below: Sequence["Step"] = ()


def step(service: str, name: str, *below: Step) -> Step:
    """Return a step of a tree."""
    return Step(Span(service, name.lower()), below)


_MESSAGES = "/api/v1/conversations/<uuid:conversation_id>/messages"
_EPOCH = "PUT /timelines/<uuid:conversation_id>/epochs/<int:epoch>"

TREES: Mapping[str, Step] = {
    "register": step(
        "gateway",
        "POST auth",
        step(
            "auth",
            "POST /api/v1/auth/register",
            step("auth", "INSERT accounts"),
            step("auth", "COMMIT"),
            step(
                "auth",
                "PUT profiles",
                step(
                    "profiles",
                    "PUT /profiles/<uuid:user_id>",
                    step("profiles", "INSERT profiles"),
                    step("profiles-relay", "publish profile.changed"),
                    step("people", "process people"),
                    step("cache-invalidation", "process cache"),
                ),
            ),
            step("auth-relay", "publish user.registered"),
            step("profile-maker", "process profiles"),
            step("people", "process people"),
            step("activity", "process activity"),
        ),
    ),
    "create a group": step(
        "gateway",
        "POST conversations",
        step(
            "chat",
            "POST /api/v1/conversations",
            step("chat", "INSERT conversations"),
            step(
                "chat",
                "PUT messages",
                step(
                    "messages",
                    _EPOCH,
                    step("messages-relay", "publish conversation.created"),
                    step("realtime", "process sockets"),
                    step("activity", "process activity"),
                ),
            ),
            step("relay", "publish membership.changed"),
            step("memberships", "process memberships"),
        ),
    ),
    "send": step(
        "gateway",
        "POST messages",
        step(
            "messages",
            f"POST {_MESSAGES}",
            step("messages", "INSERT messages"),
            step("messages", "INSERT outbox"),
            step("messages", "COMMIT"),
            step("messages-relay", "publish conversation.message.created"),
            step("realtime", "process sockets"),
            step("lists", "process lists"),
            step("notifications", "process notifications"),
            step("activity", "process activity"),
        ),
    ),
    "read the history": step(
        "gateway",
        "GET messages",
        step("messages", f"GET {_MESSAGES}", step("messages", "SELECT messages")),
    ),
    "list": step(
        "gateway",
        "GET conversations",
        step("chat", "GET /api/v1/conversations", step("chat", "SELECT conversations")),
    ),
    "edit the profile": step(
        "gateway",
        "PATCH profiles",
        step(
            "profiles",
            "PATCH /api/v1/profiles/me",
            step("profiles", "UPDATE profiles"),
            step("profiles-relay", "publish profile.changed"),
            step("people", "process people"),
            step("cache-invalidation", "process cache"),
        ),
    ),
}


def missing(tree: Step, spans: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return which steps are not in a trace (Zipkin's format), each with its way there."""
    return list(_missing(tree, "", {""}, spans))


def _missing(
    tree: Step, way: str, parents: set[str], spans: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """`parents` are the ids that it may be below; empty is that of nobody."""
    here = f"{way}{tree.span.service}: {tree.span.name}"
    found = {
        str(one["id"])
        for one in spans
        if Span(_service(one), str(one.get("name", "")).lower()) == tree.span
        and str(one.get("parentId", "")) in parents
    }
    if not found:
        yield here
        return
    for one in tree.below:
        yield from _missing(one, f"{here} > ", found, spans)


def _service(span: Mapping[str, Any]) -> str:
    return str(span.get("localEndpoint", {}).get("serviceName", ""))
