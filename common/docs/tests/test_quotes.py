"""What a document quotes from the tree stands in the tree."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from docs import tree
from docs.commands import SHELL_LANGUAGES
from docs.markdown import Block, Document, Figure
from docs.quotes import NotFound, holds, original, quotes

P = ParamSpec("P")
T = TypeVar("T")
DOCUMENTS = [Document(file) for file in tree.documents()]
QUOTES = [block for document in DOCUMENTS for block in quotes(document)]
FIGURES = [(document.file, figure) for document in DOCUMENTS for figure in document.figures]
NO_CODE = {"", "text", "markdown", "mermaid", *SHELL_LANGUAGES}


def _place(value: object) -> str:
    match value:
        case Block(file=file, line=line):
            return f"{file.relative_to(tree.ROOT)}:{line}"
        case Path() as file:
            return str(file.relative_to(tree.ROOT))
        case Figure(line=line):
            return str(line)
    raise TypeError(value)


def _found(look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return look(*args, **kwargs)
    except NotFound as error:
        pytest.fail(str(error), pytrace=False)


@pytest.mark.parametrize("block", QUOTES, ids=_place)
def test_quoted_code_is_the_code(block: Block) -> None:
    wanted, shown = _found(original, block).splitlines(), block.text.splitlines()
    found = difflib.unified_diff(shown, wanted, "in the document", "in the tree", lineterm="")
    assert shown == wanted, "\n".join([*found, "", "mend it: ./lab docs --write"])


@pytest.mark.parametrize(("file", "figure"), FIGURES, ids=_place)
def test_a_figure_stands_in_what_it_refers_to(file: Path, figure: Figure) -> None:
    assert figure.value, "a number must follow, and the comment must not begin a line"
    assert _found(holds, file, figure), f"{figure.value!r} is not in {figure.reference}"


def test_code_in_lessons_is_quoted_not_copied() -> None:
    copied = [
        _place(block)
        for document in DOCUMENTS
        if document.file.parent.name.startswith("phase")
        for block in document.blocks
        if block.language not in NO_CODE and block.treatment is None
    ]
    assert not copied, f"put <!-- quote: FILE#SYMBOL --> above, or <!-- sketch: why -->: {copied}"
