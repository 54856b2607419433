"""Which files of a checkout count: what git tracks; what any of its rules ignores does not."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from lab.errors import LabError
from lab.steps.git import Git, records

_SHOWN = 3


class Checkout:
    """The checkout at root; without .git (an archive unpacked) the rules alone decide."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git = Git(root, deaf=False) if (root / ".git").exists() else None

    def tracked(self, directory: Path) -> list[str] | None:
        """Return the files below a directory that git tracks; None where it says nothing of them.

        That is so without .git, outside the checkout, and in what git ignores as a whole, such as
        a learner's exercise.
        """
        return self._ask(directory, "--cached") or None

    def untracked(self, directory: Path) -> list[str]:
        """Return the files below a directory that git neither tracks nor ignores."""
        return self._ask(directory, "--others", "--exclude-standard")

    def _ask(self, directory: Path, *words: str) -> list[str]:
        if self._git is None or not directory.is_dir():
            return []
        if not directory.resolve().is_relative_to(self.root.resolve()):
            return []
        return records(Git(directory, deaf=False)("ls-files", "-z", *words))

    def rules(self) -> list[Path]:
        """Return the files of patterns that hold here, beside .gitignore's own and the person's."""
        files = [self.root / ".gitignore"]
        if self._git is not None:
            files.append(self.root / self._git.text("rev-parse", "--git-path", "info/exclude"))
        return [file for file in files if file.is_file()]

    def announce(self, paths: Iterable[Path]) -> None:
        """Tell git of files that were written here: they show in `git diff`, and count."""
        new = [str(path) for path in paths if path.is_symlink() or path.is_file()]
        if self._git is not None and new:
            self._git("--literal-pathspecs", "add", "--intent-to-add", "--force", "--", *new)


def refuse(directory: Path, untracked: list[str]) -> None:
    """Raise LabError if there are files of which git has not been told."""
    if not untracked:
        return
    names = [f"{directory.name}/{path}" for path in untracked]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise LabError(
        f"git does not track {', '.join(names[:_SHOWN])}{more}: part of the path or not?",
        f"if it is: git add {shlex.quote(names[0])}; if not: move it away, or have git ignore it "
        "(.gitignore, or for you alone .git/info/exclude)",
    )
