"""Reading an archive record by record; the format: common/contract/archive/README.md."""

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterator
from itertools import zip_longest
from typing import IO

from lab.errors import LabError

_BEFORE_KIND = len(b'{"type":"')


class Archive:
    """Iterates over the lines between header and trailer, and then knows its check sum."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()
        self.sha256 = ""
        self.header = b""

    def __iter__(self) -> Iterator[bytes]:
        """Yield every record. Raises LabError unless the trailer is there and right."""
        self.header = self._file.readline()
        digest = hashlib.sha256(self.header)
        for line in self._file:
            kind = kind_of(line)
            if kind == "trailer" and not line.endswith(b"\n"):
                break
            if kind == "trailer":
                self._check(json.loads(line), digest.hexdigest())
                return
            self.counts[kind] += 1
            digest.update(line)
            yield line
        raise LabError("an archive ends before its trailer: it was cut off")

    def _check(self, trailer: dict[str, object], sha256: str) -> None:
        self.sha256 = sha256
        if (trailer["sha256"], trailer["counts"]) != (sha256, self.counts):
            raise LabError("an archive is damaged: its trailer does not fit its records")


def kind_of(line: bytes) -> str:
    """Return a record's type."""
    return line[_BEFORE_KIND : line.index(b'"', _BEFORE_KIND)].decode()


def pairs(
    old: Archive, new: Archive, kinds: Container[str]
) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Yield the records that belong together; of `new` those of the types that old knows."""
    return zip_longest(old, (line for line in new if kind_of(line) in kinds))


def same(old: bytes | None, new: bytes | None) -> bool:
    """Tell whether a record says all that it said; a later phase may say more.

    Where access tokens speak for themselves none is stored: of a login's, all may be gone.
    """
    if old == new:
        return True
    if old is None or new is None:
        return False
    before, after = json.loads(old), json.loads(new)
    if after.get("access_tokens") == []:
        before.pop("access_tokens", None)
    return all(key in after and after[key] == value for key, value in before.items())
