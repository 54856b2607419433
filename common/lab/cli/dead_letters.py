"""`lab dead-letters`."""

from typing import Any

import click

from lab.cli import complete
from lab.cli.console import must_run, note, say, say_json, short_name, the_instance
from lab.dead_letters import ask
from lab.errors import UsageError

_DO = ["list", "show", "replay", "drop"]
_COLUMNS = {
    "ID": "id",
    "QUEUE": "queue",
    "ATTEMPTS": "attempts",
    "FIRST FAILED": "first_failed_at",
    "TYPE": "type",
    "REASON": "reason",
}


@click.command("dead-letters")
@click.argument("phase", shell_complete=complete.phases)
@click.argument(
    "do", metavar="list|show|replay|drop", type=click.Choice(["list", "show", "replay", "drop"])
)
@click.argument("letter", metavar="[ID]", required=False)
@click.option("--all", "each", is_flag=True, help="Replay every one of them.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for programs.")
def command(phase: str, do: str, letter: str | None, *, each: bool, as_json: bool) -> int:
    """List what PHASE's consumers have given up, show one, give it back to them, or drop it.

    Replaying is safe: a consumer does nothing about an event that it has done already. ID may be
    the beginning of one.
    """
    _require_a_choice(do, letter, each=each)
    instance = the_instance(phase)
    must_run(instance)
    if letter is not None:
        letter = _whole(letter, ask(instance, ["list"]))
    found = ask(instance, [do, *(["--all"] if each else []), *([letter] if letter else [])])
    if as_json:
        say_json(found)
    elif do == "list":
        _show_table(found, short_name(instance))
    elif do == "show":
        for name, value in found[0].items():
            say(f"{click.style(name, bold=True)}: {value}")
    else:
        settled = found[0]["settled"]
        done = "given back" if do == "replay" else "dropped"
        say(f"{settled} dead letter{'' if settled == 1 else 's'} {done}")
    return 0


def _require_a_choice(do: str, letter: str | None, *, each: bool) -> None:
    if each and do != "replay":
        raise UsageError("--all goes with replay")
    if (do != "list") != ((letter is not None) + each == 1):
        raise UsageError("say which one", "its ID as list shows it; for replay, or --all")


def _whole(beginning: str, letters: list[dict[str, Any]]) -> str:
    found = {one["id"] for one in letters if one["id"].startswith(beginning)}
    if len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} dead letters begin with {beginning!r}")
    return str(found.pop())


def _show_table(letters: list[dict[str, Any]], phase: str) -> None:
    if not letters:
        say("no dead letters")
        return
    rows = [[str(one[key] or "-") for key in _COLUMNS.values()] for one in letters]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    for row in ([*_COLUMNS], *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        say(line.rstrip())
    note(f"one more try: ./lab dead-letters {phase} replay ID")
