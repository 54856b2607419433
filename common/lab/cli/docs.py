"""`lab docs`."""

import click

from docs.picture import BadPicture
from docs.quotes import NotFound
from docs.refresh import outdated
from lab.cli.console import say
from lab.errors import FAILED, LabError
from lab.paths import ROOT


@click.command("docs")
@click.option("--write", is_flag=True, help="Bring them up to date.")
def command(*, write: bool) -> int:
    """Name the documents that are behind the tree: quoted code, pictures, sizes of steps.

    What their commands, links and figures would fail on: ./lab test docs
    """
    try:
        found = outdated()
    except (NotFound, BadPicture) as error:
        raise LabError(str(error), 'see docs/contributing.md, "Documents"') from error
    for file, text in found.items():
        if write:
            file.write_text(text, encoding="utf-8")
        say(f"{file.relative_to(ROOT)} {'is refreshed' if write else 'is behind'}")
    if found and not write:
        say("\nbring them up to date: ./lab docs --write")
        return FAILED
    return 0
