"""One archive of several services: each exports and imports the types of records that are its own.

`python -m lab.parts DIRECTORY SERVICE COMMAND…` runs the command of one of them, on stdin and
stdout, for the instance that has that directory.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from lab import engines
from lab.archive import Archive, kind_of
from lab.errors import LabError
from lab.instance import Instance, load
from lab.paths import ROOT

HEADER = b'{"type":"header","format":"chat-archive","version":1}\n'


class Writer:
    """Writes records between a header and a trailer."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self._line(HEADER)

    def write(self, line: bytes) -> None:
        """Add a record."""
        self._counts[kind_of(line)] += 1
        self._line(line)

    def close(self) -> None:
        """Write the trailer: without it nobody takes the archive."""
        trailer = {"type": "trailer", "counts": self._counts, "sha256": self._digest.hexdigest()}
        self._file.write(json.dumps(trailer, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def _line(self, line: bytes) -> None:
        self._digest.update(line)
        self._file.write(line)


def join(parts: Sequence[IO[bytes]], file: IO[bytes]) -> None:
    """Make one archive of several. The first part has the users, and is younger than the last.

    Who has come in between has no profile there yet: such a user is left out, and so are their
    logins. Raises LabError where a profile has no user, or a newcomer is somewhere already.
    """
    first, *others = (Archive(part) for part in parts)
    writer = Writer(file)
    with tempfile.TemporaryFile() as kept:  # profiles come after all users
        following = _keep_profiles(chain.from_iterable(others), kept)
        kept.seek(0)
        newcomers: set[str] = set()
        for line in _without_newcomers(first, kept, newcomers):
            writer.write(line)
        kept.seek(0)
        for line in chain(kept, following):
            if any(one.encode() in line for one in newcomers):
                raise LabError("somebody has no profile yet and talks already; export once more")
            writer.write(line)
    writer.close()


def _keep_profiles(lines: Iterator[bytes], kept: IO[bytes]) -> Iterator[bytes]:
    """Put the profiles, which come first, into a file; return what follows."""
    for line in lines:
        if kind_of(line) != "profile":
            return chain([line], lines)
        kept.write(line)
    return iter(())


def _without_newcomers(
    lines: Iterable[bytes], profiles: IO[bytes], newcomers: set[str]
) -> Iterator[bytes]:
    """Yield users with a profile, and their logins; put the others' ids into `newcomers`."""
    expected = (json.loads(line)["user_id"] for line in profiles)
    awaited = next(expected, None)
    for line in lines:
        kind, record = kind_of(line), json.loads(line)
        if kind == "user" and record["id"] != awaited:
            newcomers.add(record["id"])
        elif kind == "user":
            awaited = next(expected, None)
            yield line
        elif kind != "login" or record["user_id"] not in newcomers:
            yield line
    if awaited is not None:
        raise LabError(f"the profile {awaited} has no user")


def split(file: IO[bytes], takers: Mapping[str, Sequence[Writer]]) -> None:
    """Give each record to all who take its type; leaves the trailers to be written.

    Raises LabError if the archive is cut off or damaged, or users and profiles do not fit.
    """
    try:
        _split(Archive(file), takers)
    except (KeyError, TypeError, ValueError):
        raise LabError("an archive is damaged: one of its lines cannot be read") from None
    if file.read(1):
        raise LabError("there is something after the trailer of an archive")


def _split(archive: Archive, takers: Mapping[str, Sequence[Writer]]) -> None:
    people = {"user": hashlib.sha256(), "profile": hashlib.sha256()}
    for line in archive:
        kind = kind_of(line)
        if kind not in takers:
            raise LabError(f"this system does not know records of type {kind!r}")
        if kind in people:
            record = json.loads(line)
            said = f"{record.get('id', record.get('user_id'))} {record['username']}\n"
            people[kind].update(said.encode())
        for taker in takers[kind]:
            taker.write(line)
    if archive.header != HEADER:
        raise LabError("this is no archive of a version that is known here")
    if people["user"].digest() != people["profile"].digest():
        raise LabError("the profiles of an archive are not those of its users, in their order")


class Importing:
    """A service that imports: it keeps nothing unless its part ends with a trailer."""

    def __init__(self, instance: Instance, service: str, command: Sequence[str]) -> None:
        self.service = service
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lab.parts", str(instance.directory), service, *command],
            env={**os.environ, "PYTHONPATH": str(ROOT / "common")},
            stdin=subprocess.PIPE,
        )
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        self._pipe = self._process.stdin
        self.writer = Writer(self._pipe)

    def end(self, *, keep: bool) -> bool:
        """Have it keep what it got, or not; returns whether it did."""
        with contextlib.suppress(BrokenPipeError):
            if keep:
                self.writer.close()
            self._pipe.close()
        return self._process.wait() == 0


def spread(
    instance: Instance,
    file: IO[bytes],
    commands: Mapping[str, Sequence[str]],
    types: Mapping[str, Sequence[str]],
) -> tuple[list[str], str]:
    """Import an archive into services; `types` says who takes each type: its owner, and readers.

    Returns those services that have kept their part, and what went wrong, "" if nothing did. They
    commit one after the other, the last service first: it has by far the most to refuse.
    """
    importing = {name: Importing(instance, name, words) for name, words in commands.items()}
    problem, kept = "", []
    try:
        split(
            file,
            {kind: [importing[name].writer for name in names] for kind, names in types.items()},
        )
    except BrokenPipeError:
        problem = "refused"
    except LabError as error:
        problem = str(error)
    for name, one in reversed(importing.items()):
        if one.end(keep=not problem):
            kept.append(name)
        else:
            problem = problem or f"{name} refused its part"
    return kept, problem


def main(directory: str, service: str, *command: str) -> int:
    """Run the command of one service; return its exit code."""
    instance = load(Path(directory))
    if instance is None:
        raise LabError(f"{directory} belongs to no instance")
    found: Any = engines.of(instance)
    return int(found.run(instance, service, command, sys.stdin.buffer, sys.stdout.buffer))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (LabError, KeyboardInterrupt):
        sys.exit(1)  # what is wrong was said by the phase itself
