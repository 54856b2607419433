"""Fixtures: people at an application, the readers of its events, and where mails end up."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from caching import free_port
from flask import Flask
from people import Somebody
from postgres import address_of
from readers import Readers

from chat.mailbox import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    """Where mails end up."""
    return Mailbox()


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[str]:
    """The address of the mailbox's server."""
    controller = mailbox.listen("127.0.0.1", free_port())
    yield f"127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def readers(app: Flask, tmp_path: Path, smtp: str) -> Iterator[Readers]:
    """The readers of what happens in the application."""
    readers = Readers(address_of(tmp_path / "data"), smtp)
    yield readers
    readers.database.close()


@pytest.fixture
def people(app: Flask) -> list[Somebody]:
    """Ada, Bob and Cem."""
    return [Somebody(app.test_client(), name) for name in ("ada", "bob", "cem")]


@pytest.fixture
def direct(people: list[Somebody]) -> str:
    """The path of the conversation of Ada and Bob."""
    ada, bob, _ = people
    asked = {"kind": "direct", "member_ids": [bob.id]}
    return f"/conversations/{ada.do('POST', '/conversations', asked)['id']}"
