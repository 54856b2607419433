"""Many rows at a time, in little memory: what the domains' archives are read and written with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, insert, select
from sqlalchemy.exc import IntegrityError

from chassis.archive import Refused
from chassis.database import Base

BATCH = 500
"""Rows that are fetched, checked or inserted at a time."""

Item = TypeVar("Item")
NumberedRow = tuple[int, dict[str, Any]]
"""The line that a row comes from, and its columns."""


def stream(connection: Connection, statement: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """Yield the rows of a statement, fetched a batch at a time."""
    # Of this statement alone: options of the connection would hold for all that it executes later.
    return iter(connection.execute(statement, execution_options={"yield_per": BATCH}))


def in_batches(items: Iterable[Item], size: int = BATCH) -> Iterator[list[Item]]:
    """Yield lists of at most `size` items."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def columns(record: Mapping[str, object]) -> dict[str, Any]:
    """Return a record without its type."""
    values = dict(record)
    del values["type"]
    return values


def insert_rows(connection: Connection, table: type[Base], rows: list[NumberedRow]) -> None:
    """Insert rows; `Refused` names the line of the first that breaks a constraint."""
    if not rows:
        return
    statement = insert(table)
    try:
        with connection.begin_nested():
            connection.execute(statement, [values for _, values in rows])
    except IntegrityError:
        for line, values in rows:
            try:
                connection.execute(statement, values)
            except IntegrityError as error:
                told: Any = error.orig
                words = f"{told.diag.table_name}: {told.diag.message_detail}"
                raise Refused(line, f"contradicts a line above: {words}") from None
        raise


def count_rows(connection: Connection, table: type[Base]) -> int:
    """Return how many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


class Alongside:
    """Reads rows that belong to other rows, both in the order of the same key."""

    def __init__(self, rows: Iterator[Any], key: Callable[[Any], Any]) -> None:
        self._rows = rows
        self._key = key
        self._next = next(rows, None)

    def of(self, key: Any) -> list[Any]:
        """Return the rows with this key; keys are asked for in ascending order."""
        found: list[Any] = []
        while self._next is not None and self._key(self._next) == key:
            found.append(self._next)
            self._next = next(self._rows, None)
        return found
