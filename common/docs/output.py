"""Comparing what a document shows with what a command wrote.

What differs from run to run by its nature is replaced by its kind in both: ids, times, tokens,
durations, amounts of memory and processor. `…` stands for anything within a line; alone on a
line, for any number of lines.
"""

import difflib
import re

_VOLATILE = [
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?"), "<time>"),
    (re.compile(r"\b\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\b"), "<time>"),
    (re.compile(r"(?<![\w-])[A-Za-z0-9_-]{43}(?![\w-])"), "<token>"),
    (re.compile(r"\bdur=\d+(?:\.\d+)?"), "dur=<ms>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:ms|s|min|h)\b"), "<duration>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:[kKMG]i?B|%)"), "<amount>"),
    (re.compile(r" {2,}"), "  "),  # columns are as wide as what stands in them
]
_NUMBER = re.compile(r"\b\d[\d,]*(?:\.\d+)?\b")
_ANYTHING = "…"


def normalised(text: str, *, numbers_vary: bool = False) -> list[str]:
    """Return the lines of a text, with what varies by nature replaced by its kind."""
    for pattern, kind in _VOLATILE:
        text = pattern.sub(kind, text)
    if numbers_vary:
        text = _NUMBER.sub("<number>", text)
    lines = [line.rstrip() for line in text.split("\n")]
    return _without_blank_ends(lines)


def difference(shown: str, actual: str, *, numbers_vary: bool = False) -> str | None:
    """Return how the actual output differs from the shown one; None if it does not."""
    expected = normalised(shown, numbers_vary=numbers_vary)
    got = normalised(actual, numbers_vary=numbers_vary)
    if _pattern(expected).fullmatch("".join(f"{line}\n" for line in got)):
        return None
    lines = difflib.unified_diff(expected, got, "shown in the document", "written", lineterm="")
    return "\n".join(lines)


def _pattern(expected: list[str]) -> re.Pattern[str]:
    def one(line: str) -> str:
        if line == _ANYTHING:
            return r"(?:.*\n)*?"
        return ".*".join(map(re.escape, line.split(_ANYTHING))) + r"\n"

    return re.compile("".join(map(one, expected)))


def _without_blank_ends(lines: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(lines) if line]
    return lines[filled[0] : filled[-1] + 1] if filled else []
