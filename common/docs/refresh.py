"""What documents derive from the tree: quoted code, drawn pictures, the sizes of steps."""

from pathlib import Path

from docs import picture, svg, tree
from docs.markdown import Document
from docs.quotes import refreshed
from lab.steps import size


def pictures() -> list[Path]:
    """Return the sources of all pictures."""
    return sorted(tree.ROOT.glob(f"phase*/{picture.SOURCE}"))


def drawing(source: Path) -> str:
    """Return the SVG that a source gives. Raises BadPicture."""
    return svg.draw(picture.load(source))


def outdated() -> dict[Path, str]:
    """Return the files that are behind the tree, each with what it should hold.

    Raises quotes.NotFound, picture.BadPicture.
    """
    wanted = {file: refreshed(Document(file)) for file in tree.documents()}
    for file in tree.ROOT.glob("phase*/diffs/README.md"):
        wanted[file] = size.refreshed(file, wanted[file])
    wanted |= {source.with_name(picture.DRAWING): drawing(source) for source in pictures()}
    return {file: text for file, text in wanted.items() if _read(file) != text}


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
