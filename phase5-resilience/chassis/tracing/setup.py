"""Tracing this process, if spans are to go anywhere: set up once, after gunicorn has made it."""

from typing import TYPE_CHECKING

from chassis.tracing.settings import TracingSettings

if TYPE_CHECKING:
    from flask import Flask
    from prometheus_client import CollectorRegistry

    from chassis.tracing.process import Tracing

LAST = 1.0
"""Seconds for what waits when a process ends."""

_current: "Tracing | None" = None


def set_up(
    service: str, settings: TracingSettings, registry: "CollectorRegistry | None" = None
) -> None:
    """Trace this process under the name `service`, if spans are to go anywhere."""
    global _current  # noqa: PLW0603 - one for a process, as its log is
    if settings.traces_url and _current is None:
        from chassis.tracing.process import Tracing  # noqa: PLC0415 - a second and 20 MB

        _current = Tracing(service, settings, registry)
        _current.start()


def follow(app: "Flask") -> None:
    """Give each request to an application a span, if this process is traced."""
    if _current:
        _current.follow(app)


def finish() -> None:
    """Send what waits, before the process ends."""
    if _current:
        _current.sender.flush(LAST)
