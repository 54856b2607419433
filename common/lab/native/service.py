"""One service's life: dependencies, runs, health, restarts, stop."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Collection, Mapping, Sequence

from lab.compose.model import Condition, Restart, RestartMode, Service
from lab.native import health, process
from lab.native.board import Board
from lab.native.logs import LogFile, pipe_into
from lab.native.plan import ProcessPlan
from lab.status import Health, State, describe_exit

FIRST_PAUSE = 0.1  # seconds before a restart; doubles each time, as in Docker
LONGEST_PAUSE = 60.0
STEADY = 10.0  # a run of this many seconds forgets earlier failures
UNCHECKED_START = 1.0  # seconds that a service without a health check must last
DRAIN = 0.5  # seconds that the last output of a dead process may take
NOT_FOUND = 127  # what a shell exits with for a program that is not there


class ServiceRunner:
    """Keeps one process of a service as its compose file wants it, from `start` to `stop`.

    `needs` maps the processes that it depends on to what they must have reached.
    """

    def __init__(
        self,
        name: str,
        service: Service,
        plan: ProcessPlan,
        needs: Mapping[str, Condition],
        board: Board,
        log: LogFile,
    ) -> None:
        self.name = name
        self._service = service
        self._plan = plan
        self._needs = needs
        self._board = board
        self._log = log
        self._before: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._drained = asyncio.Event()

    @property
    def service(self) -> str:
        """The service that the process belongs to."""
        return self._service.name

    @property
    def depends_on(self) -> Collection[str]:
        """The processes that this one needs."""
        return self._needs.keys()

    def start(self, before: Sequence[str] | None = None) -> None:
        """Begin; returns at once, the board tells what becomes of it.

        `before` are words that precede the command from now on; None leaves them as they were.
        """
        self._before = self._before if before is None else before
        self._task = asyncio.create_task(self._live(), name=self.name)

    async def stop(self, grace: float | None = None) -> None:
        """End the service and keep it ended; grace (seconds) overrides the file's."""
        task, self._task = self._task, None
        if task is None:
            return
        running = self._process
        task.cancel()
        if running is not None:
            self._update(state=State.STOPPING)
            number = signal.Signals[self._plan.stop_signal]
            patience = self._service.stop_grace_period if grace is None else grace
            if not await process.end(running, number, patience):
                self._log.say(f"did not stop within {patience:g} s; killed")
            self._process = None
            await self._drain()
        await asyncio.gather(task, return_exceptions=True)
        if self._board.service(self.name).state is not State.EXITED:
            self._update(state=State.STOPPED)
        self._update(pid=None, health=None, note="")

    async def _live(self) -> None:
        await self._dependencies()
        exits, pause = 0, FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = await self._run_once()
            exits += 1
            if not _should_restart(self._service.restart, code, exits):
                self._log.say(describe_exit(code))
                self._update(state=State.EXITED, exits=exits, exit_code=code)
                return
            if time.monotonic() - began >= STEADY:
                pause = FIRST_PAUSE
            self._log.say(f"{describe_exit(code)}; starting again in {pause:.1f} s")
            self._update(state=State.RESTARTING, exits=exits, exit_code=code)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _dependencies(self) -> None:
        """Return once all that it needs is there; the note says what is not yet."""
        while missing := self._missing():
            self._update(note=f"waiting for {', '.join(missing)}")
            await self._board.wait_for(lambda seen=missing: self._missing() != seen)  # type: ignore[misc]
        self._update(note="")

    def _missing(self) -> list[str]:
        needs = self._needs.items()
        return [name for name, condition in needs if not self._reached(name, condition)]

    def _reached(self, name: str, condition: Condition) -> bool:
        other = self._board.service(name)
        if condition is Condition.HEALTHY:
            return other.state is State.RUNNING and other.health in (None, Health.HEALTHY)
        if condition is Condition.COMPLETED:
            return other.state is State.EXITED and other.exit_code == 0
        return other.state in (State.RUNNING, State.RESTARTING, State.EXITED)

    async def _run_once(self) -> int:
        """Run the process to its end; returns its exit code, negative for a signal."""
        output, self._drained = await pipe_into(self._log)
        number = signal.Signals[self._plan.stop_signal]
        try:
            argv = [*self._before, *self._plan.argv]
            running = await process.spawn(
                argv, self._plan.environment, self._plan.cwd, output, number
            )
        except OSError as error:
            self._log.say(f"cannot start {argv[0]}: {error.strerror}")
            return NOT_FOUND
        finally:
            os.close(output)
        self._process = running
        check = self._service.healthcheck
        self._update(
            state=State.RUNNING,
            pid=running.pid,
            started_at=time.time(),
            lasted=False,
            health=Health.STARTING if check else None,
        )
        watching = health.watch(check, self._plan, self._on_health) if check else self._settle()
        watcher = asyncio.create_task(watching)
        try:
            code = await running.wait()
        finally:
            watcher.cancel()
        process.kill_group(running.pid)
        self._process = None
        await self._drain()
        self._update(pid=None, health=None)
        return code

    async def _drain(self) -> None:
        """Wait until the last words are in the log, but not for a stray that keeps it open."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):  # wait_for can lose a cancellation before 3.12
                await self._drained.wait()

    async def _settle(self) -> None:
        await asyncio.sleep(UNCHECKED_START)
        self._update(lasted=True)

    def _on_health(self, now: Health, problem: str) -> None:
        if problem:
            self._log.say(f"{now}: {problem}")
        self._update(health=now, note=problem)

    def _update(self, **changes: object) -> None:
        self._board.update(self.name, **changes)


def _should_restart(policy: Restart, code: int, exits: int) -> bool:
    if policy.mode is RestartMode.ON_FAILURE:
        return code != 0 and (policy.max_retries is None or exits <= policy.max_retries)
    return policy.mode in (RestartMode.ALWAYS, RestartMode.UNLESS_STOPPED)
