"""The broker's disk is full for a while under load; then a queue is deleted.

What was in that queue, or would have come into it before its consumer has declared it anew, that
consumer is never told: the feed has to be made from the database, as its owner would do.
"""

from drill import told
from drill.definition import Drill
from drill.stage import Stage

WARM = 5.0
FULL = 15.0
"""Seconds for which it takes nothing from anybody who publishes."""
CTL = ("rabbitmqctl", "--silent")


def run(stage: Stage) -> None:
    """Raise the limit above any disk, set it back, delete what `activity` reads."""
    with stage.load(rate=40):
        stage.wait(WARM)
        stage.timeline.mark("the broker's disk is full")
        stage.ask("broker", *CTL, "set_disk_free_limit", "1000000GB")
        stage.wait(FULL)
        waiting = told.counts(stage)["waiting"]
        stage.ask("broker", *CTL, "set_disk_free_limit", "256MB")
        stage.timeline.mark("it has room again")
        stage.wait(WARM)
        stage.timeline.mark("the queue activity is deleted")
        stage.ask("broker", *CTL, "delete_queue", "activity")
        stage.wait(WARM)
        stage.ask("chat", "python", "-m", "chat.cli", "rebuild-activity")
        stage.timeline.mark("the feed is made anew")
        stage.wait(WARM)
    stage.number("events that waited for room", waiting, "")
    stage.claim("events waited in the database", holds=waiting > 0, of=1)
    told.check(stage)
    stage.latency("send, from due to acknowledged", "send")


DRILL = Drill(
    name="broker-hurt",
    question="The broker's disk is full for fifteen seconds under load (a disk alarm), and then "
    "a queue is deleted. Do sends go on, and is each message told of once and in order, when the "
    "feed has been made anew?",
    run=run,
    sends=500,
    alone=True,
)
