"""Code and figures that a document takes from the tree: still the same there, and refreshed.

`<!-- quote: chassis/database.py#Database.write -->` above a block names a file, relative to the
document, and a Python symbol in it; `<!-- quote: compose.yaml from "ports:" to "8000" -->` the
lines of any file from the first that contains one text to the next that contains the other.
"""

import ast
import re
import textwrap
from pathlib import Path

from docs.markdown import Block, Document, Figure

_SYMBOL = re.compile(r"(?P<file>\S+)#(?P<symbol>[\w.]+)")
_LINES = re.compile(r'(?P<file>\S+) from "(?P<first>.+?)"(?: to "(?P<last>.+?)")?')
_WORD = r"(?<![\w.]){}(?![\w.])"


class NotFound(Exception):
    """What a document refers to is not in the tree."""


def quotes(document: Document) -> list[Block]:
    """Return the blocks that quote the tree."""
    return [
        block for block in document.blocks if block.treatment and block.treatment.verb == "quote"
    ]


def original(block: Block) -> str:
    """Return what a quoting block should hold. Raises NotFound."""
    assert block.treatment is not None  # noqa: S101 - only quoting blocks come here
    return resolve(block.file, block.treatment.words)


def resolve(document: Path, reference: str) -> str:
    """Return the text that a reference in a document means, dedented. Raises NotFound."""
    if found := _SYMBOL.fullmatch(reference):
        return _symbol(_read(document, found["file"]), found["symbol"], reference)
    if found := _LINES.fullmatch(reference):
        text = _read(document, found["file"])
        return _lines(text, found["first"], found["last"] or found["first"], reference)
    raise NotFound(f'\'{reference}\' is neither FILE#SYMBOL nor FILE from "…" to "…"')


def holds(document: Path, figure: Figure) -> bool:
    """Return whether the figure stands in what it refers to. Raises NotFound."""
    plain = figure.value.replace(",", "")
    source = resolve(document, figure.reference).replace("_", "")
    return bool(plain) and re.search(_WORD.format(re.escape(plain)), source) is not None


def refreshed(document: Document) -> str:
    """Return the document with the present code in every quoting block. Raises NotFound."""
    lines = document.text.split("\n")
    for block in reversed(quotes(document)):
        length = block.text.count("\n")
        lines[block.line : block.line + length] = original(block).rstrip("\n").split("\n")
    return "\n".join(lines)


def _read(document: Path, name: str) -> str:
    file = (document.parent / name).resolve()
    if not file.is_file():
        raise NotFound(f"there is no file {name}")
    return file.read_text(encoding="utf-8")


def _symbol(source: str, name: str, reference: str) -> str:
    body: list[ast.stmt] = ast.parse(source).body
    node: ast.stmt | None = None
    for part in name.split("."):
        node = next((one for one in body if part in _names(one)), None)
        if node is None:
            raise NotFound(f"{reference}: there is no {part}")
        body = getattr(node, "body", [])
    assert node is not None and node.end_lineno is not None  # noqa: S101, PT018 - from `split`
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return _cut(source, first - 1, node.end_lineno)


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _lines(text: str, first: str, last: str, reference: str) -> str:
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if first in line), None)
    if start is None:
        raise NotFound(f"{reference}: no line contains {first!r}")
    rest = range(start, len(lines))
    end = next((number for number in rest if last in lines[number]), None)
    if end is None:
        raise NotFound(f"{reference}: no later line contains {last!r}")
    return _cut(text, start, end + 1)


def _cut(text: str, start: int, end: int) -> str:
    return textwrap.dedent("\n".join(text.split("\n")[start:end])) + "\n"
