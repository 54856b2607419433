"""Samples of one stage, and their summary."""

import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

_TIMING = re.compile(r'app;dur=([\d.]+)(?:.*db;dur=([\d.]+)(?:;desc="(\d+))?)?')


def percentile(ascending: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of all are not above (nearest rank)."""
    return ascending[max(math.ceil(share * len(ascending)) - 1, 0)]


def spread_of(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the maximum, in the unit of the values; {} of nothing."""
    if not values:
        return {}
    ascending = sorted(values)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(percentile(ascending, share), 3) for name, share in shares.items()}


class Operation:
    """What is known about one operation. Times are in milliseconds."""

    def __init__(self) -> None:
        self.latency: list[float] = []
        self.errors: Counter[str] = Counter()
        self.timed = 0
        self.app = 0.0
        self.db = 0.0
        self.queries = 0

    def note_timing(self, header: str) -> None:
        """Add what a Server-Timing header says."""
        found = _TIMING.search(header)
        if found:
            self.timed += 1
            self.app += float(found[1])
            self.db += float(found[2] or 0)
            self.queries += int(found[3] or 0)

    def summary(self) -> dict[str, Any]:
        """Return counts, latencies from due time, and the server's own account per request."""
        answered = len(self.latency)
        timed = max(self.timed, 1)
        return {
            "requests": answered,
            "errors": dict(self.errors),
            "latency_ms": spread_of(self.latency),
            "queries": round(self.queries / timed, 2),
            "app_ms": round(self.app / timed, 3),
            "db_ms": round(self.db / timed, 3),
        }


class Recorder:
    """Collects one stage; Locust's request event feeds it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.began = time.perf_counter()
        self.finished = 0
        self._operations: defaultdict[str, Operation] = defaultdict(Operation)
        self._lateness: list[float] = []
        self._receipts: list[float] = []

    def on_request(
        self,
        name: str,
        context: dict[str, Any],
        exception: Exception | None = None,
        response: Any = None,
        **_: Any,
    ) -> None:
        """Take one finished request; without a due time it is none of ours."""
        due = context.get("due")
        if due is None or due < self.began:
            return
        self.finished += 1
        operation = self._operations[name]
        operation.latency.append((time.perf_counter() - due) * 1000)
        if context["was_free"]:
            self._lateness.append((context["sent"] - due) * 1000)
        if exception is not None:
            operation.errors[_reason(exception, response)] += 1
        elif response is not None:
            operation.note_timing(response.headers.get("server-timing") or "")

    def on_receipt(self, milliseconds: float) -> None:
        """Take the time from a send to its arrival at one other person."""
        self._receipts.append(milliseconds)

    def summary(self, not_served: int) -> dict[str, Any]:
        """Return everything; `not_served` requests were due and have no answer."""
        seconds = time.perf_counter() - self.began
        everything = [ms for one in self._operations.values() for ms in one.latency]
        failed = sum(sum(one.errors.values()) for one in self._operations.values())
        return {
            "seconds": round(seconds, 3),
            "requests": len(everything),
            "throughput": round((len(everything) - failed) / seconds, 2),
            "failed": failed,
            "not_served": not_served,
            "latency_ms": spread_of(everything),
            "receipts": len(self._receipts),
            "receipt_ms": spread_of(self._receipts),
            "lateness_ms": spread_of(self._lateness),
            "operations": {name: one.summary() for name, one in sorted(self._operations.items())},
        }


def _reason(exception: Exception, response: Any) -> str:
    status = getattr(response, "status_code", 0)
    return str(status) if status else type(exception).__name__
