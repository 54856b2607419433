"""A bench: phases and their floors, taken in turns over several rounds."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lab.engine import Engine, Usage
from lab.instance import Instance
from load import cores, drive, machine, plan, world
from load.job import Job
from load.plan import BOUND, Plan, Turn
from load.result import FLOOR, Result, Run
from load.subject import PhaseSubject, Subject, floor_of, has_floor
from load.world import WORLD, Person

CIRCLE = 10
"""People in each of the conversations that delivery is measured in."""
SEED = 7
LIMIT_SHARE = 0.8
"""Of what the generator can do; beyond that, its own queue would be measured."""
CPU_SHARE = 0.85
"""Of its core that the generator may use."""
LATENESS_MS = 25.0
"""How late, at p99, a request may be sent though a user was free to send it."""

Told = Callable[[str], None]


@dataclass(frozen=True)
class Member:
    """A subject, and the people who are logged in there."""

    subject: Subject
    people: Sequence[Person]


class Bench:
    """Runs a plan; `tell` hears what is going on."""

    def __init__(self, which: Plan, tell: Told) -> None:
        self._plan = which
        self._tell = tell
        self._cores = cores.available()
        self._limit = 0.0

    def run(self, engine: Engine, running: Sequence[tuple[Instance, str]]) -> Result:
        """Measure instances that run and are seeded, given with their URLs."""
        self._tell("the load generator's own limit")
        self._limit = drive.generator_limit(32, self._cores)
        about = machine.describe()
        names = [instance.phase.label for instance, _ in running]
        limits = [world.limits_of(url) for _, url in running]
        with_floor = [has_floor(instance) for instance, _ in running]
        floors = [False] * len(running) + [True] * sum(with_floor)
        can_pin = len(self._cores) > 1 and all(
            PhaseSubject(instance.phase.label, engine, instance, url).pids()
            for instance, url in running
        )
        pinning = [True, False] if can_pin else [False]
        rounds = plan.turns(self._plan, floors, pinning, SEED)
        runs: list[Run] = []
        for number, turns in enumerate(rounds, start=1):
            with self._members(engine, running, with_floor) as members:
                for done, turn in enumerate(turns):
                    self._announce(number, done, len(turns), turn, members)
                    runs.append(self._run(number, turn, members[turn.subject]))
        return Result(about, self._parameters(names, limits), self._limit, runs)

    @contextlib.contextmanager
    def _members(
        self, engine: Engine, running: Sequence[tuple[Instance, str]], with_floor: Sequence[bool]
    ) -> Iterator[list[Member]]:
        """Log people in everywhere; floors work on copies made right after that."""
        with contextlib.ExitStack() as stack:
            members = []
            for instance, url in running:
                self._tell(f"{self._plan.people} people log in to {instance.phase.label}")
                people = world.enter(url, self._plan.people, CIRCLE)
                name = instance.phase.label
                members.append(Member(PhaseSubject(name, engine, instance, url), people))
            for (instance, _), member, wanted in zip(
                running, list(members), with_floor, strict=True
            ):
                if wanted:
                    floor = stack.enter_context(floor_of(instance.phase.label + FLOOR, instance))
                    members.append(Member(floor, member.people))
            yield members

    def _run(self, number: int, turn: Turn, member: Member) -> Run:
        part, subject = turn.part, member.subject
        cores.pin(subject.pids(), self._cores[:1] if turn.pinned else self._cores)
        used: list[dict[str, Usage]] = []
        job = Job(
            url=subject.url,
            user=part.user,
            users=part.users,
            stages=part.stages(),
            people=member.people,
            seed=SEED + number,
            listeners=min(part.listeners, len(member.people)),
            bound=BOUND if part.growth else None,
            cpu=self._cores[-1] if turn.pinned else None,
        )
        load_before = machine.load_average()
        stages = drive.run(job, lambda _event: used.append(subject.usage()))
        # A saturation's last stage may be too much for both sides; only its failure counts.
        judged = stages[:-1] if part.growth and len(stages) > 1 else stages
        first, last = used[0], used[-1]
        return Run(
            subject=subject.name,
            part=part.name,
            pinned=turn.pinned,
            round=number,
            stages=stages,
            cpu_seconds={
                name: round(usage.cpu_seconds - first[name].cpu_seconds, 3)
                for name, usage in last.items()
                if name in first
            },
            memory={name: usage.memory for name, usage in last.items()},
            load_average=load_before,
            invalid=self._limits_hit(judged),
            late=_lateness(judged),
        )

    def _limits_hit(self, stages: Sequence[dict[str, Any]]) -> list[str]:
        """Say where the generator, not the system, was at its limit."""
        found = []
        for stage in stages:
            if stage["rate"] > LIMIT_SHARE * self._limit:
                found.append(f"{stage['rate']:.0f}/s is near the generator's limit")
            if stage["generator_cpu"] > CPU_SHARE:
                found.append(f"the generator used {stage['generator_cpu']:.0%} of its core")
        return found

    def _announce(
        self, number: int, done: int, turns: int, turn: Turn, members: Sequence[Member]
    ) -> None:
        where = "pinned" if turn.pinned else "unpinned"
        self._tell(
            f"round {number}/{self._plan.rounds}, {done + 1}/{turns}: "
            f"{turn.part.name}, {members[turn.subject].subject.name}, {where}"
        )

    def _parameters(self, names: Sequence[str], limits: Sequence[str]) -> dict[str, Any]:
        return {
            "phases": list(names),
            "limits": dict(zip(names, limits, strict=True)),
            "rounds": self._plan.rounds,
            "people": self._plan.people,
            "circle": CIRCLE,
            "seed": SEED,
            "world": " ".join(WORLD.words()),
            "bound": {"p99_ms": BOUND.p99_ms, "errors": BOUND.errors},
            "parts": [vars(part) for part in self._plan.parts],
        }


def _lateness(stages: Sequence[dict[str, Any]]) -> list[str]:
    """Say where requests were sent too late though a user was free to send them."""
    late = [stage["lateness_ms"].get("p99", 0) for stage in stages]
    return [f"sent {one:.0f} ms late (p99)" for one in late if one > LATENESS_MS]
