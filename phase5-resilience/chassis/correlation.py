"""One id for all that is done on somebody's behalf, wherever it comes from and in any thread."""

import re
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from opentelemetry import trace

from chassis import context
from chassis.ids import new_id
from chassis.tracing.ids import trace_of

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,128}")
"""Bounded, and nothing that a header, a log or a shell would take for its own."""


def given_id(environ: Mapping[str, Any]) -> str | None:
    """Return the id that the caller gave to a request, if it can be taken over."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _ACCEPTABLE.fullmatch(given) else None


class CarryingThread(threading.Thread):
    """A thread that works on behalf of the request in which it was made, and books its own time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cause = context.current()

    def run(self) -> None:
        """Do what a thread does, under the request's id."""
        with context.entered(self._cause):
            super().run()


def traceparent(request_id: str | None) -> str:
    """Return where something comes from, as W3C Trace Context writes it: the request is the trace.

    What belongs to no span was not chosen to be sampled.
    """
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags & 1:02x}"
    return f"00-{trace_of(request_id or new_id()):032x}-{secrets.token_hex(8)}-00"
