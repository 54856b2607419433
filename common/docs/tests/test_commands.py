"""Every command in a document is run where a newcomer would run it, and shows what it did there."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from docs import tree
from docs.commands import Interrupted, Mismatch, Session, blocks, reason_not_to_run
from docs.markdown import Block
from lab.cli.main import cli


def _name(file: Path) -> str:
    return str(file.relative_to(tree.ROOT))


def _place(block: Block) -> str:
    return f"{_name(block.file)}:{block.line}"


LAB = re.compile(r"\./lab ([a-z]+(?:-[a-z]+)*)([^`|\n]*)")
OPTION = re.compile(r"(?<=\s)--[a-z-]+")
ALL = [block for file in tree.documents() for block in blocks(file)]


@pytest.mark.parametrize("block", ALL, ids=_place)
def test_a_block_of_commands_does_what_it_shows(
    block: Block, session_of: Callable[[Path], Session]
) -> None:
    reason = reason_not_to_run(block)
    if reason is not None:
        assert reason, "say why it is not run: <!-- not run: … -->"
        pytest.skip(reason)
    assert shutil.which("curl"), "the documents' commands need curl: sudo apt-get install curl"
    try:
        session_of(block.file).run(block)
    except Mismatch as mismatch:
        pytest.fail(str(mismatch), pytrace=False)
    except Interrupted:
        pytest.skip("an earlier block of this document failed")


def test_there_are_commands_to_run() -> None:
    assert {tree.ROOT / "README.md", tree.ROOT / "phase0-mvp" / "README.md"} <= {
        block.file for block in ALL if reason_not_to_run(block) is None
    }


def _options(command: click.Command) -> set[str]:
    """Return what a command takes, and what the commands below it do: `bench --quick`."""
    own = {option for one in command.params for option in one.opts}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(_options, below))


@pytest.mark.parametrize(
    "file", tree.documents(), ids=lambda file: str(file.relative_to(tree.ROOT))
)
def test_every_lab_command_that_a_document_names_exists(file: Path) -> None:
    """In running text and tables too, where nothing is run."""
    unknown = []
    for name, words in LAB.findall(file.read_text(encoding="utf-8")):
        command = cli.get_command(click.Context(cli), name)
        if command is None:
            unknown.append(name)
            continue
        known = {"--help", *_options(command)}
        asked = OPTION.findall(words.partition(" -- ")[0])
        unknown += [option for option in asked if option not in known]
    assert not unknown, f"lab knows nothing of {unknown}"
