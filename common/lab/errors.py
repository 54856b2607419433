"""Errors that are told to the person at the terminal, and the exit codes that scripts can use."""

from collections.abc import Sequence

FAILED = 1  # something ran and did not end well
USAGE = 2  # called with something that does not exist
NOT_RUNNING = 3  # the phase asked about is not running
REFUSED = 4  # the compose.yaml, or this machine, does not allow it
INTERRUPTED = 130


class LabError(Exception):
    """What happened, and in `hint` what to type next."""

    code = FAILED

    def __init__(self, message: str, hint: str | None = None, code: int | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        if code is not None:
            self.code = code


class NotStartedError(LabError):
    """A start has failed; the last words of `services` say why."""

    def __init__(self, message: str, services: Sequence[str]) -> None:
        super().__init__(message)
        self.services = tuple(services)


class UsageError(LabError):
    """Something was named that does not exist."""

    code = USAGE


class NotRunningError(LabError):
    """The phase is not running."""

    code = NOT_RUNNING


class RefusedError(LabError):
    """The native engine cannot run what it was given."""

    code = REFUSED


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came; handled as Ctrl-C is, but no one else was told."""
