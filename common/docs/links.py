"""Links between documents: no dead ends."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docs.markdown import Document, Link


@cache
def _read(file: Path) -> Document:
    return Document(file)


def fault(document: Document, link: Link) -> str | None:
    """Return what is wrong with a link into the tree; None if nothing is, or it leads outside."""
    parts = urlsplit(link.target)
    if parts.scheme or link.target.startswith("//"):
        return None
    target = document.file
    if parts.path:
        target = (document.file.parent / unquote(parts.path)).resolve()
    if not target.exists():
        return "there is no such file"
    if parts.fragment and target.suffix == ".md":
        return _anchor_fault(target, unquote(parts.fragment))
    return None


def _anchor_fault(target: Path, name: str) -> str | None:
    anchors = _read(target).anchors
    return None if name in anchors else f"{target.name} has no heading with the anchor #{name}"
