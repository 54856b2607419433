"""The primary is killed, and restarted in order, under load; in phase 0 that is the process."""

from drill.definition import Drill
from drill.stage import Stage

KILLS = 3
PAUSE = 4.0
"""Seconds between a recovery and the next fault."""


def run(stage: Stage) -> None:
    """Measure how long people are sent away."""
    away = []
    database = "primary" if stage.has("primary") else "chat"
    with stage.load(rate=40):
        stage.wait(PAUSE)
        for _ in range(KILLS):
            away.append(stage.until_ready(since=stage.kill(database)))
            stage.timeline.mark("ready again")
            stage.wait(PAUSE)
        began = stage.timeline.now()
        stage.restart(database)
        stage.until_ready()
        away.append(stage.timeline.now() - began)
        stage.wait(PAUSE)
    stage.number("kills", KILLS, "")
    stage.number("seconds until ready again, longest", max(away), "s")
    stage.latency("send, from due to acknowledged", "send")
    stage.latency("read", "read")


DRILL = Drill(
    name="primary-restart",
    question="The primary database is killed (SIGKILL) three times under load, then restarted in "
    "order. Is a message lost, for how long is nobody served?",
    run=run,
    sends=200,
)
