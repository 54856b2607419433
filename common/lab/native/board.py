"""What the supervisor knows about its services: kept in memory, shown in state.json."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from lab.instance import STATE_FILE, Instance
from lab.status import InstanceStatus, ServiceStatus, Stage


class Board:
    """Holds the status; whoever waits for something is woken by every change."""

    def __init__(self, instance: Instance, supervisor: int) -> None:
        self.status = InstanceStatus(Stage.STARTING, {}, supervisor=supervisor)
        self._instance = instance
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def service(self, name: str) -> ServiceStatus:
        """Return one service's status, to be changed through `update` only."""
        return self.status.services[name]

    def update(self, service: str, **changes: Any) -> None:
        """Change fields of one service."""
        for key, value in changes.items():
            setattr(self.status.services[service], key, value)
        self.publish()

    def publish(self) -> None:
        """Write the status down and wake everyone who waits.

        They are woken even if it cannot be written, as on a full disk or when somebody has
        deleted the directory: else nothing could stop the instance any more.
        """
        with contextlib.suppress(OSError):
            self._instance.write(STATE_FILE, self.status.to_json())
        task = asyncio.get_running_loop().create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return once condition() holds."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()
