"""One id for all that is done on somebody's behalf, wherever it came from and whichever thread."""

import re
import threading
from collections.abc import Mapping
from typing import Any

from chassis import context

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,128}")
"""Bounded, and without anything that a header, a log line or a shell would read as its own."""


def given_id(environ: Mapping[str, Any]) -> str | None:
    """Return the id that the caller has given to a request, if it is one that can be taken over."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _ACCEPTABLE.fullmatch(given) else None


class CarryingThread(threading.Thread):
    """A thread that works on behalf of the request that started it.

    It carries the id and the fields for the log, and books its time apart: the request may have
    had its answer long before.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of = context.current()

    def run(self) -> None:
        """Do what a thread does, in a context of its own with the request's id."""
        if self._of is not None:
            context.enter(self._of.request_id).fields.update(self._of.fields)
        super().run()
