"""Fixtures: one clean copy of the tree for each document whose commands are run."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docs.commands import Session, sweep


@pytest.fixture(scope="session")
def session_of() -> Iterator[Callable[[Path], Session]]:
    """Return the session of a document, begun when its first block is run."""
    sweep()
    sessions: dict[Path, Session] = {}

    def of(file: Path) -> Session:
        if file not in sessions:
            close_all()
            sessions[file] = Session(file)
        return sessions[file]

    def close_all() -> None:
        while sessions:
            sessions.popitem()[1].close()

    yield of
    close_all()
