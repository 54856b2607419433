"""The text of a step's patch: made to be read, stable, and applied without git's index lines."""

import re
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabError
from lab.steps.git import GitError
from lab.steps.store import Store

# Everything that could change the text of a patch is said here. See git-diff(1).
RENAMES = ("--find-renames=50%", "--no-rename-empty", "-l0")  # -l0: however many files there are
TEXT = (
    *RENAMES,
    "--diff-algorithm=histogram",
    "--indent-heuristic",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-ext-diff",
    "--no-textconv",
)
OPTIONS = ("--patch", "--binary", "--full-index", *TEXT)
_HUNK = re.compile(rb"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@.*$", re.MULTILINE)
_FAILED = re.compile(r"^error: patch failed: (.+):(\d+)$", re.MULTILINE)
_COMPLAINT = re.compile(r"^error: (.+)$", re.MULTILINE)


class PatchFailed(LabError):
    """A patch does not apply; names the first file and, where it is one, the hunk."""


def render(store: Store, before: str, after: str, order: Sequence[str]) -> bytes:
    """Return the patch from one tree to another.

    order holds paths, directories or patterns; files that match an earlier one come earlier,
    those that match none come last. Index lines are kept for binary files only: for text they
    say nothing to a reader and change whenever anything earlier on the path does.
    """
    text = store.git("diff-tree", "-r", *OPTIONS, _ordered(store, order), before, after)
    return b"".join(_without_index(section) for section in sections(text))


def show(
    store: Store,
    before: str,
    after: str,
    order: Sequence[str],
    paths: Sequence[str],
    *,
    colour: bool,
) -> str:
    """Return a difference for the eye: no index lines, binary files only named, moves dimmed."""
    look = [f"--color={'always' if colour else 'never'}", "--color-moved=dimmed-zebra"]
    look += ["--color-moved-ws=allow-indentation-change"]
    words = ["diff-tree", "-r", "--patch", *TEXT, *look, _ordered(store, order), before, after]
    text = store.git(*words, "--", *paths).decode(errors="replace")
    return re.sub(r"^(?:\x1b\[\d*m)*index [0-9a-f]+\.\..*\n", "", text, flags=re.MULTILINE)


def _ordered(store: Store, order: Sequence[str]) -> str:
    """Return git's option for an order of files."""
    file = store.git.directory / "order"
    file.write_text("".join(f"{pattern.rstrip('/')}\n" for pattern in order), encoding="utf-8")
    return f"-O{file}"


def sections(patch: bytes) -> list[bytes]:
    """Split a patch into one part per file. Lines of content never begin with `diff`."""
    return [part for part in re.split(rb"^(?=diff --git )", patch, flags=re.MULTILINE) if part]


def _without_index(section: bytes) -> bytes:
    if b"\nGIT binary patch\n" in section:
        return section
    return re.sub(rb"^index [0-9a-f.]+(?: \d+)?\n", b"", section, count=1, flags=re.MULTILINE)


def added_lines(patch: bytes) -> dict[str, list[str]]:
    """Return the lines that a patch adds, by the file that they stand in."""
    found: dict[str, list[str]] = {}
    for section in sections(patch):
        name = re.search(rb"^\+\+\+ b/(.+?)\t?$", section, re.MULTILINE)
        start = _HUNK.search(section)
        if name is not None and start is not None:
            lines = section[start.end() :].decode(errors="replace").split("\n")
            found[name[1].decode()] = [line[1:] for line in lines if line.startswith("+")]
    return found


def apply(store: Store, tree: str, file: Path, onto: str) -> str:
    """Return the tree that a patch file makes of a tree; onto says whose tree that is.

    Raises PatchFailed.
    """
    patch = file.read_bytes()
    try:
        return store.apply(tree, patch)
    except GitError as error:
        where = _first_failure(patch, str(error))
        raise PatchFailed(
            f"{file.name} no longer applies to {onto}: {where}",
            "what it builds on has changed; docs/path.md shows how a change is carried forward",
        ) from None


def _first_failure(patch: bytes, complaint: str) -> str:
    failed = _FAILED.search(complaint)
    first = _COMPLAINT.search(complaint)
    if failed is None or first is None or first.start() < failed.start():
        return first[1] if first else complaint
    file, line = failed[1], int(failed[2])
    for section in sections(patch):
        if f"--- a/{file}".encode() in section or f"+++ b/{file}".encode() in section:
            for number, hunk in enumerate(_HUNK.finditer(section), start=1):
                if int(hunk[1]) == line:
                    return f"{file}, hunk {number} ({hunk[0].decode(errors='replace')})"
    return f"{file}, line {line}"


def check(store: Store, before: str, text: bytes, after: str, name: str) -> None:
    """Raise LabError unless a patch turns before into after, byte for byte."""
    if store.apply(before, text) != after:
        raise LabError(f"{name} as written would not make the tree that it was made from")
