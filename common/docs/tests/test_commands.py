"""Every command in a document is run where a newcomer would run it, and shows what it did there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from docs import tree
from docs.commands import Session, blocks, reason_not_to_run
from docs.markdown import Block


def _place(block: Block) -> str:
    return f"{block.file.relative_to(tree.ROOT)}:{block.line}"


ALL = [block for file in tree.documents() for block in blocks(file)]


@pytest.mark.parametrize("block", ALL, ids=_place)
def test_a_block_of_commands_does_what_it_shows(
    block: Block, session_of: Callable[[Path], Session]
) -> None:
    reason = reason_not_to_run(block)
    if reason is not None:
        assert reason, "say why it is not run: <!-- not run: … -->"
        pytest.skip(reason)
    session_of(block.file).run(block)


def test_there_are_commands_to_run() -> None:
    assert {tree.ROOT / "README.md", tree.ROOT / "phase0-mvp" / "README.md"} <= {
        block.file for block in ALL if reason_not_to_run(block) is None
    }
