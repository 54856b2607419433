"""What the readers of events were told, beside what was stored: for drills that hurt the way."""

import json
import time

from drill.stage import Stage

_OF_MESSAGES = ("python", "-m", "messages.cli", "events")
WITHIN = 60.0
"""Seconds until the last event has arrived, at the latest."""


def counts(stage: Stage) -> dict[str, int]:
    """Return how many messages are stored, were told of, out of order, and wait to be."""
    printed = stage.ask("chat", "python", "-m", "chat.cli", "events")
    found: dict[str, int] = json.loads(printed.splitlines()[-1])
    if stage.has("messages"):  # where they are a service's of their own
        there = json.loads(stage.ask("messages", *_OF_MESSAGES).splitlines()[-1])
        found |= {"stored": there["stored"], "waiting": found["waiting"] + there["waiting"]}
    return found


def check(stage: Stage) -> None:
    """Wait for the last event; claim that each was told of once and in order."""
    began = time.monotonic()
    found = counts(stage)
    while found["told"] < found["stored"] and time.monotonic() - began < WITHIN:
        stage.wait(0.5)
        found = counts(stage)
    stage.number("seconds from the last send to its event", time.monotonic() - began, "s")
    stage.number("messages stored", found["stored"], "")
    stage.number("messages told of", found["told"], "")
    each = found["told"] == found["stored"]
    stage.claim("each message was told of, once", holds=each, of=found["stored"])
    ordered = found["disordered"] == 0
    stage.claim("those of a conversation in their order", holds=ordered, of=found["told"])
