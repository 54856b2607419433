"""Something breaks: somebody is to be told, in the chat, and told again when it is over."""

from typing import NamedTuple

from drill.client import Person
from drill.definition import Drill
from drill.stage import Stage
from drill.watched import Watching, posted, seconds_until, until_watched

TOLD_WITHIN = 120.0
"""Seconds from a hard failure until Alertmanager knows."""
POSTED_WITHIN = 60.0
"""From then on, or from the moment when sends work again, until it can be read in the chat."""
OVER_WITHIN = 180.0
"""From the mend until the end is posted."""
CALM = 20.0


class Fault(NamedTuple):
    """A service that hangs, the alert that says so, and whether sends go on meanwhile."""

    service: str
    alert: str
    label: tuple[str, str]
    sends_go_on: bool


FAULTS = (
    Fault("profiles", "ServiceDown", ("service", "profiles"), sends_go_on=True),
    Fault("messages-relay", "OutboxOld", ("service", "messages"), sends_go_on=True),
    Fault("messages", "ErrorBudgetBurns", ("slo", "send-answered"), sends_go_on=False),
)


def run(stage: Stage) -> None:
    """Break one thing after the other, and mend each once somebody is told."""
    watching = Watching(stage)
    (operator,) = stage.people(1)
    environment = ["env", f"CHAT_OPERATORS={operator.name}"]
    stage.restart("operations-bot", before=environment, words="name an operator to")
    until_watched(stage, watching)
    with stage.load(rate=20):
        stage.wait(CALM)
        for fault in FAULTS:
            _one(stage, watching, operator, fault)
    stage.latency("send, from due to acknowledged", "send")


def _one(stage: Stage, watching: Watching, operator: Person, fault: Fault) -> None:
    name, value = fault.label

    def is_known() -> bool:
        found = watching.firing()
        return any(one["alertname"] == fault.alert and one.get(name) == value for one in found)

    def is_posted(sign: str) -> bool:
        return any(one.startswith(f"{sign} {fault.alert} ") for one in posted(operator))

    with stage.paused(fault.service):
        told = seconds_until(is_known, TOLD_WITHIN)
        stage.timeline.mark(f"Alertmanager knows: {fault.alert}")
        read = 0.0
        if fault.sends_go_on:
            read = seconds_until(lambda: is_posted("\N{LARGE RED CIRCLE}"), POSTED_WITHIN)
    if not fault.sends_go_on:
        read = seconds_until(lambda: is_posted("\N{LARGE RED CIRCLE}"), POSTED_WITHIN)
        words = "an alert about sends is posted as soon as sends work again"
        stage.claim(words, holds=read < POSTED_WITHIN, of=1)
    stage.number(f"{fault.service} hangs: until {fault.alert} is known", told, "s")
    stage.number(f"{fault.service} hangs: from then on, until it is posted", read, "s")
    words = f"{fault.alert} fires within {TOLD_WITHIN:g} s and is posted"
    stage.claim(words, holds=told < TOLD_WITHIN and read < POSTED_WITHIN, of=1)
    if fault.sends_go_on:
        over = seconds_until(lambda: is_posted("\N{LARGE GREEN CIRCLE}"), OVER_WITHIN)
        stage.number(f"{fault.service} goes on: until the end is posted", over, "s")
        stage.claim(f"the end of {fault.alert} is posted", holds=over < OVER_WITHIN, of=1)


DRILL = Drill(
    name="alert-fires",
    question="A service hangs, a relay hangs, and then what takes sends. Is somebody told within "
    "two minutes, in the chat itself, and told when it is over?",
    run=run,
    sends=500,
    alone=True,
)
