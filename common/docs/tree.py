"""Which documents there are, and a clean copy of the tree to run their commands in."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"


def files() -> list[Path]:
    """Return what a commit of everything would hold: no ignored files, no deleted ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = sorted(set(os.fsdecode(listing.stdout).split("\0")) - {""})
    return [path for name in names if (path := ROOT / name).is_file()]


def documents() -> list[Path]:
    """Return every Markdown file of the project, vendored ones excepted."""
    return [path for path in files() if path.suffix == ".md" and "vendor" not in path.parts]


def copy(target: Path) -> None:
    """Lay out the tree at `target`, as a fresh clone with these changes would be.

    The packages are borrowed from this checkout's .venv, so that no network is needed.
    """
    for path in files():
        new = target / path.relative_to(ROOT)
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, new, follow_symlinks=False)
    venv = target / ".venv"
    venv.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(VENV / name)
    shutil.copy2(target / "requirements.lock", venv / "made-from.lock")
    (venv / "made-for").write_text(f"{target}\n", encoding="utf-8")
