"""One client that asks as fast as it can."""

from drill.definition import Drill
from drill.stage import Stage

CONNECTIONS = 32
CALM, FLOODED = 6.0, 10.0


def run(stage: Stage) -> None:
    """Flood a cheap read, and measure what everybody else feels."""
    with stage.load(rate=40) as circles:
        abuser = circles[0].members[0]
        stage.wait(CALM)
        began, used = stage.timeline.now(), stage.usage("chat").cpu_seconds
        with stage.flood(abuser, CONNECTIONS, f"/api/v1/conversations/{circles[0].id}/messages"):
            stage.wait(FLOODED)
            busy = (stage.usage("chat").cpu_seconds - used) / FLOODED
        ended = stage.timeline.now()
        stage.wait(CALM)
    stage.number("cores that the system used meanwhile", busy, "")
    stage.latency("send before", "send", 1, began)
    stage.latency("send during the flood", "send", began, ended)
    stage.latency("read before", "read", 1, began)
    stage.latency("read during the flood", "read", began, ended)
    errors = [one for one in stage.timeline.samples if one.error]
    stage.number("errors that others saw", len(errors), "")


DRILL = Drill(
    name="abusive",
    question="One client asks for history over 32 connections as fast as it can. What do the "
    "others notice?",
    run=run,
    sends=300,
)
