"""What each piece between a change and its reader is for: take it away, kill, and count."""

import json
from pathlib import Path

from drill.definition import Drill
from drill.stage import Stage

EXPERIMENT = Path(__file__).with_name("pieces_taken.py")
PIECES = {  # what comes of it: nothing, "lost" or "again"
    "nothing": "",
    "outbox": "lost",
    "confirms": "lost",
    "inbox": "again",
    "acknowledgement": "lost",
}


def run(stage: Stage) -> None:
    """Take each piece away by itself."""
    seen = 0
    for piece, harm in PIECES.items():
        printed = stage.ask("activity", "python", "-c", EXPERIMENT.read_text(), piece)
        found = json.loads(printed.splitlines()[-1])
        seen += found["changes"]
        for what in ("lost", "again"):
            stage.number(f"without {piece}: {what}", found[what], "")
        if harm:
            stage.claim(f"without {piece}: {harm}", holds=found[harm] > 0, of=found["changes"])
        else:
            whole = not found["lost"] and not found["again"]
            stage.claim("with all pieces: each once", holds=whole, of=found["changes"])
    stage.observe("changes", seen, least=len(PIECES))


DRILL = Drill(
    name="pieces",
    question="Outbox, confirms, inbox, acknowledgement after the work: take one away and kill "
    "whoever works, again and again. What is lost, and what is done twice?",
    run=run,
    sends=0,
    alone=True,
)
