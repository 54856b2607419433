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
from collections import Counter, defaultdict
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


ORDER = ("user", "login", "profile", "conversation", "message", "moderation", "preferences")
"""The types of records in the order of an archive. Members stand among conversations."""
TIMELINE = "timeline"
"""How far a conversation goes, where that is another service's than what else is known of it."""


def join(parts: Sequence[IO[bytes]], file: IO[bytes]) -> None:
    """Make one archive of several. Each part is younger than the next one.

    Who has come in between has no profile yet: such a user is left out, and so are their logins.
    A conversation goes as far as its timeline, and members have read no more than there is. Raises
    LabError where a profile has no user, or a timeline no conversation, or a newcomer is somewhere
    already.
    """
    with contextlib.ExitStack() as stack:
        of: defaultdict[str, IO[bytes]] = defaultdict(
            lambda: stack.enter_context(tempfile.TemporaryFile())
        )
        for line in chain.from_iterable(Archive(part) for part in parts):
            kind = kind_of(line)
            of["conversation" if kind == "member" else kind].write(line)
        writer = Writer(file)
        newcomers = set(_newcomers(_ids(of, "user", "id"), _ids(of, "profile", "user_id")))
        for kind in sorted(of.keys() - {TIMELINE}, key=_place):
            for line in _joined(kind, of, newcomers):
                writer.write(line)
        writer.close()


def _place(kind: str) -> tuple[int, str]:
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), kind)


def _joined(kind: str, of: Mapping[str, IO[bytes]], newcomers: set[str]) -> Iterable[bytes]:
    """Return the lines of a type, as the other parts have it."""
    if kind in ("user", "login"):
        key = "id" if kind == "user" else "user_id"
        return (one for one in _again(of[kind]) if json.loads(one)[key] not in newcomers)
    lines = _without(newcomers, _again(of[kind]))
    if kind == "conversation" and TIMELINE in of:
        return _as_far_as_timelines(lines, map(json.loads, _again(of[TIMELINE])))
    return lines


def _without(newcomers: set[str], lines: Iterable[bytes]) -> Iterator[bytes]:
    sought = [one.encode() for one in newcomers]
    for line in lines:
        if any(one in line for one in sought):
            raise LabError("somebody has no profile yet and talks already; export once more")
        yield line


def _again(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def _ids(of: Mapping[str, IO[bytes]], kind: str, key: str) -> Iterator[str]:
    return (json.loads(line)[key] for line in (_again(of[kind]) if kind in of else ()))


def _newcomers(users: Iterable[str], profiles: Iterator[str]) -> Iterator[str]:
    awaited = next(profiles, None)
    for user in users:
        if user == awaited:
            awaited = next(profiles, None)
        else:
            yield user
    if awaited is not None:
        raise LabError(f"the profile {awaited} has no user")


def _as_far_as_timelines(
    lines: Iterable[bytes], timelines: Iterator[dict[str, Any]]
) -> Iterator[bytes]:
    following, last_seq = next(timelines, None), 0
    for line in lines:
        record = json.loads(line)
        if record["type"] == "member":
            record["read_seq"] = min(record["read_seq"], last_seq)
        elif following is not None and following["conversation_id"] == record["id"]:
            last_seq = record["last_seq"] = following["last_seq"]
            record["rev"] = following["rev"]
            following = next(timelines, None)
        else:
            last_seq = record["last_seq"] = record["rev"] = 0
        yield json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    if following is not None:
        raise LabError(f"the timeline {following['conversation_id']} has no conversation")


Takers = Mapping[str, Sequence[Writer]]
"""Who takes the records of each type."""


def split(file: IO[bytes], takers: Takers) -> None:
    """Give each record to who takes its type; leaves the trailers to be written.

    Raises LabError if the archive is cut off or damaged, or users and profiles do not fit.
    """
    try:
        _split(Archive(file), takers)
    except (KeyError, TypeError, ValueError):
        raise LabError("an archive is damaged: one of its lines cannot be read") from None
    if file.read(1):
        raise LabError("there is something after the trailer of an archive")


def _split(archive: Archive, takers: Takers) -> None:
    people = {"user": hashlib.sha256(), "profile": hashlib.sha256()}
    for line in archive:
        kind = kind_of(line)
        if kind not in takers:
            raise LabError(f"this system does not know records of type {kind!r}")
        if kind in people:
            record = json.loads(line)
            said = f"{record.get('id', record.get('user_id'))} {record['username']}\n"
            people[kind].update(said.encode())
        for one in takers[kind]:
            one.write(line)
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
        split(file, {kind: [importing[one].writer for one in who] for kind, who in types.items()})
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
