"""Moving all data out of and into a system, and emptying it: each in one transaction."""

import traceback
from collections.abc import Callable, Sequence
from itertools import chain
from typing import BinaryIO

from sqlalchemy import Connection, delete, exists, select

from chassis.archive import REPORT_EVERY, Reader, Section, Writer
from chassis.database import Base, Database
from chassis.mode import Mode, mode_of, set_mode

Sections = Callable[[Connection], Sequence[Section]]
"""Returns what an archive consists of, for one export or import over this connection."""
Progress = Callable[[int], None]
"""Is told how much is done, now and then: records of an export, bytes of an import."""


class NotPossible(Exception):
    """The system is in no state for this."""


def export_archive(
    database: Database, sections: Sections, file: BinaryIO, progress: Progress
) -> dict[str, int]:
    """Write everything as of one moment; return how many records of each type."""
    writer = Writer(file)
    with database.read(one_moment=True) as connection:
        records = chain.from_iterable(section.write(connection) for section in sections(connection))
        for done, record in enumerate(records):
            writer.write(record)
            if done % REPORT_EVERY == 0:
                progress(done)
    return writer.close()


def import_archive(
    database: Database,
    sections: Sections,
    file: BinaryIO,
    progress: Progress,
    *,
    replace: bool = False,
) -> dict[str, int]:
    """Fill an empty system; return how many records of each type.

    All of it is one transaction. Whatever ends it early, even a kill, leaves the system empty; or,
    with `replace`, as it was.

    Errors: `Refused` names the line; `NotPossible` when the system is not empty.
    """
    _begin_import(database, replace=replace)
    try:
        with database.write_in_any_mode() as connection:
            _require_importing(connection)
            if replace:
                _delete_everything(connection)
            wanted = sections(connection)
            reader = Reader(file, [section.types for section in wanted], progress)
            for section in wanted:
                section.read(connection, reader)
            counts = reader.finish()
            connection.exec_driver_sql("ANALYZE")  # else the first plans are made for empty tables
            set_mode(connection, Mode.OPEN)
    except BaseException as error:
        # Ctrl-C in the middle of a statement leaves the traceback holding its cursor, and thereby
        # the transaction open, whose lock the next line waits for.
        traceback.clear_frames(error.__traceback__)
        database.end_interrupted_import()
        raise
    return counts


def empty(database: Database) -> None:
    """Delete everything."""
    with database.write_in_any_mode() as connection:
        _refuse_read_only(connection)
        _delete_everything(connection)
        set_mode(connection, Mode.OPEN)


def is_empty(connection: Connection) -> bool:
    """Return whether no table has a row, but for those that the system fills by itself."""
    return not any(
        connection.scalar(select(exists().select_from(table)))
        for table in Base.metadata.sorted_tables
        if table.info.get("is_data", True)
    )


def _delete_everything(connection: Connection) -> None:
    for table in reversed(Base.metadata.sorted_tables):
        connection.execute(delete(table))


def _begin_import(database: Database, *, replace: bool) -> None:
    """Stop being ready. Committed by itself, so that the serving process sees it."""
    with database.write_in_any_mode() as connection:
        _refuse_read_only(connection)
        if not replace and not is_empty(connection):
            raise NotPossible("The system is not empty; an import needs an empty one.")
        set_mode(connection, Mode.IMPORTING)


def _require_importing(connection: Connection) -> None:
    if mode_of(connection) is not Mode.IMPORTING:
        raise NotPossible("The system was restarted, or another import was quicker.")


def _refuse_read_only(connection: Connection) -> None:
    if mode_of(connection) is Mode.READ_ONLY:
        raise NotPossible("The system is read-only; switch that off first.")
