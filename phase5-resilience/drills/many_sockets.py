"""Sockets on which nothing happens, and one event for all of them, beside a bare server."""

import json
from pathlib import Path

from drill.definition import Drill
from drill.stage import Stage

EXPERIMENT = Path(__file__).with_name("sockets_compared.py")
SERVERS = {"realtime": "realtime", "bare": "python-socketio alone"}


def run(stage: Stage) -> None:
    """Open the same number of sockets at each in turn; wait, then tell all of them something."""
    printed = stage.ask("realtime", "python", "-c", EXPERIMENT.read_text())
    found = json.loads(printed.splitlines()[-1])
    for key, name in SERVERS.items():
        one = found[key]
        stage.number(f"{name}: memory of an idle socket", one["memory"] / 1024, "KiB")
        stage.number(f"{name}: CPU of an idle socket", one["idle"] * 1e6, "µs/s")
        stage.number(f"{name}: events delivered", one["delivered"] / one["took"], "/s")
        stage.number(f"{name}: CPU of one delivery", one["worked"] / one["delivered"] * 1e6, "µs")
        words = f"{name}: every event reached every socket"
        stage.claim(words, holds=one["delivered"] == one["wanted"], of=one["wanted"])
        stage.observe(f"events of {name}", one["wanted"], least=1000)
    rates = [found[key]["delivered"] / found[key]["took"] for key in SERVERS]
    stage.number("realtime's rate, of the bare one's", 100 * rates[0] / rates[1], "%")


DRILL = Drill(
    name="many-sockets",
    question="A thousand sockets wait in one process, then five hundred hear of two hundred "
    "messages. What does a socket cost, how many events a second arrive, and how near is that to "
    "python-socketio on gevent with nothing around it?",
    run=run,
    sends=0,
    alone=True,
)
