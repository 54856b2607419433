"""`lab history`."""

from pathlib import Path

import click

from lab.cli import complete
from lab.cli.console import note, say
from lab.errors import LabError
from lab.paths import ROOT
from lab.steps import export, importing, leftovers, record, verify
from lab.steps.route import Route, Trees
from lab.steps.store import open_store

_DIRECTORY = click.argument("directory", type=click.Path(path_type=Path))


@click.group("history", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Change an early step and let git carry it through all later ones.

    The path's steps are patches (phaseN/diffs); here they become a git repository, one
    commit per step, and come back from it. docs/path.md shows how a fix is carried forward.
    """


@command.command("verify")
def verify_() -> int:
    """Prove that the patches make every phase byte for byte; names the first file that differs."""
    route = Route(ROOT)
    with open_store(ROOT) as store:
        for line in verify.verify(Trees(store, route)):
            say(line)
    if not route.steps:
        phases = f"{len(route.phases)} phase{'' if len(route.phases) == 1 else 's'}"
        say(f"{phases}, and no step recorded yet: nothing to compare.")
    return 0


@command.command("export")
@_DIRECTORY
def export_(directory: Path) -> int:
    """Write the path into a new git repository DIRECTORY: a commit per step, a tag per phase."""
    with open_store(ROOT) as store:
        for line in export.export(Trees(store, Route(ROOT)), directory.resolve()):
            say(f"  {line}")
    say(f"\n{directory} is ready. To change an early step there, and carry it forward:\n")
    say(f"  cd {directory}")
    say("  git checkout phase0                      # or a step: git checkout ':/^1.2 '")
    say("  …                                        # mend it")
    say("  git commit --all --amend --no-edit")
    say("  git rebase --onto HEAD phase0 main       # the commit that was mended, then main")
    say(f"  cd - && ./lab history import {directory}")
    return 0


@command.command("import")
@_DIRECTORY
def import_(directory: Path) -> int:
    """Write what was changed in DIRECTORY back: the snapshot of every phase, and its patches.

    Lists the files that still have lines which the change has replaced elsewhere.
    """
    with open_store(ROOT) as store:
        done = importing.import_history(Trees(store, Route(ROOT)), directory.resolve())
        for name, paths in done.files.items():
            say(f"{name}: {_files(len(paths))} changed ({_first(paths)})")
        for name in done.patches:
            say(f"{name} is written anew")
        for remark in done.remarks:
            note(f"note: {remark}")
        if not done.files and not done.patches:
            say("nothing has changed.")
            return 0
        _show_leftovers(leftovers.leftovers(Trees(store, Route(ROOT)), done.trees))
    return 0


@command.command("record")
@click.argument("step", shell_complete=complete.steps)
def record_(step: str) -> int:
    """Write the patch of STEP (1.2) from its phase's directory as it is now.

    The directory holds the tree after the step; diffs/README.md describes the step. STEP is
    the phase's latest one, or the next.
    """
    with open_store(ROOT) as store:
        made = record.record(Trees(store, Route(ROOT)), step)
        say(f"{made.file.relative_to(ROOT)} is written.")
        try:
            verify.require(Trees(store, Route(ROOT)))
        except LabError as error:
            note(f"to be mended yet: {error}")
    return 0


def _show_leftovers(found: list[leftovers.Leftover]) -> None:
    if not found:
        say("no file still has the old lines.")
        return
    places = len({one.path for one in found})
    say(f"\n{_files(places)} still {'has' if places == 1 else 'have'} the old lines:")
    for one in found:
        say(f"  {one.path}:{one.line}: {one.text}")


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _first(paths: list[str], most: int = 3) -> str:
    return ", ".join([*paths[:most], *(["…"] if len(paths) > most else [])])
