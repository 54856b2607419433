"""`lab export`."""

import sys
from pathlib import Path

import click

from lab.cli import complete
from lab.cli.console import must_run, note, the_instance
from lab.data import Data, private_file


@click.command("export")
@click.argument("phase", shell_complete=complete.phases)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def command(phase: str, file: Path) -> int:
    """Write all data of PHASE into FILE, an archive that `lab import` takes; - is stdout.

    It is the data of one moment, even while people write. It includes the hashes of passwords
    and tokens, so FILE is readable by you alone.
    """
    instance = the_instance(phase)
    must_run(instance)
    data = Data(instance)
    if str(file) == "-":
        data.export_to(sys.stdout.buffer)
        return 0
    with private_file(file) as target:
        data.export_to(target)
    note(f"{file}: {file.stat().st_size:,} bytes, readable by you alone (mode 0600).")
    return 0
