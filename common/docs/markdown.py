"""A Markdown document as the checks see it: blocks, headings, links, figures.

A treatment is an HTML comment straight above a fenced block, such as `<!-- run: exit 3 -->`:
readers do not see it, and it says how the block is checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_COMMENT = re.compile(r"<!--\s*([a-z ]+?):\s*(.*?)\s*-->\s*", re.DOTALL)
_ADDRESS = re.compile(r"""\b(?:href|src|srcset)=["']([^"']+)["']""")
_NAME = re.compile(r"""\b(?:id|name)=["']([^"']+)["']""")
_PUNCTUATION = re.compile(r"[^\w\- ]")
_FIGURE = re.compile(r"[\d.,]*\d")
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@dataclass(frozen=True)
class Treatment:
    """How a block is to be checked: a verb (`run`, `not run`, `quote`) and what belongs to it."""

    verb: str
    words: str


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its opening fence, counted from 1."""

    file: Path
    line: int
    language: str
    text: str
    treatment: Treatment | None


@dataclass(frozen=True)
class Link:
    """Where a link or an image leads to, as written."""

    line: int
    target: str


@dataclass(frozen=True)
class Figure:
    """A number in running text that stands in a file of the tree too."""

    line: int
    reference: str
    value: str


class Document:
    """One Markdown file, read once."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.text = file.read_text(encoding="utf-8")
        self._tokens = _READER.parse(self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        """The fenced blocks, in order."""
        found = []
        before: Token | None = None
        for token in self._tokens:
            if token.type == "fence":
                language = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
                treatment = _treatment(before)
                found.append(Block(self.file, _line(token), language, token.content, treatment))
            before = token
        return found

    @cached_property
    def anchors(self) -> set[str]:
        """The names that a link can point to, as GitHub makes them from headings."""
        found: set[str] = set()
        for heading, inline in pairwise(self._tokens):
            if heading.type == "heading_open":
                found.add(_unused(slug(_plain(inline)), found))
        for token in self._every():
            if token.type in ("html_block", "html_inline"):
                found.update(_NAME.findall(token.content))
        return found

    @cached_property
    def links(self) -> list[Link]:
        """The targets of links and images, in order."""
        found = []
        line = 1
        for token in self._every():
            line = _line(token) if token.map else line
            if token.type in ("link_open", "image"):
                target = str(token.attrGet("href") or token.attrGet("src") or "")
                found.append(Link(line, target))
            elif token.type in ("html_block", "html_inline"):
                found += [Link(line, target) for target in _ADDRESS.findall(token.content)]
        return found

    @cached_property
    def figures(self) -> list[Figure]:
        """The numbers marked with `<!-- figure: FILE#SYMBOL -->`, in order.

        One without a value begins a line: there Markdown ends the paragraph, and readers see it.
        """
        found = []
        for token in self._tokens:
            if token.type == "html_block" and (named := _COMMENT.match(token.content)):
                found += [Figure(_line(token), named[2], "")] if named[1] == "figure" else []
            for comment, text in pairwise(token.children or []):
                named = _COMMENT.fullmatch(comment.content)
                if comment.type == "html_inline" and named and named[1] == "figure":
                    value = _FIGURE.match(text.content)
                    found.append(Figure(_line(token), named[2], value[0] if value else ""))
        return found

    def _every(self) -> Iterator[Token]:
        for token in self._tokens:
            yield token
            yield from token.children or []


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading, and the lesson page too."""
    return _PUNCTUATION.sub("", heading.strip().lower()).replace(" ", "-")


def _unused(name: str, used: set[str]) -> str:
    numbered = (f"{name}-{number}" for number in range(1, len(used) + 2))
    return name if name not in used else next(one for one in numbered if one not in used)


def _plain(inline: Token) -> str:
    kept = ("text", "code_inline")
    return "".join(child.content for child in inline.children or [] if child.type in kept)


def _line(token: Token) -> int:
    return (token.map or [0])[0] + 1


def _treatment(token: Token | None) -> Treatment | None:
    if token is None or token.type != "html_block":
        return None
    found = _COMMENT.fullmatch(token.content)
    return Treatment(found[1], found[2]) if found else None
