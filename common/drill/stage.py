"""What a drill acts on: a running phase, its people, and the ways to hurt it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from load.recorder import percentile

from drill.client import Person
from drill.history import Finding, check
from drill.load import Circle, SteadyLoad
from drill.outcome import MESSAGES, Claim, Number, Observation
from drill.proxy import Proxy
from drill.timeline import Timeline
from lab.engine import Engine, Usage
from lab.errors import LabError
from lab.instance import Instance
from lab.native.process import before_exec

POLL = 0.02
READY_WITHIN = 60.0
"""Seconds."""
NOTICED_WITHIN = 10.0
SEED = 11


class Stage:
    """One run of a drill against one phase."""

    def __init__(self, engine: Engine, instance: Instance, url: str) -> None:
        self.engine = engine
        self.instance = instance
        self.url = url
        self.timeline = Timeline()
        self.numbers: list[Number] = []
        self.observations: list[Observation] = []
        self.claims: list[Claim] = []
        self._loads: list[SteadyLoad] = []
        self._circles: list[Circle] = []

    # People

    def people(self, count: int) -> list[Person]:
        """Register so many people."""
        return [Person.register(self.url) for _ in range(count)]

    def circles(self, groups: int, size: int) -> list[Circle]:
        """Register people and put them into groups; neighbouring groups share half of theirs."""
        people = self.people((groups + 1) * size // 2)
        made = []
        for number in range(groups):
            members = people[number * size // 2 : number * size // 2 + size]
            made.append(Circle(members[0].group(members[1:]), members))
        return made

    @contextlib.contextmanager
    def load(
        self, rate: float, groups: int = 3, size: int = 4, url: str | None = None
    ) -> Iterator[Sequence[Circle]]:
        """Send steadily (messages per second) until the block ends; all of it is checked later."""
        circles = self.circles(groups, size)
        load = SteadyLoad(circles, url or self.url, rate, self.timeline, SEED)
        self._circles += circles
        self._loads.append(load)
        self.timeline.mark(f"load: {rate:g} messages/s, {groups} groups of {size}")
        load.start()
        try:
            yield circles
        except BaseException:
            load.stop()  # whoever is interrupted does not wait for answers
            raise
        load.finish()

    @contextlib.contextmanager
    def meanwhile(self, step: Callable[[], None], pause: float) -> Iterator[None]:
        """Take a step again and again, with a pause (seconds) before each, until the block ends.

        Errors: that of a step which failed.
        """
        stop = threading.Event()

        def run() -> None:
            while not stop.wait(pause):
                step()

        with ThreadPoolExecutor(1) as pool:
            steps = pool.submit(run)
            try:
                yield
            finally:
                stop.set()
        steps.result()

    # Time

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def until_ready(self, since: float | None = None) -> float:
        """Wait until the system says that it is ready; return how many seconds that took.

        They are counted from `since` (time.monotonic), or from now.
        """
        began = time.monotonic() if since is None else since
        while not self.is_ready():
            if time.monotonic() - began > READY_WITHIN:
                raise LabError(f"{self.instance.phase.label} is not ready again")
            time.sleep(POLL)
        return time.monotonic() - began

    def is_ready(self) -> bool:
        """Ask /readyz."""
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    # Faults

    def has(self, service: str) -> bool:
        """Return whether a service is part of this phase: the one before may lack it."""
        status = self.engine.status(self.instance)
        return status is not None and service in status.services

    def kill(self, service: str) -> float:
        """End a service with SIGKILL, and wait until its engine has noticed; it starts it again.

        Returns when that was, for `until_ready`.
        """
        run = self._run_of(service)
        self.timeline.mark(f"kill -9 {service}")
        began = time.monotonic()
        self.engine.signal_service(self.instance, service, signal.SIGKILL)
        while self._run_of(service) == run:
            if time.monotonic() > began + NOTICED_WITHIN:
                raise LabError(f"nobody noticed that {service} was killed")
            time.sleep(POLL)
        return began

    @contextlib.contextmanager
    def paused(self, service: str) -> Iterator[None]:
        """Stop every process of a service (SIGSTOP), and let them go on afterwards."""
        self.timeline.mark(f"pause {service}")
        self.engine.signal_service(self.instance, service, signal.SIGSTOP)
        try:
            yield
        finally:
            self.engine.signal_service(self.instance, service, signal.SIGCONT)
            self.timeline.mark(f"resume {service}")

    @contextlib.contextmanager
    def beside(self, service: str, code: str, *arguments: str) -> Iterator[str]:
        """Run Python code where a service runs: in its container, with its environment.

        It begins when the code has printed a line, and gives that; the code has to end when its
        input does.
        """
        argv = ["python", "-c", code, *arguments]
        (input_, hold), (begun, output) = os.pipe(), os.pipe()

        def run() -> int:
            with os.fdopen(input_, "rb") as stdin, os.fdopen(output, "wb") as stdout:
                return self.engine.run(self.instance, service, argv, stdin, stdout)

        with os.fdopen(begun, encoding="utf-8") as printed, ThreadPoolExecutor(1) as pool:
            done = pool.submit(run)
            try:
                first = printed.readline()
                if not first:
                    raise LabError(f"what was to run beside {service} did not begin")
                yield first.rstrip("\n")
            finally:
                os.close(hold)
                done.result()

    def ask(self, service: str, *argv: str) -> str:
        """Run a command where a service runs, to its end; return what it printed."""
        with tempfile.TemporaryFile() as output, open(os.devnull, "rb") as nothing:  # noqa: PTH123
            code = self.engine.run(self.instance, service, argv, nothing, output)
            output.seek(0)
            printed = output.read().decode()
        if code:
            raise LabError(f"{' '.join(argv[:3])} ended with {code} beside {service}")
        return printed

    def restart(
        self, service: str, before: Sequence[str] | None = None, words: str = "restart"
    ) -> None:
        """Stop a service as its engine does, then start it; see `lab.engine.Engine`.

        `words` say in the timeline what that means.
        """
        self.timeline.mark(f"{words} {service}")
        self.engine.restart_service(self.instance, service, before)

    @contextlib.contextmanager
    def proxy(self) -> Iterator[Proxy]:
        """Give a proxy in front of the system; connections through it can be hurt."""
        with Proxy(urlsplit(self.url).port or 80).running() as proxy:
            yield proxy

    @contextlib.contextmanager
    def flood(self, person: Person, connections: int, path: str) -> Iterator[None]:
        """Let one person ask for a path as fast as they can, over several connections."""
        words = [self.url, person.token, str(connections), path]
        flood = subprocess.Popen(
            [sys.executable, "-P", "-m", "drill.flood", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=before_exec(signal.SIGKILL),  # noqa: PLW1509 - only calls prctl
        )
        self.timeline.mark(f"flood: one client, {connections} connections")
        began = self.timeline.now()
        try:
            yield
        finally:
            flood.terminate()
            answers = int(flood.communicate()[0] or 0)
            self.timeline.mark("flood ends")
        self.number("answers to the flood", answers / (self.timeline.now() - began), "/s")

    # Findings

    def usage(self, service: str) -> Usage:
        """Return what a service has used."""
        return self.engine.usage(self.instance, 0.0)[service]

    def number(self, name: str, value: float, unit: str) -> None:
        """Keep a number that lessons quote."""
        self.numbers.append(Number(name, round(value, 3), unit))

    def latency(self, name: str, kind: str, begin: float = 0, end: float = float("inf")) -> None:
        """Keep p50 and p99 of the answers of one kind between two moments."""
        found = self.timeline.latencies(kind, begin, end)
        for share in (0.5, 0.99):
            if found:
                self.number(f"{name}, p{share * 100:.0f}", percentile(found, share), "ms")

    def observe(self, what: str, count: int, least: int) -> None:
        """Keep how often something was looked at; with less than `least` there is no verdict."""
        self.number(what, count, "")
        self.observations.append(Observation(what, count, least))

    def claim(self, words: str, *, holds: bool, of: int) -> None:
        """Keep whether something that the drill expects came true; the verdict needs it to.

        `of` is how many cases were looked at: a claim about none is not judged.
        """
        self.claims.append(Claim(words, holds, of))

    def check(self, least: int) -> list[Finding]:
        """Read everything that was written, as every member, and check it.

        With less than `least` messages acknowledged there is no verdict; 0 if none is due.
        """
        timelines = {
            circle.id: {
                # On a new connection: the old ones may not have outlived the drill.
                member.name: member.elsewhere(self.url).timeline(circle.id)
                for member in circle.members
            }
            for circle in self._circles
        }
        sends = [send for load in self._loads for send in load.sends]
        acknowledged = sum(send.is_acknowledged for send in sends)
        resends = sum(max(len(send.answers) - 1, 0) for send in sends)
        if least or sends:
            self.number("messages sent", len(sends), "")
            self.observe(MESSAGES, acknowledged, least)
            self.number("resends answered", resends, "")
            words = "every message was acknowledged in the end"
            self.claim(words, holds=acknowledged == len(sends), of=len(sends))
        return check(sends, timelines)

    def _run_of(self, service: str) -> object:
        """Return what is different once a service has ended or was started again."""
        status = self.engine.status(self.instance)
        found = status.services.get(service) if status else None
        return found and (found.exits, found.started_at)
