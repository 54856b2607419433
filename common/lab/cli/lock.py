"""`lab lock`."""

import subprocess

import click

from lab.cli.console import note, say
from lab.errors import LabError
from lab.lockfile import LOCK, pins, sources
from lab.paths import ROOT, VENV


@click.command("lock")
@click.option("-U", "--upgrade", is_flag=True, help="Take newer versions where they are allowed.")
def command(*, upgrade: bool) -> int:
    """Pin again what .venv holds, after a requirements file has changed.

    Reads common/requirements.in and every phase's requirements.txt, writes
    requirements.lock. The next lab command brings .venv up to date.
    """
    before = pins(LOCK)
    names = [str(path.relative_to(ROOT)) for path in sources()]
    note(f"Resolving {', '.join(names)} …")
    words = ["pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    words += ["--generate-hashes", "--custom-compile-command", "./lab lock"]
    words += ["--upgrade"] if upgrade else []
    done = subprocess.run(
        [VENV / "bin" / "uv", *words, "--output-file", LOCK.name, *names], cwd=ROOT, check=False
    )
    if done.returncode != 0:
        raise LabError("the requirements could not be resolved; nothing was changed")
    after = pins(LOCK)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            say(f"  {name}: {before.get(name, 'new')} → {after.get(name, 'removed')}")
    say("no change." if before == after else "requirements.lock is written; commit it.")
    return 0
