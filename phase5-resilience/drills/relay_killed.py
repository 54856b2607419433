"""The relay is killed again and again, and so is the reader of what it brings."""

from drill import told
from drill.definition import Drill
from drill.stage import Stage

KILLS = 5
PAUSE = 2.0
"""Seconds between two kills."""


def run(stage: Stage) -> None:
    """Kill both, by turns, under load."""
    with stage.load(rate=60):
        stage.wait(PAUSE)
        for _ in range(KILLS):
            for service in ("relay", "activity"):
                stage.kill(service)
                stage.wait(PAUSE)
    stage.number("kills", 2 * KILLS, "")
    told.check(stage)
    stage.latency("send, from due to acknowledged", "send")


DRILL = Drill(
    name="relay-killed",
    question="Relay and consumer are killed (SIGKILL) five times each under load. Is an event "
    "lost, told twice or out of order?",
    run=run,
    sends=500,
    alone=True,
)
