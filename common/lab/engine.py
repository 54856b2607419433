"""What every engine can do with an instance; the commands know nothing else of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from signal import Signals
from typing import IO, Protocol

from lab.instance import Instance
from lab.status import InstanceStatus
from lab.wish import AS_WRITTEN, Wish


@dataclass(frozen=True)
class Usage:
    """What one service uses: bytes of memory, processor per cent of one core, seconds in all."""

    memory: int
    cpu_percent: float
    cpu_seconds: float


@dataclass(frozen=True)
class LogLine:
    """One line that a service wrote; time is RFC 3339 in UTC, `own` marks the engine's words."""

    service: str
    time: str
    text: str

    @property
    def own(self) -> bool:
        """Whether the engine said this about the service."""
        return self.text.startswith("-- ")


class Engine(Protocol):
    """Runs instances."""

    name: str
    """What --docker and --native stand for."""

    def check(self, instance: Instance, wish: Wish = AS_WRITTEN) -> Sequence[str]:
        """Get what is missing if nobody has to be asked, refuse what cannot run; returns warnings.

        Raises RefusedError.
        """

    def start(self, instance: Instance, wish: Wish = AS_WRITTEN) -> bool:
        """Begin to start an instance; False if it runs already.

        Raises LabError; NotStartedError names services whose last words tell why.

        Until `release` it ends with this process, however that ends.
        """

    def release(self, instance: Instance) -> None:
        """Let an instance outlive this process."""

    def is_running(self, instance: Instance) -> bool:
        """Tell whether anything of an instance lives."""

    def status(self, instance: Instance) -> InstanceStatus | None:
        """Return what is known about an instance, None if it does not run."""

    def last_status(self, instance: Instance) -> InstanceStatus | None:
        """Return the same of an instance that has ended: why it failed."""

    def request_stop(self, instance: Instance, *, kill: bool = False) -> None:
        """Begin to stop an instance: gracefully, or at once."""

    def clean_up(self, instance: Instance) -> int:
        """End what a crash has left of an instance; returns how many processes or containers."""

    def discard(self, instance: Instance) -> None:
        """Delete an instance that does not run, its data included."""

    def usage(self, instance: Instance, seconds: float) -> dict[str, Usage]:
        """Measure each running service for a while."""

    def logs(
        self, instance: Instance, services: Sequence[str], tail: int | None, *, follow: bool
    ) -> Iterator[LogLine | None]:
        """Yield log lines in the order of their times; None when there is none for the moment.

        With follow it goes on for ever.
        """

    def run(
        self,
        instance: Instance,
        service: str,
        argv: Sequence[str],
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> int:
        """Run a command in a service's environment, streaming; returns its exit code."""

    def signal_service(self, instance: Instance, service: str, number: Signals) -> None:
        """Send a signal to a service's main process; SIGSTOP and SIGCONT to all it started."""

    def stop_service(self, instance: Instance, service: str) -> None:
        """Stop one service gracefully and leave it stopped."""

    def restart_service(
        self, instance: Instance, service: str, before: Sequence[str] | None = None
    ) -> None:
        """Stop one service gracefully, then start it.

        `before` are words that precede its command from now on, such as `env` and `A=b`; () takes
        them away, None leaves them as they are.
        """
