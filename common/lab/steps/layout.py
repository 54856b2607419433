"""Lays a step's system out as a directory that can be run and tested like a phase's."""

import fcntl
import shutil
from pathlib import Path

from lab.steps.route import PathPhase, Route, Trees
from lab.steps.store import open_store


def lay_out(root: Path, name: str) -> Path:
    """Make .lab/steps/NAME hold the tree after a step; returns it.

    A link called common lies beside it, so that ../common resolves as
    it does for a phase. What is there already and right is not touched, so that this is cheap
    and may be done while the step runs. Raises LabError.
    """
    route = Route(root)
    step = route.step(name)
    steps = root / ".lab" / "steps"
    steps.mkdir(parents=True, exist_ok=True)
    with (root / ".lab" / "steps.lock").open("w") as lock, open_store(root) as store:
        fcntl.flock(lock, fcntl.LOCK_EX)
        common = steps / "common"
        if not common.is_symlink():
            common.symlink_to(Path("..", "..", "common"))
        directory = steps / name
        store.write_out(Trees(store, route).after(step), directory)
        copy_lesson(route.phase(step.phase), directory)
    return directory


def copy_lesson(phase: PathPhase, directory: Path) -> None:
    """Copy a phase's lesson and picture, which its system shows, beside a step's tree."""
    for file in [*phase.directory.glob("README.md"), *phase.directory.glob("architecture.*")]:
        shutil.copyfile(file, directory / file.name)
