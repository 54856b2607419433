"""One consumer stands still under load, and then works off what has gathered."""

from drill import told
from drill.definition import Drill
from drill.stage import Stage
from load.recorder import percentile

PAUSE = 15.0
"""Seconds, before it stands still and while it does."""
WARM = 3.0
SLACK = 50.0
"""Milliseconds: what a machine of two cores adds to a p99 by itself."""


def run(stage: Stage) -> None:
    """Compare sends beside a consumer that works, and beside one that does not."""
    with stage.load(rate=40):
        stage.wait(WARM)
        begin = stage.timeline.now()
        stage.wait(PAUSE)
        with stage.paused("activity"):
            middle = stage.timeline.now()
            stage.wait(PAUSE)
            end = stage.timeline.now()
            found = told.counts(stage)
    backlog = found["stored"] - found["told"]
    stage.number("events in its queue at the end", backlog, "")
    stage.claim("they gathered in its queue", holds=backlog > 0, of=1)
    others = found["waiting"] < backlog / 2
    stage.claim("the relay went on, and the database kept none back", holds=others, of=1)
    told.check(stage)
    stage.latency("send beside a consumer that works", "send", begin, middle)
    stage.latency("send beside one that stands still", "send", middle, end)
    before, during = (
        percentile(stage.timeline.latencies("send", *span), 0.99)
        for span in ((begin, middle), (middle, end))
    )
    stage.claim("sends took no longer", holds=during <= 2 * before + SLACK, of=2)


DRILL = Drill(
    name="slow-consumer",
    question="A consumer stands still for fifteen seconds under load. Do senders notice, and is "
    "what has gathered worked off, each event once and in order?",
    run=run,
    sends=500,
    alone=True,
)
