"""The process that makes load: Locust's users, and a due time for each task.

`python -m load.generator` reads a Job from standard input and writes one JSON object per line:
{"begin": stage} when a measured stage begins, {"end": stage, "summary": …} when it is over.
"""

# ruff: noqa: I001 - Locust first: importing it makes sockets cooperative
from locust.env import Environment
from locust.runners import LocalRunner

import json
import os
import sys
import time
from typing import Any

import gevent

from load import scenarios
from load.arrivals import Arrivals, Stage
from load.job import Job
from load.recorder import Recorder

DRAIN = 5.0
"""Seconds that answers may take after the end of a stage before they count as not served."""
SPAWN_RATE = 200
SPAWN_WITHIN = 30.0


class Generator:
    """Runs one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._recorder = Recorder()
        self._arrivals = Arrivals(job.seed)
        users = [getattr(scenarios, job.user)]
        if job.listeners:
            users.append(scenarios.Listener)
        self._environment = Environment(user_classes=users, host=job.url)
        self._environment.arrivals = self._arrivals  # type: ignore[attr-defined]
        request = self._environment.events.request
        request.add_listener(self._recorder.on_request)  # type: ignore[no-untyped-call]
        scenarios.Listener.on_receipt = self._recorder.on_receipt
        scenarios.Cast.assemble(list(job.people))

    def run(self) -> None:
        """Go through all stages."""
        self._spawn()
        for number, stage in enumerate(self._job.stages):
            summary = self._run_stage(number, stage)
            bound = self._job.bound
            if stage.measured and bound is not None and not bound.is_kept(summary):
                break

    def _spawn(self) -> None:
        runner = self._environment.create_local_runner()
        if self._job.listeners:
            scenarios.Listener.fixed_count = self._job.listeners
        total = self._job.users + self._job.listeners
        runner.start(total, spawn_rate=SPAWN_RATE)
        with gevent.Timeout(SPAWN_WITHIN, TimeoutError("the users do not start")):
            while not self._is_complete(runner):
                gevent.sleep(0.02)

    def _is_complete(self, runner: LocalRunner) -> bool:
        """Tell whether everybody is there, and on the line who should be."""
        total = self._job.users + self._job.listeners
        connected = scenarios.Listener.connected
        return runner.user_count == total and connected == self._job.listeners

    def _run_stage(self, number: int, stage: Stage) -> dict[str, Any]:
        self._recorder.clear()
        if stage.measured:
            _tell({"begin": number})
        cpu = time.process_time()
        self._arrivals.begin(stage)
        gevent.sleep(stage.seconds)
        cpu = time.process_time() - cpu
        deadline = time.perf_counter() + DRAIN
        while self._recorder.finished < self._arrivals.issued and time.perf_counter() < deadline:
            gevent.sleep(0.01)
        not_taken = self._arrivals.close()
        not_served = self._arrivals.issued - self._recorder.finished + not_taken
        summary = self._recorder.summary(not_served)
        summary["rate"] = stage.rate
        summary["generator_cpu"] = round(cpu / stage.seconds, 3)
        if stage.measured:
            _tell({"end": number, "summary": summary})
        return summary


def _tell(event: dict[str, Any]) -> None:
    print(json.dumps(event), flush=True)


def main() -> None:
    """Run the job and exit at once: open sockets need no farewell."""
    job = Job.from_json(json.load(sys.stdin))
    if job.cpu is not None:
        os.sched_setaffinity(0, {job.cpu})
    Generator(job).run()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
