"""Writes the archive format of common/contract/archive/README.md."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, BinaryIO

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def line(record: Mapping[str, Any]) -> bytes:
    """Return a record as it stands in an archive."""
    return _encode(record).encode() + b"\n"


class Writer:
    """Frames records with a header and a trailer."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self._write(line({"type": "header", "format": "chat-archive", "version": 1}))

    def write(self, kind: str, text: bytes) -> None:
        """Add the line of a record of this type."""
        self._counts[kind] += 1
        self._write(text)

    def close(self) -> dict[str, int]:
        """Add the trailer; return how many records of each type there are."""
        counts = dict(self._counts)
        trailer = {"type": "trailer", "counts": counts, "sha256": self._hash.hexdigest()}
        self._file.write(line(trailer))
        self._file.flush()
        return counts

    def _write(self, text: bytes) -> None:
        self._hash.update(text)
        self._file.write(text)
