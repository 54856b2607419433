"""`lab import`."""  # noqa: N999 - a command's module has its name

import sys
from pathlib import Path

import click

from lab.cli import complete
from lab.cli.console import must_run, require_empty, the_instance
from lab.data import Data


@click.command("import")
@click.argument("phase", shell_complete=complete.phases)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def command(phase: str, file: str) -> int:
    """Fill PHASE, which must be empty, from the archive FILE; - is stdin.

    An archive that is damaged in any way is refused whole, with the line that is wrong.
    """
    instance = the_instance(phase)
    must_run(instance)
    require_empty(instance)
    data = Data(instance)
    if file == "-":
        data.import_from(sys.stdin.buffer)
        return 0
    with Path(file).open("rb") as source:
        data.import_from(source)
    return 0
