"""Killed again and again under load."""

from drill.definition import Drill
from drill.stage import Stage

KILLS = 5
PAUSE = 4.0
"""Seconds between a recovery and the next kill."""


def run(stage: Stage) -> None:
    """Kill the only process there is, and measure how long nobody is served."""
    away = []
    with stage.load(rate=60):
        stage.wait(PAUSE)
        for _ in range(KILLS):
            away.append(stage.until_ready(since=stage.kill("chat")))
            stage.timeline.mark("ready again")
            stage.wait(PAUSE)
    stage.number("kills", KILLS, "")
    stage.number("seconds until ready again, longest", max(away), "s")
    stage.number("seconds until ready again, shortest", min(away), "s")
    stage.latency("send, from due to acknowledged", "send")


DRILL = Drill(
    name="killed",
    question="The process is killed (SIGKILL) five times under load. Is a message lost, and for "
    "how long is nobody served?",
    run=run,
    sends=500,
)
