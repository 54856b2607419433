"""The archive: all data of a system as JSON Lines, between a header and a trailer.

This module knows lines, counts and check sums; what a record means, its domain knows. The format
is specified in common/contract/archive/README.md.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, BinaryIO, Literal, NamedTuple, Protocol, TypeVar

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    with_config,
)
from sqlalchemy import Connection
from typing_extensions import TypedDict

from chassis.limits import INTEGER_MAX

FORMAT = "chat-archive"
VERSION = 1
LINE_MAX = 16 * 1024 * 1024
"""Bytes. A longer line is refused before it is in memory."""
REPORT_EVERY = 1000
"""Lines."""

STRICT = ConfigDict(strict=True, extra="forbid")

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Counter53 = Annotated[int, Field(ge=0, le=INTEGER_MAX)]
Moment = Counter53
"""Milliseconds since the epoch."""
OneLine = Annotated[str, StringConstraints(pattern=r"^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$")]
"""Not empty, no control characters, no space around it."""
Lines = Annotated[str, StringConstraints(pattern=r"^[\t\n\r\P{Cc}]*$")]
"""No control characters other than tab and line ends."""

_TYPE = re.compile(rb'\{"type":"([a-z_]{1,40})"[,}]')
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Record = Mapping[str, Any]
Parsed = TypeVar("Parsed")


class Refused(Exception):
    """The archive is not taken. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Ascending:
    """Insists that the keys of records grow from line to line."""

    def __init__(self) -> None:
        self._last: Any = None

    def check(self, line: int, key: Any) -> None:
        """Raise `Refused` unless the key comes after the one before."""
        if self._last is not None and key <= self._last:
            raise Refused(line, f"stands in the wrong place: {key} after {self._last}")
        self._last = key


class Line(NamedTuple):
    """One record as it came."""

    number: int
    type: str
    text: bytes


@with_config(STRICT)
class Header(TypedDict):
    """The first line."""

    type: Literal["header"]
    format: str
    version: int


@with_config(STRICT)
class Trailer(TypedDict):
    """The last line: how many records of each type stand before it, and the SHA-256 of it all."""

    type: Literal["trailer"]
    counts: dict[str, Counter53]
    sha256: Sha256


_HEADER = TypeAdapter(Header)
_TRAILER = TypeAdapter(Trailer)


class Section(Protocol):
    """The records of one domain, or of one part of it; they stand together in an archive."""

    types: Sequence[str]

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many records of each type `write` will yield."""

    def write(self, connection: Connection) -> Iterator[Record]:
        """Yield every record, in the one order that the specification gives."""

    def read(self, connection: Connection, reader: "Reader") -> None:
        """Check and store every record of these types; `Refused` names the first bad line."""


class Writer:
    """Writes an archive; without `close` it has no trailer, and nobody takes it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self._line(Header(type="header", format=FORMAT, version=VERSION))

    def write(self, record: Record) -> None:
        """Add a record; its first key is `type`."""
        self._counts[record["type"]] += 1
        self._line(record)

    def close(self) -> dict[str, int]:
        """Write the trailer; return how many records of each type were written."""
        sha256 = self._hash.hexdigest()
        self._line(Trailer(type="trailer", counts=self._counts, sha256=sha256))
        self._file.flush()
        return dict(self._counts)

    def _line(self, record: Record) -> None:
        text = _encode(record).encode() + b"\n"
        self._hash.update(text)
        self._file.write(text)


class Reader:
    """Reads an archive line by line and refuses it at the first line that is wrong.

    `sections` are the types that are known, in the order in which they may stand; `progress` is
    told now and then how many bytes have been read.
    """

    def __init__(
        self,
        file: BinaryIO,
        sections: Sequence[Sequence[str]],
        progress: Callable[[int], None] = lambda _done: None,
    ) -> None:
        self._file = file
        self._progress = progress
        self._rank = {name: rank for rank, names in enumerate(sections) for name in names}
        self._rank["trailer"] = len(sections)
        self._counts: Counter[str] = Counter()
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._number = 0
        self._read_header()
        self._next = self._read_line(0)

    @property
    def position(self) -> int:
        """Return the number of the line that comes next."""
        return self._next.number

    def take(self, *types: str) -> Iterator[Line]:
        """Yield lines as long as they are of these types."""
        while self._next.type in types:
            line = self._next
            yield line
            self._counts[line.type] += 1
            self._hash.update(line.text)
            self._next = self._read_line(self._rank[line.type])

    def finish(self) -> dict[str, int]:
        """Check the trailer and that nothing follows it; return how many records there were."""
        line = self._next
        trailer = parse(_TRAILER, line)
        if trailer["counts"] != self._counts:
            found = ", ".join(f"{count} {name}" for name, count in self._counts.items()) or "none"
            raise Refused(line.number, f"the trailer counts other records than there are: {found}")
        if trailer["sha256"] != self._hash.hexdigest():
            raise Refused(line.number, "the SHA-256 differs: some line above has been changed")
        if self._file.read(1):
            raise Refused(line.number + 1, "there is something after the trailer")
        return dict(self._counts)

    def _read_header(self) -> None:
        text = self._read_text(may_be_foreign=True)
        try:
            header = _HEADER.validate_json(text)
        except ValidationError:
            raise Refused(1, "this is no chat archive: there is no header") from None
        if header["format"] != FORMAT:
            raise Refused(1, f"this is no chat archive but a {header['format']!r}")
        if header["version"] != VERSION:
            raise Refused(
                1, f"the archive has version {header['version']}, this system reads {VERSION}"
            )
        self._hash.update(text)

    def _read_line(self, rank: int) -> Line:
        text = self._read_text()
        number = self._number
        found = _TYPE.match(text)
        if found is None:
            raise Refused(number, 'this is no record: it does not begin with {"type":"…"')
        name = found[1].decode()
        if name not in self._rank:
            raise Refused(number, f"this system does not know records of type {name!r}")
        if self._rank[name] < rank:
            raise Refused(number, f"a record of type {name!r} stands too late; {self._order()}")
        return Line(number, name, text)

    def _read_text(self, *, may_be_foreign: bool = False) -> bytes:
        text = self._file.readline(LINE_MAX + 1)
        self._number += 1
        self._bytes += len(text)
        if self._number % REPORT_EVERY == 0:
            self._progress(self._bytes)
        if text.endswith(b"\n") or may_be_foreign:
            return text
        if not text:
            raise Refused(self._number, "the archive ends before its trailer: it was cut off")
        if len(text) > LINE_MAX:
            raise Refused(self._number, f"the line is longer than {LINE_MAX} bytes")
        raise Refused(self._number, "the line has no end: the archive was cut off")

    def _order(self) -> str:
        return f"the order is {', '.join(self._rank)}"


def parse(adapter: TypeAdapter[Parsed], line: Line) -> Parsed:
    """Return the record in a line; `Refused` names the first field that is wrong."""
    try:
        return adapter.validate_json(line.text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join([line.type, *(str(part) for part in first["loc"])])
        raise Refused(line.number, f"{where}: {first['msg']}") from None
