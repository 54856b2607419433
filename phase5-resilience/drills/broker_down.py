"""The broker is away for a while under load, and then killed."""

from drill import told
from drill.definition import Drill
from drill.stage import Stage

AWAY = 60.0
"""Seconds for which it does not answer."""
PAUSE = 5.0
"""A quorum queue is lost with a broker that is killed within some 3 s of its first declaration."""


def run(stage: Stage) -> None:
    """Stop it short, let it go on, kill it."""
    with stage.load(rate=40):
        stage.wait(PAUSE)
        with stage.paused("broker"):
            stage.wait(AWAY)
            waiting = told.counts(stage)["waiting"]
        stage.timeline.mark("the broker answers again")
        stage.wait(PAUSE)
        stage.kill("broker")
        stage.wait(PAUSE)
    stage.number("events that waited", waiting, "")
    stage.claim("events waited in the database", holds=waiting > 0, of=1)
    told.check(stage)
    stage.latency("send, from due to acknowledged", "send")


DRILL = Drill(
    name="broker-down",
    question="The broker hangs for a minute under load, and is killed once (SIGKILL). Do "
    "sends go on, and is an event lost, told twice or out of order?",
    run=run,
    sends=500,
    alone=True,
)
