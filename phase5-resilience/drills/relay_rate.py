"""How many events a second the relay brings to the broker, beside how many the broker takes."""

import json
from pathlib import Path

from drill.definition import Drill
from drill.stage import Stage

EXPERIMENT = Path(__file__).with_name("relay_moving.py")


def run(stage: Stage) -> None:
    """Publish the same events from memory and from the outbox."""
    printed = stage.ask("relay", "python", "-c", EXPERIMENT.read_text())
    found = json.loads(printed.splitlines()[-1])
    moved = found["moved"]
    stage.number("events a second, published from memory", moved / found["alone"], "")
    stage.number("events a second, moved by the relay", moved / found["took"], "")
    stage.number("the relay's processor time for an event", found["worked"] / moved * 1e6, "µs")
    stage.observe("events moved", moved, least=1000)


DRILL = Drill(
    name="relay-rate",
    question="Thirty thousand events wait in the outbox. How fast does one relay bring them to a "
    "quorum queue, and how fast would the queue take them?",
    run=run,
    sends=0,
    alone=True,
)
