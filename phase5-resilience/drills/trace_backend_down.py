"""Where traces go hangs, then dies, under load: nobody who is served notices; nothing piles up."""

import re
import urllib.request

from drill.definition import Drill
from drill.stage import Stage

from lab.errors import LabError

STARTS = 180.0
"""Seconds until one that starts takes spans: nobody waits for it, and so `lab up` does not."""
CALM, HANGING, DEAD = 8.0, 20.0, 10.0
"""Seconds."""
SERVICES = ("messages", "chat", "gateway")
"""Those whose numbers can be asked for."""
_LOST = re.compile(
    r'^(?:chat_spans_dropped_total\{why="[a-z-]+"\}'
    r'|chat_gateway_spans_total\{outcome="(?:full|backend)"\}) ([0-9.e+]+)$',
    re.MULTILINE,
)
_ARRIVED = re.compile(
    r'^(?:chat_spans_exported_total|chat_gateway_spans_total\{outcome="exported"\}) ([0-9.e+]+)$',
    re.MULTILINE,
)


def run(stage: Stage) -> None:
    """Let it work, hang, work, die and come back."""
    with stage.load(rate=20):
        if not _arrives_another(stage, 0):
            raise LabError(f"no span arrives at zipkin within {STARTS:.0f} s")
        stage.wait(CALM)
        began = stage.timeline.now()
        memory, lost = _memory(stage), _count(stage, _LOST)
        with stage.paused("zipkin"):
            stage.wait(HANGING)
            hung = _count(stage, _LOST) - lost
            grown = _memory(stage) - memory
        ended = stage.timeline.now()
        stage.kill("zipkin")
        stage.wait(DEAD)
        is_back = _arrives_another(stage, _count(stage, _ARRIVED))
    stage.latency("send before", "send", 0, began)
    stage.latency("send while the backend hangs", "send", began, ended)
    stage.latency("send while it is dead", "send", ended)
    usual, hanging = (_median(stage, *between) for between in ((0, began), (began, ended)))
    stage.claim("sends are no slower while it hangs", holds=hanging <= 1.5 * usual + 5, of=1)
    stage.number("spans lost while it hung", hung, "")
    stage.claim("what is lost is counted", holds=hung > 0, of=1)
    stage.number("memory of the services grew by", grown, "MB")
    stage.claim("nothing piles up in the services", holds=grown < 48, of=len(SERVICES))
    stage.claim("spans arrive again once it is back", holds=is_back, of=1)


def _arrives_another(stage: Stage, known: float) -> bool:
    """Wait for more spans than those that are known; return whether one came."""
    end = stage.timeline.now() + STARTS
    while _count(stage, _ARRIVED) <= known:
        if stage.timeline.now() > end:
            return False
        stage.wait(0.5)
    return True


def _median(stage: Stage, begin: float, end: float) -> float:
    found = sorted(stage.timeline.latencies("send", begin, end))
    return found[len(found) // 2] if found else 0.0


def _memory(stage: Stage) -> float:
    return sum(stage.usage(one).memory for one in SERVICES if stage.has(one)) / 1e6


def _count(stage: Stage, what: re.Pattern[str]) -> float:
    """Return the sum of a number over the services that are there to be asked."""
    return sum(
        float(found) for service in SERVICES for found in what.findall(_metrics(stage, service))
    )


def _metrics(stage: Stage, service: str) -> str:
    status = stage.engine.status(stage.instance)
    found = status.services.get(service) if status else None
    if found is None or not found.address:
        raise LabError(f"{service} tells no numbers")
    # What is published comes first; the gateway's own numbers are behind the second port of its.
    address = found.address.split(", ")[service == "gateway"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


DRILL = Drill(
    name="trace-backend-down",
    question="The backend of traces hangs, then is killed, under load. Is anybody slower, is a "
    "message lost, and does what cannot be sent pile up?",
    run=run,
    sends=500,
    alone=True,
)
