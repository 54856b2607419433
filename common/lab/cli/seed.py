"""`lab seed`."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

import click
from world.generate import PASSWORD, SAMPLES, SIZES

from lab import engines
from lab.cli import complete
from lab.cli.console import must_run, say, short_name, the_instance
from lab.data import Data, Seed, in_words, world
from lab.errors import LabError
from lab.instance import Instance


@click.command("seed")
@click.argument("phase", shell_complete=complete.phases)
@click.option("--size", type=click.Choice(list(SIZES)), default="demo", show_default=True)
@click.option("--number", default=1, show_default=True, help="Another number, another world.")
@click.option(
    "--day",
    metavar="YYYY-MM-DD",
    help="The day on which it ends; the same day gives the same bytes.  [default: today]",
)
@click.option("--json", "as_json", is_flag=True, help="Say what there is now as JSON.")
def command(phase: str, size: str, number: int, day: str | None, *, as_json: bool) -> int:
    """Fill PHASE, which must be empty, with a made-up world, and print two logins to try.

    demo is some dozens of people, in a second; bench is 1,000 people, 5,000 conversations
    and 200,000 messages.
    """
    instance = the_instance(phase)
    must_run(instance)
    data = Data(instance, quiet=True)
    counts = data.counts()
    if counts:
        raise LabError(
            f"{instance.phase.label} is not empty: it holds {in_words(counts)}",
            f"replace that by the seeded world: ./lab reset {short_name(instance)}",
        )
    seed = Seed(size, number, _day(day))
    with world(seed) as archive:
        data.import_from(archive)
    data.seed = seed
    describe(instance, seed, data.counts(), as_json=as_json)
    return 0


def today() -> str:
    """Return the day that it is, in UTC."""
    return datetime.now(UTC).date().isoformat()


def describe(
    instance: Instance, seed: Seed, counts: Mapping[str, int], *, as_json: bool = False
) -> None:
    """Say what there is now, and how to log in."""
    status = engines.of(instance).status(instance)
    address = status.address if status else None
    if as_json:
        logins = [{"username": name, "password": PASSWORD} for name in SAMPLES]
        found = {"seed": vars(seed), "counts": counts, "address": address, "logins": logins}
        say(json.dumps(found))
        return
    say(f"\n{instance.phase.label} holds {in_words(counts)}.")
    say(f"Log in at {address or 'its address'} as one of them:\n")
    for name, who in zip(SAMPLES, ("has much going on", "talks with the other"), strict=True):
        say(f"  {name:<8} {PASSWORD}    {who}")
    say(f"\nAll of them have that password. ./lab reset {short_name(instance)} brings this back.")


def _day(text: str | None) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else today()
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no day such as 2026-11-23", param_hint="--day"
        ) from None
