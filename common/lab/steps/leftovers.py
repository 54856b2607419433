"""After an import: which files still have the lines that a fix has replaced."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lab.steps import patch
from lab.steps.route import Trees

_ENOUGH = 12  # letters and digits that make lines recognisable; `return None` is everywhere
_CONTEXT = 3
_IMPORT = re.compile(r"(from \S+ )?import \S")


@dataclass(frozen=True)
class Leftover:
    """A place that a fix did not reach: path as a person finds it, line from 1, first old line."""

    path: str
    line: int
    text: str


Block = tuple[str, ...]  # lines without their indentation, which a copy may have changed


def leftovers(trees: Trees, pairs: Iterable[tuple[str, str]]) -> list[Leftover]:
    """Return every place in the checkout that has what a fix has replaced.

    pairs are the old and the new tree of each step, trees those of the checkout now. Searched
    are the checkout's files, documents too, and the trees after steps that lie in no directory;
    not the patches.
    """
    blocks: set[Block] = set()
    for old, new in pairs:
        if old != new:
            text = patch.render(trees.store, old, new, ())
            for section in patch.sections(text):
                blocks.update(replaced(section.decode(errors="replace")))
    if not blocks:
        return []
    found: dict[tuple[str, int], Leftover] = {}
    seen: set[bytes] = set()
    for path, content in _searched(trees):
        if content not in seen or not path.startswith("step "):
            seen.add(content)
            for line, first in _find(content, blocks):
                found.setdefault((path, line), Leftover(path, line, first))
    return list(found.values())


def replaced(section: str) -> Iterator[Block]:
    """Yield what one file's part of a patch takes away, in blocks of lines that follow each other.

    Lines that are merely moved or indented anew in the same file are not yielded, nor are
    imports, which follow from the rest. Where too little is taken away to be recognised, the
    lines around it come with it; for an insertion they are all there is.
    """
    hunks = re.split(r"^@@ .*$", section, flags=re.MULTILINE)[1:]
    added = {line[1:].strip() for hunk in hunks for line in hunk.split("\n") if line[:1] == "+"}
    for hunk in hunks:
        lines = [line for line in hunk.split("\n")[1:] if line[:1] in {" ", "-", "+"}]
        new = [line[1:].strip() for line in lines if line[0] != "-"]
        for start, end in _runs(lines):
            gone = [line[1:].strip() for line in lines[start:end] if line[0] == "-"]
            if gone and all(line in added or _IMPORT.match(line) for line in gone):
                continue
            before = _old_lines(lines[:start])[-_CONTEXT:]
            after = _old_lines(lines[end:])[:_CONTEXT]
            block = _recognisable(before, gone, after)
            if block is not None and _text(block) not in _text(new):
                yield block


def _runs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of changed lines."""
    start = None
    for place, line in enumerate([*lines, " "]):
        if line[0] == " " and start is not None:
            yield start, place
            start = None
        elif line[0] != " " and start is None:
            start = place


def _old_lines(lines: list[str]) -> list[str]:
    return [line[1:].strip() for line in lines if line[0] != "+"]


def _recognisable(before: list[str], gone: list[str], after: list[str]) -> Block | None:
    """Return the lines gone, with a line on both sides at a time until they say enough."""
    block = list(gone)
    while not block or sum(map(str.isalnum, "".join(block))) < _ENOUGH:
        if not before or not after:
            return None
        block = [before.pop(), *block, after.pop(0)]
    return tuple(block)


def _searched(trees: Trees) -> Iterator[tuple[str, bytes]]:
    """Yield the checkout's files, then those of steps between two snapshots."""
    store, route = trees.store, trees.route
    for path in store.listing(route.root):
        file = route.root / path
        if file.is_file() and not file.is_symlink() and not path.endswith(".patch"):
            yield path, file.read_bytes()
    for phase in route.phases:
        for step in phase.steps[:-1]:
            entries = store.files(trees.after(step))
            contents = store.contents(entry.blob for entry in entries.values())
            for path, entry in entries.items():
                yield f"step {step.name}: {path}", contents[entry.blob]


def _find(content: bytes, blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Yield line number and first line of each block that a file holds."""
    if b"\0" in content:
        return
    lines = [line.strip() for line in content.decode(errors="replace").split("\n")]
    text = _text(lines)
    for block in blocks:
        needle = _text(block)
        at = text.find(needle)
        while at >= 0:
            number = text.count("\n", 0, at) + 1
            first = next(place for place, line in enumerate(block) if line)
            yield number + first, block[first]
            at = text.find(needle, at + 1)


def _text(lines: Iterable[str]) -> str:
    """Join lines so that a block of them can be found: each has an end on both sides."""
    return "\n".join(["", *lines, ""])
