"""Every command in a document is run where a newcomer would run it, and shows what it did there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from docs import tree
from docs.commands import Interrupted, Mismatch, Session, blocks, reason_not_to_run
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
