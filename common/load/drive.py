"""Running one job in a generator process while somebody watches its stages."""

import json
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from math import inf
from typing import Any

from lab.errors import LabError
from lab.native.ports import PortChooser
from lab.native.process import before_exec
from load.arrivals import Stage
from load.job import Job
from load.world import Person, Place

START = 60.0
"""Seconds that all users together may take to start."""
DRAIN = 10.0
"""Seconds that a stage may take beyond its own."""

Watcher = Callable[[dict[str, Any]], None]
LIMIT_STAGES = (Stage(inf, 0.5, measured=False), Stage(inf, 1.5))
"""As fast as it can: every user sends as soon as it has its answer."""


def run(job: Job, watch: Watcher) -> list[dict[str, Any]]:
    """Return the summaries of the measured stages; `watch` gets each line as it comes."""
    summaries = []
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "load.generator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=before_exec(signal.SIGKILL),  # noqa: PLW1509 - lab has one thread
        )
        assert child.stdin is not None  # noqa: S101 - asked for above
        assert child.stdout is not None  # noqa: S101
        patience = sum(stage.seconds + DRAIN for stage in job.stages) + START
        overdue = threading.Timer(patience, child.kill)
        overdue.start()
        try:
            with child.stdin:
                json.dump(job.to_json(), child.stdin)
            for line in child.stdout:
                event = json.loads(line)
                watch(event)
                if "summary" in event:
                    summaries.append(event["summary"])
            if child.wait() != 0 or not summaries:
                errors.seek(0)
                raise LabError(f"the load generator failed:\n{errors.read()[-2000:]}")
        finally:
            overdue.cancel()
            child.kill()
            child.wait()
    return summaries


def generator_limit(users: int, cores: list[int]) -> float:
    """Return the requests per second that one generator makes against a server that does nothing.

    The server runs on the first core, the generator on the last.
    """
    port = PortChooser().any()
    server = subprocess.Popen(
        [sys.executable, "-P", "-m", "load.null", str(port)],
        stdout=subprocess.PIPE,
        preexec_fn=before_exec(signal.SIGKILL),  # noqa: PLW1509 - lab has one thread
    )
    try:
        assert server.stdout is not None  # noqa: S101 - asked for above
        server.stdout.readline()
        somebody = Person("0", "nobody", "0", [Place("0", 1)])
        job = Job(
            url=f"http://127.0.0.1:{port}",
            user="Lister",
            users=users,
            stages=LIMIT_STAGES,
            people=[somebody],
            seed=1,
            cpu=cores[-1],
        )
        return float(run(job, lambda _event: None)[-1]["throughput"])
    finally:
        server.kill()
        server.wait()
