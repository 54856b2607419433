"""The process that owns an instance's services; `python -m lab.native.supervisor`."""

import asyncio
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from lab.compose.model import Topology
from lab.errors import LabError
from lab.instance import Instance
from lab.native import process
from lab.native.board import Board
from lab.native.control_server import serve
from lab.native.listeners import taken_ports
from lab.native.logs import LogFile
from lab.native.plan import Plan, prepare_directories
from lab.native.planner import make_plan
from lab.native.service import ServiceRunner
from lab.phases import Phase
from lab.status import ServiceStatus, Stage, State, why_not_started
from lab.wish import Wish

PORT_ATTEMPTS = 5
KILL_GRACE = 0.0


class Supervisor:
    """Runs one instance from start to end."""

    def __init__(self, instance: Instance, wish: Wish) -> None:
        self._instance = instance
        self._wish = wish
        self._board = Board(instance, os.getpid())
        self._runners: dict[str, ServiceRunner] = {}
        self._logs: dict[str, LogFile] = {}
        self._stop = False
        self._kill = False
        self._attached = True

    async def run(self, lifeline: int) -> None:
        """Start everything, stay until told to stop or until all services have ended."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._request_stop)
        loop.add_reader(lifeline, self._on_lifeline, lifeline)
        server = await serve(self._instance, self._on_command)
        try:
            problem = await self._start()
            if problem is None and not self._stop:
                self._set_stage(Stage.READY)
                await self._board.wait_for(lambda: self._stop or self._all_ended())
        except LabError as error:
            problem = str(error)
        server.close()
        await self._end(problem)

    async def _start(self) -> str | None:
        """Start all services; returns what went wrong, None once all have settled."""
        avoid: set[int] = set()
        for _ in range(PORT_ATTEMPTS):
            topology, plan = make_plan(self._instance, self._wish, frozenset(avoid))
            self._launch(topology, plan)
            await self._board.wait_for(lambda: self._stop or self._outcome() is not None)
            problem = self._outcome()
            if self._stop:
                return None
            lost = taken_ports(plan)
            if not lost:
                return problem or None
            print(f"ports {sorted(lost)} were taken in the meantime; choosing others")
            avoid |= lost
            await self._stop_services()
        return "other programs kept taking the ports that this phase chose; run it again"

    def _launch(self, topology: Topology, plan: Plan) -> None:
        prepare_directories(plan)
        status = self._board.status
        status.address = f"http://127.0.0.1:{plan.main_port}" if plan.main_port else None
        one_shots = topology.one_shots()
        for name, process_plan in plan.processes.items():
            service = topology.services[process_plan.service]
            once = service.name in one_shots
            ports = process_plan.ports.values()
            address = ", ".join(f"127.0.0.1:{port}" for port in ports) or None
            status.services[name] = ServiceStatus(name, address=address, once=once)
            log = self._logs.setdefault(name, LogFile(self._instance.log_file(name)))
            needs = {
                process: condition
                for other, condition in service.depends_on.items()
                for process in plan.named(other)
            }
            self._runners[name] = ServiceRunner(
                name, service, process_plan, needs, self._board, log
            )
        self._board.publish()
        for runner in self._runners.values():
            runner.start()

    def _outcome(self) -> str | None:
        """Return None while starting, "" once all is well, else what went wrong."""
        services = self._board.status.services.values()
        if problem := why_not_started(services):
            return problem
        return "" if all(service.started for service in services) else None

    def _all_ended(self) -> bool:
        states = {service.state for service in self._board.status.services.values()}
        return states == {State.EXITED}

    async def _end(self, problem: str | None) -> None:
        if problem:
            self._board.status.problem = problem
        else:
            self._set_stage(Stage.STOPPING)
        await self._stop_services()
        for log in self._logs.values():
            log.close()
        self._set_stage(Stage.FAILED if problem else Stage.STOPPED)
        await asyncio.sleep(0)

    async def _stop_services(self) -> None:
        """Stop dependents before what they depend on, the rest at the same time."""
        ended = {name: asyncio.Event() for name in self._runners}

        async def stop(name: str) -> None:
            for other, runner in self._runners.items():
                if name in runner.depends_on:
                    await ended[other].wait()
            await self._runners[name].stop(KILL_GRACE if self._kill else None)
            ended[name].set()

        await asyncio.gather(*map(stop, self._runners))

    async def _on_command(self, command: dict[str, Any]) -> dict[str, Any]:
        runners = self._named(str(command.get("service")))
        match command.get("do"):
            case "stop":
                self._request_stop()
            case "kill":
                self._request_kill()
            case "detach":
                self._attached = False
            case "stop-service" if runners:
                await asyncio.gather(*(runner.stop() for runner in runners))
            case "restart-service" if runners:
                await asyncio.gather(*(runner.stop() for runner in runners))
                for runner in runners:
                    runner.start(command.get("before"))
            case other:
                return {"error": f"cannot do {other!r} with {command.get('service')!r}"}
        return {}

    def _named(self, word: str) -> list[ServiceRunner]:
        """Return the runners of a service, or of the one replica that has this name."""
        return [one for one in self._runners.values() if word in (one.name, one.service)]

    def _on_lifeline(self, descriptor: int) -> None:
        """End with whoever started us, unless detached: its end of the pipe is closed."""
        asyncio.get_running_loop().remove_reader(descriptor)
        if self._attached:
            self._request_stop()

    def _request_stop(self) -> None:
        self._stop = True
        self._board.publish()

    def _request_kill(self) -> None:
        self._kill = True
        for service in self._board.status.services.values():
            if service.pid is not None:
                process.kill_group(service.pid)
        self._request_stop()

    def _set_stage(self, stage: Stage) -> None:
        self._board.status.stage = stage
        self._board.publish()


def main(
    name: str, label: str, phase: str, port: str, directory: str, wish: str, lifeline: str
) -> int:
    """Run the supervisor of an instance; the guard is our parent and passes these words on."""
    process.die_with_parent(signal.SIGTERM)
    if sys.version_info < (3, 12):  # later ones do this by themselves: no thread per process
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
    instance = Instance(Phase(name, label, Path(phase), int(port)), Path(directory))
    try:
        asyncio.run(Supervisor(instance, Wish.from_json(json.loads(wish))).run(int(lifeline)))
    except Exception:  # noqa: BLE001 - the last line of defence; the guard ends what is left
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
