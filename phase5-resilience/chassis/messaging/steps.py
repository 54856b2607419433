"""A consumer of what takes longer than a transaction may.

Its work is a generator: what it does up to a `yield` it commits by itself, together with how far it
is, and there it can be stopped. No inbox notes the event: the work's own state says whether it is
done. The acknowledgement comes after the last step; killed before, it is begun again, and has to
find out what is left.
"""

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

from chassis.errors import NotReady
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer

Steps = Callable[[CloudEvent], Iterator[None]]


class Stopping(NotReady):
    """The process was told to stop; whoever comes next goes on."""


class StepsConsumer(Consumer):
    """Fetches one at a time: the broker takes back what nobody acknowledges for half an hour."""

    prefetch = 1

    def __init__(self, queue: str, steps: Steps, **like_any: Any) -> None:
        super().__init__(queue, lambda _work, _event: None, **like_any)
        self._steps = steps
        self._stopping = Event()

    def run(self, stopping: Event) -> None:
        """Consume until told to stop. Errors: `TopologyMismatch`."""
        self._stopping = stopping
        super().run(stopping)

    def _once(self, event: CloudEvent) -> None:
        for _ in self._steps(event):
            if self._stopping.is_set():
                raise Stopping("told to stop between two steps")
