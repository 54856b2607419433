"""No link in a document leads nowhere."""

from pathlib import Path

import pytest

from docs import tree
from docs.links import fault
from docs.markdown import Document


def _name(file: Path) -> str:
    return str(file.relative_to(tree.ROOT))


@pytest.mark.parametrize("file", tree.documents(), ids=_name)
def test_every_link_leads_to_a_file_and_a_heading(file: Path) -> None:
    document = Document(file)
    faults = [
        f"{_name(file)}:{link.line}: {link.target}: {found}"
        for link in document.links
        if (found := fault(document, link)) is not None
    ]
    assert not faults, "\n".join(faults)


def test_every_document_can_be_reached_from_the_front_door() -> None:
    """What nobody links to, nobody finds."""
    reached: set[Path] = set()
    ahead = [tree.ROOT / "README.md"]
    while ahead:
        file = ahead.pop()
        if file in reached:
            continue
        reached.add(file)
        targets = [link.target.partition("#")[0] for link in Document(file).links]
        paths = [(file.parent / target).resolve() for target in targets if "://" not in target]
        ahead += [path for path in paths if path.suffix == ".md" and path.is_file()]
    lost = {file for file in tree.documents() if (tree.ROOT / "docs") in file.parents} - reached
    assert not lost, f"link to them: {sorted(map(_name, lost))}"
