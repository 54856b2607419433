"""One client that asks as fast as it can, with the limits that hold for people."""

from drill.definition import Drill
from drill.stage import Stage
from load.recorder import percentile

CONNECTIONS = 32
CALM, FLOODED = 15.0, 20.0
RATE = 12
"""Messages per second; eight people may send two each."""
WORSE = 1.5


def run(stage: Stage) -> None:
    """Flood a cheap read, and measure what everybody else feels."""
    with stage.load(rate=RATE) as circles:
        abuser = circles[0].members[1]  # who reads nothing else
        stage.wait(CALM)
        began = stage.timeline.now()
        with stage.flood(abuser, CONNECTIONS, f"/api/v1/conversations/{circles[0].id}/messages"):
            stage.wait(FLOODED)
        ended = stage.timeline.now()
        stage.wait(CALM)
    for kind in ("send", "read"):
        stage.latency(f"{kind} without the flood", kind, 2, began)
        stage.latency(f"{kind} during the flood", kind, began, ended)
    calm = [*stage.timeline.latencies("send", 2, began)]
    calm += stage.timeline.latencies("send", ended + 1)
    flooded = stage.timeline.latencies("send", began, ended)
    times = percentile(flooded, 0.99) / percentile(calm, 0.99)
    stage.number("p99 of a send during the flood, times that without", times, "")
    words = f"everybody else's p99 stays within {WORSE} times"
    stage.claim(words, holds=times <= WORSE, of=len(flooded))
    errors = [one for one in stage.timeline.samples if one.error]
    stage.number("errors that others saw", len(errors), "")


DRILL = Drill(
    name="flood",
    question="One client asks for history over 32 connections as fast as it can; the limits are "
    "the real ones. What do the others notice?",
    run=run,
    sends=300,
    limits="real",
)
