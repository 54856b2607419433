"""How much a step is to read: lines that its patch adds or takes away, tests and drills apart."""

import re
from collections.abc import Sequence
from pathlib import Path

from lab.steps import notes, patch
from lab.steps.notes import ROLES, SIZE, StepNotes

_APART = {
    "tests": re.compile(r"(services/[^/]+/)?tests/"),
    "drills": re.compile(r"drills/"),
}
_FILE = re.compile(rb'^diff --git .* "?b/(.+?)"?$', re.MULTILINE)
_HUNK = re.compile(rb"^@@ ", re.MULTILINE)
_CHANGED = re.compile(rb"^[+-]", re.MULTILINE)
_HEADING = re.compile(r"^###? ", re.MULTILINE)


def refreshed(file: Path, text: str | None = None) -> str:
    """Return a diffs/README.md, or a text for it, in which every recorded step has its table.

    Raises LabError.
    """
    text = file.read_text(encoding="utf-8") if text is None else text
    for said in notes.read(file).values():
        recorded = file.with_name(said.file_name)
        if recorded.is_file():
            text = _with_part(text, said.name, table(said, recorded.read_bytes()))
    return text


def table(said: StepNotes, text: bytes) -> str:
    """Return a table of the files of a patch, in its order, which is the order of the roles."""
    lines = _lines(text)
    read = [path for path in lines if not any(one.match(path) for one in _APART.values())]
    rows = [(f"`{path}`", _role(said, path), lines[path]) for path in read]
    rows.append(("**to read**", "", sum(lines[path] for path in read)))
    for words, apart in _APART.items():
        found = [path for path in lines if apart.match(path)]
        if found:
            rows.append((words, _count(found), sum(lines[path] for path in found)))
    head = ["| In this order | Role | Lines |", "| --- | --- | ---: |"]
    return "\n".join([*head, *(f"| {what} | {role} | {count:,} |" for what, role, count in rows)])


def _lines(text: bytes) -> dict[str, int]:
    """Return how many lines a patch changes, by file; a file that is only moved has none."""
    found = {}
    for section in patch.sections(text):
        name, start = _FILE.search(section), _HUNK.search(section)
        changed = len(_CHANGED.findall(section[start.start() :])) if start else 0
        found[name[1].decode(errors="replace") if name else "?"] = changed
    return found


def _role(said: StepNotes, path: str) -> str:
    for role in said.roles:
        if any(notes.matches(path, pattern) for pattern in role.patterns):
            return role.name
    return ""


def _count(files: Sequence[str]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _with_part(text: str, step: str, written: str) -> str:
    """Put a table where it belongs, after the files by role, in place of the old one."""
    heading = re.search(rf"^## {re.escape(step)}\s.*\n", text, re.MULTILINE)
    roles = text.find(f"### {ROLES}\n", heading.end() if heading else len(text))
    if roles < 0:
        return text
    start = _next_heading(text, roles)
    end = _next_heading(text, start) if text.startswith(f"### {SIZE}\n", start) else start
    part = f"### {SIZE}\n\n{written}\n"
    rest = f"\n{text[end:]}" if end < len(text) else ""
    return f"{text[:start].rstrip()}\n\n{part}{rest}"


def _next_heading(text: str, start: int) -> int:
    found = _HEADING.search(text, start + 1)
    return found.start() if found else len(text)
