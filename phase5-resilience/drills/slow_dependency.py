"""One service stands still for a while: what becomes of what does not need it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from drill.client import Person, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage
from drill.timeline import Sample
from load.recorder import percentile

OPENERS, EACH = 120, 4.0
"""Who look at conversations all the time, which asks messages, and the seconds between two looks of
one: with the two seconds that each waits in phase 4, they need more threads than chat has."""
LOOKERS = 1
"""Who look at each thing that does not need messages, ten times a second."""
CALM, STILL, AFTER = 20.0, 15.0, 10.0
OPENS_WITHIN, CLOSES_WITHIN, WORSE = 2.0, 5.0, 1.5
STATES = """
import json, os, sys, time, urllib.error, urllib.request
port = os.environ["CHAT_OPERATIONS_BIND"].rpartition(":")[2]
end, last = time.monotonic() + float(sys.argv[1]), ""
while time.monotonic() < end:
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz")
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        state = json.load(answer).get("breakers", {}).get("messages", "")
    if state != last:
        print(time.monotonic(), last := state)
    time.sleep(0.05)
"""


def run(stage: Stage) -> None:
    """Let people look at conversations; pause messages, and watch what does not need it."""
    ann, ben = stage.people(2)
    group = ann.group([ben])
    unaffected = {
        "members": f"/conversations/{group}/members",
        "notifications": "/notifications",
        "profile": f"/profiles/{ben.id}",
    }
    with stage.load(rate=5), ThreadPoolExecutor(1) as beside, contextlib.ExitStack() as looking:
        for _ in range(OPENERS):
            path = f"/conversations/{group}"
            looking.enter_context(_looking(stage, ann, "open", path, EACH))
            stage.wait(EACH / OPENERS)  # not all at once
        for kind, path in unaffected.items():
            for _ in range(LOOKERS):
                looking.enter_context(_looking(stage, ann, kind, path, 0.1))
        stage.wait(2)
        calm = stage.timeline.now()
        words = ("python", "-c", STATES, str(CALM + STILL + AFTER))
        states = beside.submit(stage.ask, "chat", *words)
        stage.wait(CALM)
        began = stage.timeline.now()
        with stage.paused("messages"):
            stage.wait(STILL)
        ended = stage.timeline.now()
        stage.wait(AFTER)
    for kind in unaffected:
        _compare(stage, kind, calm, began, ended)
    _tell_breaker(stage, _changes(stage, states.result()), began, ended)
    _tell_fallback(stage, began, ended)


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


def _begun(stage: Stage, kind: str, begin: float, end: float) -> Sequence[Sample]:
    """Return what began in between: of what ended later, some had waited all along."""
    return [
        one
        for one in stage.timeline.samples
        if one.kind == kind and begin <= one.at - one.ms / 1000 < end
    ]


def _compare(stage: Stage, kind: str, calm: float, began: float, ended: float) -> None:
    before = sorted(one.ms for one in _begun(stage, kind, calm, began))
    found = _begun(stage, kind, began, ended)
    during = sorted(one.ms for one in found)
    times = percentile(during, 0.99) / percentile(before, 0.99)
    failed = sum(bool(one.error) for one in found)
    stage.number(f"{kind} before, p99", percentile(before, 0.99), "ms")
    stage.number(f"{kind} meanwhile, p99", percentile(during, 0.99), "ms")
    stage.number(f"{kind} meanwhile, p99, times that before", times, "")
    stage.number(f"{kind} meanwhile, failed", failed, "")
    words = f"{kind}, which does not need messages: p99 at most {WORSE} times that before"
    stage.claim(words, holds=times <= WORSE and not failed, of=len(during))


def _changes(stage: Stage, printed: str) -> list[tuple[float, str]]:
    """Return when the breaker changed, and into which state, on the timeline's clock."""
    lines = [line.split() for line in printed.splitlines()]
    return [(stage.timeline.of_clock(float(at)), state) for at, state in lines]


def _tell_breaker(
    stage: Stage, changes: Sequence[tuple[float, str]], began: float, ended: float
) -> None:
    early = [state for at, state in changes if at < began and state != "closed"]
    opened = min((at for at, state in changes if began <= at and state == "open"), default=None)
    closed = min((at for at, state in changes if ended <= at and state == "closed"), default=None)
    if opened is not None:
        stage.number("until the breaker was open", opened - began, "s")
    if closed is not None:
        stage.number("from its recovery until it was closed", closed - ended, "s")
    stage.claim("before, no breaker was open", holds=not early, of=len(changes))
    words = f"within {OPENS_WITHIN:g} s messages was not asked any more"
    holds = opened is not None and opened - began <= OPENS_WITHIN
    stage.claim(words, holds=holds, of=len(changes))
    words = f"within {CLOSES_WITHIN:g} s of its recovery it was asked again"
    holds = closed is not None and closed - ended <= CLOSES_WITHIN
    stage.claim(words, holds=holds, of=len(changes))


def _tell_fallback(stage: Stage, began: float, ended: float) -> None:
    """Say what people saw who looked at conversations."""
    degraded = _begun(stage, "open, degraded", began, ended + AFTER)
    others = _begun(stage, "open", began, ended)
    failed = sum(bool(one.error) for one in others)
    stage.observe("conversations shown from the copy", len(degraded), 50)
    stage.latency("conversations shown from the copy", "open, degraded", began, ended)
    stage.number("conversations not shown at all", failed, "")
    last = max(
        (one.at for one in stage.timeline.samples if one.kind == "open, degraded"), default=0
    )
    stage.number("from its recovery until they were whole again", last - ended, "s")
    stage.claim("whoever looked at a conversation saw it", holds=not failed, of=len(degraded))


DRILL = Drill(
    name="slow-dependency",
    question="messages stands still for fifteen seconds while many people look at conversations. "
    "Does anything get slower that does not need it, and who is told what?",
    run=run,
    sends=50,
)
