"""One service stands still for ten seconds: what becomes of what does not need it."""

import contextlib
from collections.abc import Callable, Iterator

from drill.client import Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage
from load.recorder import percentile

OPENERS = 48
"""Who look at conversations all the time, which asks messages: more than chat has threads."""
EACH = 1.0
"""Seconds between two looks of one of them."""
CALM, STILL, AFTER = 8.0, 12.0, 8.0
SOON = 0.5
"""Seconds within which an answer comes without waiting for anybody."""
OPENS_WITHIN, CLOSES_WITHIN, WORSE = 2.0, 5.0, 1.5


def run(stage: Stage) -> None:
    """Let people look at conversations; pause messages, and watch what does not need it."""
    ann, ben = stage.people(2)
    group = ann.group([ben])
    unaffected = {
        "members": f"/conversations/{group}/members",
        "notifications": "/notifications",
        "profile": f"/profiles/{ben.id}",
    }
    with stage.load(rate=5), contextlib.ExitStack() as looking:
        for _ in range(OPENERS):
            path = f"/conversations/{group}"
            looking.enter_context(_looking(stage, ann, "open", path, EACH))
        for kind, path in unaffected.items():
            looking.enter_context(_looking(stage, ann, kind, path, 0.1))
        stage.wait(CALM)
        began = stage.timeline.now()
        with stage.paused("messages"):
            stage.wait(STILL)
        ended = stage.timeline.now()
        stage.wait(AFTER)
    for kind in unaffected:
        _compare(stage, kind, began, ended)
    _tell_breaker(stage, began, ended)


def _looking(
    stage: Stage, person: Person, kind: str, path: str, pause: float
) -> contextlib.AbstractContextManager[None]:
    """Look at something again and again; an answer that is degraded is of a kind of its own."""
    looker = person.elsewhere(stage.url)

    def look() -> None:
        due = stage.timeline.now()
        try:
            looker.call("GET", path)
        except (Refused, Unreachable) as error:
            stage.timeline.add(kind, due, str(error))
        else:
            stage.timeline.add(f"{kind}, degraded" if looker.degraded else kind, due)

    return _repeated(stage, look, pause)


@contextlib.contextmanager
def _repeated(stage: Stage, look: Callable[[], None], pause: float) -> Iterator[None]:
    with stage.meanwhile(look, pause):
        yield


def _compare(stage: Stage, kind: str, began: float, ended: float) -> None:
    before = stage.timeline.latencies(kind, 2, began)
    # Of those that ended later, some had waited all along: they count as well.
    during = [
        one.ms
        for one in stage.timeline.samples
        if one.kind == kind and began <= one.at - one.ms / 1000 < ended
    ]
    stage.latency(f"{kind} before", kind, 2, began)
    times = percentile(sorted(during), 0.99) / percentile(before, 0.99)
    stage.number(f"{kind} meanwhile, p99", percentile(sorted(during), 0.99), "ms")
    stage.number(f"{kind} meanwhile, p99, times that before", times, "")
    failed = sum(
        bool(one.error) and one.kind == kind and began <= one.at < ended
        for one in stage.timeline.samples
    )
    stage.number(f"{kind} meanwhile, failed", failed, "")
    words = f"{kind}, which does not need messages: p99 at most {WORSE} times that before"
    stage.claim(words, holds=times <= WORSE and not failed, of=len(during))


def _tell_breaker(stage: Stage, began: float, ended: float) -> None:
    """Say when conversations were answered without waiting, and when whole again."""
    degraded = [one for one in stage.timeline.samples if one.kind == "open, degraded"]
    slow = [one.at for one in degraded if one.ms > 1000 * SOON and one.at < ended]
    probes = sum(at > began + OPENS_WITHIN for at in slow)
    last = max((one.at for one in degraded), default=began)
    quick = min((one.at for one in degraded if one.ms <= 1000 * SOON), default=ended)
    stage.number("conversations shown from the copy", len(degraded), "")
    stage.number("until they were shown without waiting", quick - began, "s")
    stage.number("looks that waited later on, as trials", probes, "")
    stage.number("until they were whole again", last - ended, "s")
    words = f"within {OPENS_WITHIN:g} s nobody waited for messages any more"
    stage.claim(words, holds=quick - began <= OPENS_WITHIN, of=len(degraded))
    words = f"within {CLOSES_WITHIN:g} s of its recovery it was asked again"
    stage.claim(words, holds=last - ended <= CLOSES_WITHIN, of=len(degraded))
    stage.observe("conversations shown from the copy", len(degraded), 50)


DRILL = Drill(
    name="slow-dependency",
    question="messages stands still for twelve seconds while many people look at conversations. "
    "Does anything get slower that does not need it, and who is told what?",
    run=run,
    sends=50,
)
