"""The consumers are killed again and again, in the middle of their work."""

import json
from collections.abc import Sequence

from drill import told
from drill.definition import Drill
from drill.stage import Stage

from lab.status import State

KILLS = 8
"""Fewer than the deliveries after which the broker takes an event for what kills its consumer; and
the engine's pause before a restart, which doubles each time, stays below a quarter of a minute."""
PAUSE = 1.5
"""Seconds that they have, once they run again: the time to begin with what has gathered."""
STARTED_WITHIN = 30.0
CONSUMERS = ("activity", "notifications", "jobs")


def run(stage: Stage) -> None:
    """Kill whichever there are, all at the same time, under load."""
    consumers = [one for one in CONSUMERS if stage.has(one)]
    with stage.load(rate=60):
        stage.wait(PAUSE)
        for _ in range(KILLS):
            for service in consumers:
                stage.kill(service)
            _until_running(stage, consumers)
            stage.wait(PAUSE)
    stage.number("kills", KILLS * len(consumers), "")
    told.check(stage)
    printed = stage.ask("chat", "python", "-m", "chat.dead_letters", "list")
    dead = [json.loads(line)["reason"] for line in printed.splitlines()]
    stage.claim("nothing was given up", holds=not dead, of=KILLS)
    stage.latency("send, from due to acknowledged", "send")


def _until_running(stage: Stage, services: Sequence[str]) -> None:
    end = stage.timeline.now() + STARTED_WITHIN
    while stage.timeline.now() < end:
        status = stage.engine.status(stage.instance)
        if status and all(status.services[one].state is State.RUNNING for one in services):
            return
        stage.wait(0.1)


DRILL = Drill(
    name="consumer-killed",
    question="Consumers are killed (SIGKILL) eight times under load, in the middle of their work. "
    "Is an event lost, told twice, out of order or given up?",
    run=run,
    sends=500,
    alone=True,
)
