"""Three times as much as the system can do: how much of it is done, and who waits for how long."""

from collections.abc import Callable

from drill.arrivals import Arrived, arrive
from drill.definition import Drill
from drill.stage import Stage

FIRST, TIMES = 40.0, 1.5
"""Requests per second to begin with, and how much more each step brings."""
STEPS, STEP = 10, 4.0
"""How many steps at most, and seconds of each."""
OVER, LASTS = 3.0, 15.0
SHARE = 0.8
"""Of its best that a system has to go on doing."""
ENOUGH = 0.9
"""A step that does less than this share of what is asked for is the last one."""


def run(stage: Stage) -> None:
    """Raise the load until no more gets done; then ask for three times that."""
    with stage.load(rate=5) as circles:
        reader, group = circles[0].members[1], circles[0].id
        path = f"/api/v1/conversations/{group}/messages?limit=20"
        stage.wait(3)

        def come(rate: float, seconds: float) -> Arrived:
            return arrive(stage.url, reader.token, path, rate, seconds)

        best = _best(stage, come)
        stage.wait(2)
        began = stage.timeline.now()
        stage.timeline.mark(f"{OVER:g} times as much: {OVER * best.good:.0f}/s")
        over = come(OVER * best.good, LASTS)
        ended = stage.timeline.now()
        stage.timeline.mark("over")
        after = come(best.good / 2, STEP)
    _tell(stage, "at its best", best)
    _tell(stage, "at three times that", over)
    _tell(stage, "at half of it, after that", after)
    stage.latency("send, meanwhile", "send", began, ended)
    stage.observe("requests answered well under overload", int(over.good * LASTS), 100)
    stage.number("goodput under overload, of the best", over.good / best.good, "")
    words = f"under overload at least {SHARE:.0%} of the best got done"
    stage.claim(words, holds=over.good >= SHARE * best.good, of=int(over.good * LASTS))
    words = "whoever was not served was told to come again"
    stage.claim(words, holds=over.late <= 0.02 * over.offered, of=int(over.offered * LASTS))
    words = "afterwards it was as before"
    stage.claim(words, holds=after.good >= ENOUGH * after.offered, of=int(after.offered * STEP))


def _best(stage: Stage, come: Callable[[float, float], Arrived]) -> Arrived:
    best = come(FIRST, STEP)
    rate = FIRST
    for _ in range(STEPS):
        if best.good < ENOUGH * rate:
            break
        rate *= TIMES
        stage.timeline.mark(f"{rate:.0f}/s")
        best = max(best, come(rate, STEP), key=lambda one: one.good)
    return best


def _tell(stage: Stage, words: str, found: Arrived) -> None:
    stage.number(f"{words}: asked for", found.offered, "/s")
    stage.number(f"{words}: answered well within a second", found.good, "/s")
    stage.number(f"{words}: told to come again", found.refused, "/s")
    stage.number(f"{words}: late or lost", found.late, "/s")
    stage.number(f"{words}: an answer, p50", found.p50, "ms")
    stage.number(f"{words}: an answer, p99", found.p99, "ms")
    stage.number(f"{words}: a refusal, p99", found.refused_p99, "ms")


DRILL = Drill(
    name="overload",
    question="Three times as much is asked for as can be done. How much still gets done in time, "
    "and does everybody else hear soon that they should come again?",
    run=run,
    sends=20,
)
