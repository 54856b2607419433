"""What one request caused in every service: its trace, from a running phase's Zipkin, as a tree."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from lab import engines
from lab.errors import LabError
from lab.instance import Instance

BACKEND = "zipkin"
_TIMEOUT = 10.0
_QUEUED = {"CONSUMER", "PRODUCER"}


@dataclass(frozen=True)
class Line:
    """One span: how deep it lies, when it began and how long it took, in ms."""

    depth: int
    began: float
    took: float
    service: str
    name: str
    queued: bool
    failed: bool
    lost: bool
    """Whether the span that it lies below was not kept."""


def trace_of(request_id: str) -> str:
    """Return the trace of a request: its UUID, or a hash of what is none."""
    plain = request_id.replace("-", "").lower()
    if re.fullmatch("[0-9a-f]{32}", plain) and int(plain, 16):
        return plain
    return hashlib.sha256(request_id.encode()).hexdigest()[:32]


def fetch(instance: Instance, request_id: str) -> list[dict[str, Any]]:
    """Return the spans of a request's trace, in Zipkin's format; none if it was not kept."""
    status = engines.of(instance).status(instance)
    backend = status.services.get(BACKEND) if status else None
    if backend is None or not backend.address:
        raise LabError(f"{instance.phase.label} keeps no traces")
    url = f"http://{backend.address.split(', ')[0]}/api/v2/trace/{trace_of(request_id)}"
    try:
        answer = httpx.get(url, timeout=_TIMEOUT, trust_env=False)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return []
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise LabError(f"{BACKEND} does not answer: {type(error).__name__}") from error
    spans: list[dict[str, Any]] = answer.json()
    return spans


def lines(spans: Sequence[dict[str, Any]]) -> list[Line]:
    """Return a trace as a tree: each span below its parent, in the order in which they began."""
    known = {span["id"] for span in spans}
    below: dict[str, list[dict[str, Any]]] = {}
    for span in sorted(spans, key=lambda one: int(one.get("timestamp", 0))):
        parent = str(span.get("parentId"))
        below.setdefault(parent if parent in known else "", []).append(span)
    first = min((int(span.get("timestamp", 0)) for span in spans), default=0)
    return list(_below("", 0, below, first, set()))


def _below(
    parent: str, depth: int, below: dict[str, list[dict[str, Any]]], first: int, seen: set[str]
) -> Iterator[Line]:
    for span in below.get(parent, []):
        if span["id"] in seen:  # a trace is what others have sent: it may have a ring
            continue
        seen.add(span["id"])
        tags = span.get("tags", {})
        yield Line(
            depth,
            (int(span.get("timestamp", first)) - first) / 1000,
            int(span.get("duration", 0)) / 1000,
            str(span.get("localEndpoint", {}).get("serviceName", "?")),
            str(span.get("name", "?")),
            span.get("kind") in _QUEUED,
            "error" in tags,
            not parent and bool(span.get("parentId")),
        )
        yield from _below(span["id"], depth + 1, below, first, seen)


def drawn(tree: Sequence[Line]) -> list[str]:
    """Return the tree as text: when each span began, how long it took, whose it is and what."""
    widest = max((2 * one.depth + len(one.service) for one in tree), default=0)
    rows = []
    for one in tree:
        mark = "⇢ " if one.queued else ""
        notes = [words for words, holds in (("failed", one.failed), ("…", one.lost)) if holds]
        whose = f"{'  ' * one.depth}{one.service}".ljust(widest)
        row = f"{one.began:9.1f} {one.took:9.1f} ms  {whose}  {mark}{one.name}"
        rows.append("  ".join([row, *notes]))
    return rows
