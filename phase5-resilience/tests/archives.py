"""Archives of the monolith for tests: a small one with all that it takes, and large dull ones."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from postgres import address_of, settings_for
from records import (
    ANN,
    BOB,
    DIRECT,
    EVE,
    GROUP,
    HEADER,
    NOBODY,
    conversation,
    line,
    member,
    people,
    profile,
    sealed,
)
from records import small as whole
from running import PHASE
from sqlalchemy import Connection, select

from chassis import transfer
from chassis.archive import Record, Section
from chassis.database import Database
from chat.archive import sections
from chat.people.archive import People
from chat.people.models import PersonRow

__all__ = ["ANN", "BOB", "DIRECT", "EVE", "GROUP", "HEADER", "NOBODY", "line", "profile", "sealed"]


class PlayedProfiles(People):
    """The profile service's section, from what the monolith knows of people."""

    def write(self, connection: Connection) -> Iterator[Record]:
        """Yield every profile."""
        for row in connection.execute(select(PersonRow.__table__).order_by(PersonRow.user_id)):
            yield profile(row.user_id, row.username, row.display_name)


def small() -> list[dict[str, Any]]:
    """Return what the monolith takes of a small archive: all but messages."""
    return [one for one in whole() if one["type"] != "message"]


def own(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what of these records the monolith itself exports."""
    return [one for one in records if one["type"] != "profile"]


def dull(groups: int) -> Iterator[dict[str, Any]]:
    """Yield the records of a monolith with many groups of one."""
    yield from people()
    for number in range(groups):
        conversation_id = f"01{number:06x}-0000-7000-8000-000000000000"
        yield conversation(conversation_id, 0, kind="group", name="G")
        yield member(conversation_id, ANN, role="owner")


def database_in(directory: Path) -> Database:
    """Return the database that stands for a directory; its tables are empty at first."""
    return Database(settings_for(directory, database_connections=2))


def is_empty(database: Database) -> bool:
    """Return whether there is no data at all."""
    with database.read() as connection:
        return transfer.is_empty(connection)


def load(database: Database, source: BinaryIO, *, replace: bool = False) -> dict[str, int]:
    """Import."""
    return transfer.import_archive(database, sections, source, lambda _done: None, replace=replace)


def dump(database: Database, target: BinaryIO) -> dict[str, int]:
    """Export, with the part of the profile service as it would be."""

    def both(connection: Connection) -> Sequence[Section]:
        return [PlayedProfiles(), *sections(connection)[1:]]

    return transfer.export_archive(database, both, target, lambda _done: None)


def cli(directory: Path, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start `python -m chat.cli` on the data in a directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "chat.cli", *arguments],
        cwd=PHASE,
        env=os.environ | {"CHAT_DATABASE_URL": address_of(directory)},
        **options,
    )


def run_cli(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m chat.cli` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "chat.cli", *arguments],
        cwd=PHASE,
        env=os.environ | {"CHAT_DATABASE_URL": address_of(directory)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
