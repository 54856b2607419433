"""`lab reset`."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click

from lab.cli import complete
from lab.cli.console import must_run, note, say, short_name, the_instance
from lab.cli.seed import describe, today
from lab.data import Data, Seed, in_words, private_file, trailer_of, world
from lab.instance import Instance

KEPT = 5  # of what resets have replaced, the newest


@click.command("reset")
@click.argument("phase", shell_complete=complete.phases)
@click.option("--empty", is_flag=True, help="Leave it empty instead of seeded.")
def command(phase: str, *, empty: bool) -> int:
    """Bring PHASE back to the world that was seeded, or to none at all.

    What is replaced is not lost: it is kept as an archive below .lab/, the last five times.
    Everybody is logged out.
    """
    instance = the_instance(phase)
    must_run(instance)
    data = Data(instance, quiet=True)
    held = data.counts()
    kept = _keep(instance, data) if held else None
    if empty:
        data.empty()
        say(f"{instance.phase.label} is empty.")
    else:
        _bring_back(instance, data, kept)
    if kept is not None and kept.exists():
        _say_what_went(instance, held, kept)
    if held:
        data.restart()
    return 0


def _keep(instance: Instance, data: Data) -> Path:
    """Export what is about to be replaced; forget the oldest of what was kept so."""
    directory = instance.directory / "replaced"
    directory.mkdir(exist_ok=True)
    path = directory / f"{time.strftime('%Y-%m-%dT%H-%M-%S')}.jsonl"
    with private_file(path) as file:
        data.export_to(file)
    for old in sorted(directory.glob("*.jsonl"))[:-KEPT]:
        old.unlink()
    return path


def _bring_back(instance: Instance, data: Data, kept: Path | None) -> None:
    """Replace everything by the seeded world; `kept` goes if it was nothing else."""
    seed = data.seed or Seed("demo", 1, today())
    with tempfile.NamedTemporaryFile(dir=instance.directory) as archive:
        with world(seed) as made:
            shutil.copyfileobj(made, archive)
        archive.seek(0)
        data.replace_by(archive)
        trailer = trailer_of(Path(archive.name))
    if kept is not None and trailer_of(kept) == trailer:
        kept.unlink()
    data.seed = seed
    describe(instance, seed, trailer["counts"])


def _say_what_went(instance: Instance, held: Mapping[str, int], kept: Path) -> None:
    word = short_name(instance)
    path = kept.relative_to(Path.cwd()) if kept.is_relative_to(Path.cwd()) else kept
    note(f"\nWhat was there ({in_words(held)}) is kept. To have it back:")
    note(f"  ./lab reset {word} --empty && ./lab import {word} {path}")
