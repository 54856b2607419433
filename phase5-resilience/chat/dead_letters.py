"""Dead letters for those who run the system: a page for admins, and `python -m chat.dead_letters`.

gateway/policy.conf lets nobody but admins to the page. The command prints JSON, one object a line.
"""

import argparse
import json
import sys
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify

from chassis import logs, services
from chassis.errors import NotFound, Unavailable
from chassis.identity import Caller
from chassis.messaging.dead_letters import DeadLetters
from chassis.messaging.settings import WorkerSettings
from chassis.requests import login_required
from events.topology import TOPOLOGY

dead_letters = Blueprint("dead-letters", __name__, url_prefix="/api/v1/dead-letters")


@dead_letters.get("")
@login_required
def known(_caller: Caller) -> Response:
    """Read what is known of them; what they say is not shown."""
    return jsonify(items=services.get(DeadLetters).all())


@dead_letters.post("/<uuid:letter_id>/replay")
@dead_letters.delete("/<uuid:letter_id>", defaults={"replay": False})
@login_required
def settle(_caller: Caller, letter_id: UUID, *, replay: bool = True) -> tuple[str, int]:
    """Give one back to its queue, or delete it."""
    services.get(DeadLetters).settle(str(letter_id), replay=replay)
    return "", 204


def main() -> int:
    """Run one command; return the exit code: 0, 1 if it failed (2 is argparse's own)."""
    parser = argparse.ArgumentParser(prog="python -m chat.dead_letters")
    parser.add_argument("do", choices=["list", "show", "replay", "drop"])
    parser.add_argument("id", nargs="?", help="which one; replay takes --all instead")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    named = bool(given.id) + given.all
    if named != (given.do != "list") or (given.all and given.do != "replay"):
        parser.error("which one?")
    settings = WorkerSettings()
    logs.set_up("ERROR", sys.stderr)
    letters = DeadLetters(settings.parameters("dead letters"), TOPOLOGY)
    try:
        for line in _do(letters, given.do, given.id):
            print(json.dumps(line, default=str))
    except (NotFound, Unavailable) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _do(letters: DeadLetters, word: str, letter_id: str | None) -> list[dict[str, Any]]:
    if word == "list":
        return letters.all()
    if word == "show":
        return [letters.show(str(letter_id))]
    return [{"settled": letters.settle(letter_id, replay=word == "replay")}]


if __name__ == "__main__":
    sys.exit(main())
